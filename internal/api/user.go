package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/text/unicode/norm"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
)

// user is a user as answers show one: never a PIN.
type user struct {
	Username            string     `json:"username"`
	FullName            string     `json:"fullName"`
	Email               string     `json:"email" doc:"empty: none"`
	Department          string     `json:"department"`
	Notes               string     `json:"notes"`
	Role                string     `json:"role" enum:"user,auditor,helpdesk,administrator,operator"`
	Disabled            bool       `json:"disabled"`
	Source              string     `json:"source" doc:"where the user comes from: manual, api, import"`
	PrimaryCardNumber   *string    `json:"primaryCardNumber" doc:"null: none; who may not see numbers gets •••• and the last four characters"`
	SecondaryCardNumber *string    `json:"secondaryCardNumber" doc:"as primaryCardNumber"`
	HasPIN              bool       `json:"hasPin" doc:"whether there is a PIN that signs in"`
	PINCreatedAt        *time.Time `json:"pinCreatedAt"`
	PINExpiresAt        *time.Time `json:"pinExpiresAt" doc:"null: there is no PIN, or it does not expire"`
	LockedUntil         *time.Time `json:"lockedUntil" doc:"null: not locked; a time in the year 9999: until somebody unlocks the user"`
	CreatedAt           time.Time  `json:"createdAt"`
	UpdatedAt           time.Time  `json:"updatedAt"`
}

func userOf(v account.UserView) user {
	return user{
		Username: v.Username, FullName: v.FullName, Email: v.Email, Department: v.Department, Notes: v.Notes,
		Role: string(v.Role), Disabled: v.Disabled, Source: v.Source,
		PrimaryCardNumber: filled(v.Number(cardinal.Primary)), SecondaryCardNumber: filled(v.Number(cardinal.Secondary)),
		HasPIN: v.HasPIN(), PINCreatedAt: moment(v.PIN.CreatedAt), PINExpiresAt: moment(v.PIN.ExpiresAt),
		LockedUntil: moment(v.LockedUntil), CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

// userFields are the fields that can be written.
type userFields struct {
	FullName            field[string] `json:"fullName,omitzero" nullable:"true" maxLength:"255"`
	Email               field[string] `json:"email,omitzero" nullable:"true" maxLength:"255"`
	Department          field[string] `json:"department,omitzero" nullable:"true" maxLength:"255"`
	Notes               field[string] `json:"notes,omitzero" nullable:"true" maxLength:"2000"`
	Role                field[string] `json:"role,omitzero" enum:"user,auditor,helpdesk,administrator,operator" doc:"not above the caller's own"`
	Disabled            field[bool]   `json:"disabled,omitzero"`
	Password            field[hidden] `json:"password,omitzero" doc:"a one-time password, to be changed at the next sign-in to the web interface"`
	PrimaryCardNumber   field[hidden] `json:"primaryCardNumber,omitzero" nullable:"true" doc:"1 to 64 letters and digits; null or empty: none"`
	SecondaryCardNumber field[hidden] `json:"secondaryCardNumber,omitzero" nullable:"true" doc:"as primaryCardNumber"`
	PIN                 field[hidden] `json:"pin,omitzero" doc:"must meet the PIN policy, or nothing of the request is done"`
}

type newUser struct {
	Username string `json:"username" maxLength:"128" doc:"letters and digits of any script, . _ - @ \\ + $ ' and single inner spaces; unique without regard to case"`
	userFields
}

// checkNulls refuses null where it does not mean to empty or to remove.
func (f userFields) checkNulls() error {
	var violations []cardinal.Violation
	for _, other := range []struct {
		name string
		null bool
	}{{"role", f.Role.null}, {"disabled", f.Disabled.null}, {"password", f.Password.null}, {"pin", f.PIN.null}} {
		if other.null {
			violations = append(violations, cardinal.Violation{Code: cardinal.ViolationInvalid, Field: other.name, Message: notNull})
		}
	}
	return refused(violations)
}

const notNull = "This field cannot be null. Leave it out to leave it as it is."

// wanted translates the fields to what the use case takes. Null empties a text
// and removes a number.
func (f userFields) wanted() (account.Fields, error) {
	var violations []cardinal.Violation
	fields := account.Fields{
		FullName: f.FullName.text(), Email: f.Email.text(), Department: f.Department.text(), Notes: f.Notes.text(),
		Disabled: f.Disabled.pointer(), Password: cardinal.NewPassword(f.Password.value.Reveal()),
		Credentials: credential.Change{PIN: cardinal.NewPIN(f.PIN.value.Reveal())},
	}
	if f.Role.is() {
		role := cardinal.Role(f.Role.value)
		fields.Role = &role
	}
	for _, slot := range []struct {
		slot   cardinal.Slot
		number field[hidden]
	}{{cardinal.Primary, f.PrimaryCardNumber}, {cardinal.Secondary, f.SecondaryCardNumber}} {
		if !slot.number.given {
			continue
		}
		number, err := numberOf(credential.NumberField(slot.slot), slot.number.value)
		violations = append(violations, cardinal.ViolationsOf(err)...)
		fields.Credentials.Numbers = append(fields.Credentials.Numbers, credential.NumberChange{Slot: slot.slot, Number: number})
	}
	if f.Password.is() && f.Password.value.IsZero() {
		violations = append(violations, auth.CheckPassword(fields.Password, "")...)
	}
	return fields, refused(violations)
}

// numberOf reads a card number; null and an empty text are none.
func numberOf(name string, text hidden) (cardinal.CardNumber, error) {
	if text.IsZero() {
		return cardinal.CardNumber{}, nil
	}
	return cardinal.ParseCardNumber(name, text.Reveal())
}

// text returns what a text becomes: empty for null, nil to leave it alone.
func (f field[T]) text() *T {
	if !f.given {
		return nil
	}
	return &f.value
}

// refuseEmptyPIN refuses a PIN that was sent and is empty: to the use case it
// would look like none, and the rest of the request would be done.
func (s *server) refuseEmptyPIN(ctx context.Context, caller cardinal.Caller, username string, pin field[hidden]) error {
	if !pin.is() || !pin.value.IsZero() {
		return nil
	}
	violations, err := s.Credentials.CheckPolicy(ctx, caller, cardinal.NewPIN(""), "")
	if err != nil {
		return err
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "PIN refused", slog.String("requestId", caller.RequestID), slog.String("customer", string(caller.Customer)),
		slog.String("customerId", string(caller.Customer)), slog.String("username", username), slog.String("caller", caller.Actor()), slog.Any("violations", cardinal.ViolationCodes(violations)))
	return &cardinal.Error{Code: cardinal.CodePolicyViolation, Detail: "The PIN is empty. Nothing was changed.", Violations: violations}
}

func (s *server) userRoutes() []route {
	const tag = "Users"
	return []route{
		call(route{
			method: http.MethodPost, path: "/users", permission: cardinal.PermWriteUsers, status: http.StatusCreated,
			id: "createUser", tag: tag, summary: "Create a user", once: true,
			notes: "All of it is done or nothing; a refusal names everything that is wrong.",
		}, s.createUser),
		call(route{
			method: http.MethodGet, path: "/users", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "listUsers", tag: tag, summary: "List users by username",
		}, s.listUsers),
		call(route{
			method: http.MethodPost, path: "/users/search", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "searchUsers", tag: tag, summary: "Search users, by card number too",
			notes: "A card number never stands in an address, so this search is a POST. It changes nothing.",
		}, s.searchUsers),
		call(route{
			method: http.MethodGet, path: "/users/{username}", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "getUser", tag: tag, summary: "Read a user",
		}, s.getUser),
		call(route{
			method: http.MethodPatch, path: "/users/{username}", permission: cardinal.PermWriteUsers, status: http.StatusOK,
			id: "changeUser", tag: tag, summary: "Change fields of a user",
			notes: "What is left out stays as it is; null empties a text and removes a card number. All of it is done or nothing.",
		}, s.changeUser),
		call(route{
			method: http.MethodPost, path: "/users/{username}/invite", permission: cardinal.PermWriteUsers, status: http.StatusNoContent,
			id: "inviteUser", tag: tag, summary: "Send a user a link by e-mail with which they choose a password", once: true,
			notes: "It works once, within seven days. 409: the user has a password or no address or is disabled, or no e-mail can leave as the settings are.",
		}, s.inviteUser),
		call(route{
			method: http.MethodDelete, path: "/users/{username}", permission: cardinal.PermWriteUsers, status: http.StatusNoContent,
			id: "deleteUser", tag: tag, summary: "Delete a user with PIN and card numbers",
		}, s.deleteUser),
	}
}

func (s *server) createUser(ctx context.Context, caller cardinal.Caller, in struct{ Body newUser }) (tagged[user], error) {
	if err := s.refuseEmptyPIN(ctx, caller, "", in.Body.PIN); err != nil {
		return tagged[user]{}, err
	}
	fields, err := in.Body.wanted()
	if err != nil {
		return tagged[user]{}, err
	}
	made, err := s.Accounts.CreateUser(ctx, caller, in.Body.Username, fields)
	if err != nil {
		return tagged[user]{}, err
	}
	return tagged[user]{etag(made.Revision), prefix + "/users/" + url.PathEscape(made.Username), userOf(made)}, nil
}

type listUsersIn struct {
	page
	Search string `query:"search" doc:"part of the name, the username or the e-mail address"`
}

// page is what every list takes.
type page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"the most items of a page"`
	Cursor cursor `query:"cursor" doc:"nextCursor of the page before"`
}

func (s *server) listUsers(ctx context.Context, caller cardinal.Caller, in listUsersIn) (answer[list[user]], error) {
	return s.users(ctx, caller, account.UserQuery{Text: in.Search, Cursor: string(in.Cursor), Limit: in.Limit})
}

func (s *server) users(ctx context.Context, caller cardinal.Caller, query account.UserQuery) (answer[list[user]], error) {
	found, err := s.Accounts.Users(ctx, caller, query)
	items := make([]user, len(found.Users))
	for i, v := range found.Users {
		items[i] = userOf(v)
	}
	return answer[list[user]]{list[user]{Items: items, NextCursor: cursorOf(found.Next).text()}}, err
}

type userSearch struct {
	Text      field[string] `json:"text,omitzero" doc:"part of the name, the username or the e-mail address"`
	Number    field[hidden] `json:"number,omitzero" doc:"exactly this card number, in either slot"`
	NumberEnd field[hidden] `json:"numberEnd,omitzero" doc:"the last four characters of a card number"`
	Limit     field[int]    `json:"limit,omitzero" minimum:"1" maximum:"500" doc:"the most items of a page; 50 where it is left out"`
	Cursor    field[string] `json:"cursor,omitzero" doc:"nextCursor of the page before"`
}

func (s *server) searchUsers(ctx context.Context, caller cardinal.Caller, in struct{ Body userSearch }) (answer[list[user]], error) {
	query, err := in.Body.query()
	if err != nil {
		return answer[list[user]]{}, err
	}
	return s.users(ctx, caller, query)
}

func (b userSearch) query() (account.UserQuery, error) {
	var violations []cardinal.Violation
	invalid := func(name, message string) {
		violations = append(violations, cardinal.Violation{Code: cardinal.ViolationInvalid, Field: name, Message: message})
	}
	query := account.UserQuery{Text: b.Text.value, NumberEnd: b.NumberEnd.value.Reveal(), Limit: 50}
	if !cardinal.CleanText(query.Text) {
		invalid("text", "This is a text of one line without control characters.")
	}
	if !cardinal.CleanText(query.NumberEnd) || len(query.NumberEnd) > 4 {
		invalid("numberEnd", "These are the last four characters of a card number.")
	}
	if b.Limit.is() {
		query.Limit = b.Limit.value
		if query.Limit < 1 || query.Limit > 500 {
			invalid("limit", "This is a whole number from 1 to 500.")
		}
	}
	var at cursor
	if err := at.UnmarshalText([]byte(b.Cursor.value)); err != nil {
		invalid("cursor", err.Error())
	}
	query.Cursor = string(at)
	number, err := numberOf("number", b.Number.value)
	violations = append(violations, cardinal.ViolationsOf(err)...)
	query.Number = number
	return query, refused(violations)
}

type userIn struct {
	Username pathName `path:"username" doc:"percent-encoded"`
}

func (s *server) getUser(ctx context.Context, caller cardinal.Caller, in userIn) (tagged[user], error) {
	found, err := s.Accounts.User(ctx, caller, string(in.Username))
	return tagged[user]{ETag: etag(found.Revision), Body: userOf(found)}, err
}

type changeUserIn struct {
	userIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read; if somebody else has saved in between, nothing is changed and the answer is 412"`
	Body    userFields
}

func (s *server) changeUser(ctx context.Context, caller cardinal.Caller, in changeUserIn) (tagged[user], error) {
	if err := s.refuseEmptyPIN(ctx, caller, string(in.Username), in.Body.PIN); err != nil {
		return tagged[user]{}, err
	}
	if err := in.Body.checkNulls(); err != nil {
		return tagged[user]{}, err
	}
	fields, err := in.Body.wanted()
	if err != nil {
		return tagged[user]{}, err
	}
	changed, err := s.Accounts.UpdateUser(ctx, caller, string(in.Username), in.IfMatch.revision(), fields)
	return tagged[user]{ETag: etag(changed.Revision), Body: userOf(changed)}, err
}

type deleteUserIn struct {
	userIn
	IfMatch match `header:"If-Match" doc:"the ETag that was read"`
}

func (s *server) deleteUser(ctx context.Context, caller cardinal.Caller, in deleteUserIn) (nothing, error) {
	return nothing{}, s.Accounts.DeleteUser(ctx, caller, string(in.Username), in.IfMatch.revision())
}

func (s *server) inviteUser(ctx context.Context, caller cardinal.Caller, in userIn) (nothing, error) {
	return nothing{}, s.Ways.Invite(ctx, caller, string(in.Username))
}

// normal puts a name that is looked up into form NFC. A zero byte, which not
// every database takes, becomes a character that no name has.
func normal(name string) string {
	text := []rune(norm.NFC.String(name))
	for i, r := range text {
		if r == 0 {
			text[i] = '\uFFFD'
		}
	}
	return string(text)
}
