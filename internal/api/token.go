package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
)

func (s *server) tokenRoutes() []route {
	const tag = "API tokens"
	return []route{
		call(route{
			method: http.MethodGet, path: "/api-tokens", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "listTokens", tag: tag, summary: "List API tokens, oldest first",
		}, s.listTokens),
		call(route{
			method: http.MethodPost, path: "/api-tokens", permission: cardinal.PermWriteOptions, status: http.StatusCreated,
			id: "createToken", tag: tag, summary: "Make an API token", once: true, secret: true,
			notes: "With a role up to the caller's own. The name is one token's alone, compared without regard to case; one that has expired " +
				"holds its name until it is deleted. The answer is the one time the token is shown.",
		}, s.createToken),
		call(route{
			method: http.MethodGet, path: "/api-tokens/{id}", permission: cardinal.PermReadOptions, status: http.StatusOK,
			id: "getToken", tag: tag, summary: "Read what is known of an API token",
		}, s.getToken),
		call(route{
			method: http.MethodDelete, path: "/api-tokens/{id}", permission: cardinal.PermWriteOptions, status: http.StatusNoContent,
			id: "deleteToken", tag: tag, summary: "Delete an API token; it stops working at once",
		}, s.deleteToken),
	}
}

type apiToken struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role" enum:"auditor,provisioner,helpdesk,administrator,operator"`
	CreatedBy  string     `json:"createdBy"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt" doc:"null: does not expire"`
	LastUsedAt *time.Time `json:"lastUsedAt" doc:"to the minute; null: never"`
}

func tokenOf(t cardinal.APIToken) apiToken {
	return apiToken{
		ID: string(t.ID), Name: t.Name, Role: string(t.Role), CreatedBy: t.CreatedBy,
		CreatedAt: t.CreatedAt.UTC(), ExpiresAt: moment(t.ExpiresAt), LastUsedAt: moment(t.LastUsedAt),
	}
}

func (s *server) listTokens(ctx context.Context, caller cardinal.Caller, in page) (answer[list[apiToken]], error) {
	found, err := s.Accounts.Tokens(ctx, caller, cardinal.TokenID(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, tokenOf, func(t cardinal.APIToken) string { return string(t.ID) }), err
}

type newToken struct {
	Name      string           `json:"name" minLength:"1" maxLength:"100"`
	Role      string           `json:"role" enum:"auditor,provisioner,helpdesk,administrator,operator"`
	ExpiresAt field[time.Time] `json:"expiresAt,omitzero" nullable:"true" doc:"left out or null: does not expire"`
}

// madeToken is the one answer that holds an API token.
type madeToken struct {
	apiToken
	Token string `json:"token" doc:"shown this one time"`
}

func (s *server) createToken(ctx context.Context, caller cardinal.Caller, in struct{ Body newToken }) (tagged[madeToken], error) {
	var until time.Time
	if in.Body.ExpiresAt.is() {
		if until = in.Body.ExpiresAt.value; until.IsZero() {
			// To the use case it would mean that the token does not expire.
			return tagged[madeToken]{}, cardinal.Invalid("expiresAt", "The expiry lies in the past.")
		}
	}
	made, token, err := s.Accounts.CreateTokenUntil(ctx, caller, in.Body.Name, cardinal.Role(in.Body.Role), until)
	if err != nil {
		return tagged[madeToken]{}, err
	}
	return tagged[madeToken]{Location: prefix + "/api-tokens/" + string(made.ID), Body: madeToken{tokenOf(made), token.Reveal()}}, nil
}

type tokenIn struct {
	ID pathID `path:"id"`
}

func (s *server) getToken(ctx context.Context, caller cardinal.Caller, in tokenIn) (answer[apiToken], error) {
	found, err := s.Accounts.Token(ctx, caller, cardinal.TokenID(in.ID))
	return answer[apiToken]{tokenOf(found)}, err
}

func (s *server) deleteToken(ctx context.Context, caller cardinal.Caller, in tokenIn) (nothing, error) {
	return nothing{}, s.Accounts.DeleteToken(ctx, caller, cardinal.TokenID(in.ID))
}
