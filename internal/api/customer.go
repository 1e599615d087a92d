package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/account"
)

func (s *server) customerRoutes() []route {
	const tag = "Customers"
	return []route{
		call(route{
			method: http.MethodGet, path: "/customers", permission: cardinal.PermCustomers, status: http.StatusOK,
			id: "listCustomers", tag: tag, summary: "List the organisations of this installation, oldest first",
		}, s.listCustomers),
		call(route{
			method: http.MethodPost, path: "/customers", permission: cardinal.PermCustomers, status: http.StatusCreated,
			id: "createCustomer", tag: tag, summary: "Add an organisation", once: true,
			notes: "With username and password it gets its first administrator.",
		}, s.createCustomer),
		call(route{
			method: http.MethodGet, path: "/customers/{id}", permission: cardinal.PermCustomers, status: http.StatusOK,
			id: "getCustomer", tag: tag, summary: "Read an organisation with its figures",
		}, s.getCustomer),
		call(route{
			method: http.MethodDelete, path: "/customers/{id}", permission: cardinal.PermCustomers, status: http.StatusNoContent,
			id: "deleteCustomer", tag: tag, summary: "Delete an organisation with everything that it has",
			notes: "Not the caller's own. With the answer nobody of it can sign in any more and its name is free; " +
				"its records are removed in the background. The caller's audit log keeps the deletion.",
		}, s.deleteCustomer),
	}
}

type customer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

func customerOf(c cardinal.Customer) customer {
	return customer{ID: string(c.ID), Name: c.Name, CreatedAt: c.CreatedAt.UTC()}
}

func (s *server) listCustomers(ctx context.Context, caller cardinal.Caller, in page) (answer[list[customer]], error) {
	found, err := s.Accounts.Customers(ctx, caller, cardinal.CustomerID(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, customerOf, func(c cardinal.Customer) string { return string(c.ID) }), err
}

type newCustomer struct {
	Name     string        `json:"name" minLength:"1" maxLength:"100"`
	Username field[string] `json:"username,omitzero" maxLength:"128" doc:"of the first administrator"`
	Password field[hidden] `json:"password,omitzero" doc:"of the first administrator, at least 12 characters"`
}

func (s *server) createCustomer(ctx context.Context, caller cardinal.Caller, in struct{ Body newCustomer }) (answer[customer], error) {
	if in.Body.Password.is() && in.Body.Username.value == "" {
		return answer[customer]{}, cardinal.Invalid("username", "A password needs the username of the administrator it is for.")
	}
	made, err := s.Accounts.CreateCustomer(ctx, caller, account.NewCustomer{
		Name: in.Body.Name, Admin: in.Body.Username.value, Password: cardinal.NewPassword(in.Body.Password.value.Reveal()),
	})
	return answer[customer]{customerOf(made)}, err
}

type customerFigures struct {
	customer
	Users          int `json:"users" doc:"all people, administrators too"`
	Administrators int `json:"administrators" doc:"people whose role is more than user"`
	Devices        int `json:"devices"`
	APITokens      int `json:"apiTokens"`
}

type customerIn struct {
	ID pathID `path:"id"`
}

func (s *server) getCustomer(ctx context.Context, caller cardinal.Caller, in customerIn) (answer[customerFigures], error) {
	found, err := s.Accounts.Customer(ctx, caller, cardinal.CustomerID(in.ID))
	return answer[customerFigures]{customerFigures{customerOf(found.Customer), found.Users, found.Administrators, found.Devices, found.Tokens}}, err
}

func (s *server) deleteCustomer(ctx context.Context, caller cardinal.Caller, in customerIn) (nothing, error) {
	return nothing{}, s.Accounts.DeleteCustomer(ctx, caller, cardinal.CustomerID(in.ID))
}
