package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/bulk"
)

func (s *server) bulkRoutes() []route {
	const tag, one = "Bulk actions", "/bulk-actions/{id}"
	return []route{
		call(route{
			method: http.MethodPost, path: "/bulk-actions", permission: cardinal.PermWriteUsers, status: http.StatusAccepted,
			id: "startBulkAction", tag: tag, summary: "Do one thing to many users", once: true,
			notes: "It goes on by itself; read it to see how far it is. Whom it is about is fixed when it starts: the users that are named, or, with all, " +
				"everybody whom search, filter, source and role find. 409: it sends e-mail, and none can leave as the settings are.",
		}, s.startBulk),
		call(route{
			method: http.MethodPost, path: "/bulk-actions/plan", permission: cardinal.PermWriteUsers, status: http.StatusOK,
			id: "planBulkAction", tag: tag, summary: "Say what a bulk action would do", notes: "Nothing is written.",
		}, s.planBulk),
		call(route{
			method: http.MethodGet, path: "/bulk-actions", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "listBulkActions", tag: tag, summary: "List bulk actions, newest first",
		}, s.listBulk),
		call(route{
			method: http.MethodGet, path: one, permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "getBulkAction", tag: tag, summary: "Read how far a bulk action is",
		}, s.getBulk),
		call(route{
			method: http.MethodGet, path: one + "/lines", permission: cardinal.PermReadUsers, status: http.StatusOK,
			id: "listBulkActionLines", tag: tag, summary: "List what became of each user so far",
		}, s.bulkLines),
		call(route{
			method: http.MethodPost, path: one + "/cancel", permission: cardinal.PermWriteUsers, status: http.StatusNoContent,
			id: "cancelBulkAction", tag: tag, summary: "Stop a bulk action after its current batch", once: true,
		}, s.cancelBulk),
		call(route{
			method: http.MethodPost, path: one + "/pins", permission: cardinal.PermWriteCredentials, status: http.StatusOK,
			id: "fetchBulkActionPins", tag: tag, summary: "Fetch the PINs that a bulk action has issued, once", once: true, secret: true,
			notes: "Only whoever started it can, when it is over and for 24 hours; they are erased as they are answered.",
		}, s.fetchBulkPINs),
	}
}

// bulkRequest is what is wanted and of whom.
type bulkRequest struct {
	Action    string           `json:"action" enum:"invite,generate-numbers,mail-pins,issue-pins,require-new-pins,expire-pins,remove-pins,enable,disable" doc:"invite: a link by e-mail to choose a password, to those without one; mail-pins: a new PIN for everybody, by e-mail"`
	Usernames field[[]string]  `json:"usernames,omitzero" doc:"whom it is about, 1,000 at most; or else all"`
	All       field[bool]      `json:"all,omitzero" doc:"everybody whom search, filter, source and role find"`
	Search    field[string]    `json:"search,omitzero" doc:"part of the name, the username or the e-mail address"`
	Filter    field[string]    `json:"filter,omitzero" enum:"no-pin,no-number,no-address,pin-expiring,expiring-today,locked,disabled,never-signed-in,pin-below-policy,pin-before-policy,pin-not-identifying,new-pin-required"`
	Source    field[string]    `json:"source,omitzero" enum:"manual,api,import" doc:"where the users come from"`
	Role      field[string]    `json:"role,omitzero" enum:"user,auditor,helpdesk,administrator,operator"`
	ExpiresAt field[time.Time] `json:"expiresAt,omitzero" doc:"of expire-pins: from then on the PINs sign nobody in"`
	Confirmed field[int]       `json:"confirmed,omitzero" minimum:"1" doc:"how many users it is about, as a plan said: if they are not so many any more, nothing is done and the answer is 412"`
}

// wanted translates the body. It says who is meant, or that this is unclear.
func (b bulkRequest) wanted() (bulk.Request, error) {
	r := bulk.Request{Kind: bulk.Kind(b.Action), Expires: b.ExpiresAt.value, Confirmed: b.Confirmed.value}
	r.Selection = bulk.Selection{Usernames: b.Usernames.value, All: b.All.value}
	narrowed := b.Search.is() || b.Filter.is() || b.Source.is() || b.Role.is()
	switch {
	case r.Selection.All && b.Usernames.is():
		return r, cardinal.Invalid("usernames", "Name users, or ask for all; not both.")
	case r.Selection.All:
		r.Selection.Query = account.UserQuery{
			Text: b.Search.value, Filter: account.UserFilter(b.Filter.value), Source: b.Source.value, Role: cardinal.Role(b.Role.value),
		}
	case narrowed:
		return r, cardinal.Invalid("all", "Search, filter, source and role narrow down all users. Set all to true with them.")
	}
	for i, name := range r.Selection.Usernames {
		r.Selection.Usernames[i] = normal(name)
	}
	if r.Confirmed < 0 {
		return r, cardinal.Invalid("confirmed", "This is how many users it is about.")
	}
	if r.Kind == bulk.ExpirePINs && r.Expires.IsZero() {
		return r, cardinal.Invalid("expiresAt", "Give the instant from which the PINs sign nobody in.")
	}
	return r, nil
}

type startedBulk struct {
	ID string `json:"id"`
}

func (s *server) startBulk(ctx context.Context, caller cardinal.Caller, in struct{ Body bulkRequest }) (tagged[startedBulk], error) {
	request, err := in.Body.wanted()
	if err != nil {
		return tagged[startedBulk]{}, err
	}
	id, err := s.Bulk.NewID(ctx)
	if err != nil {
		return tagged[startedBulk]{}, err
	}
	if err := s.Bulk.Start(ctx, caller, id, request); err != nil {
		return tagged[startedBulk]{}, inOurWords(err)
	}
	return tagged[startedBulk]{Location: prefix + "/bulk-actions/" + string(id), Body: startedBulk{string(id)}}, nil
}

// bulkPlan is what a bulk action would do.
type bulkPlan struct {
	Users     int  `json:"users" doc:"whom it is about"`
	Missing   int  `json:"missing" doc:"how many of the named users there are not"`
	Unchanged int  `json:"unchanged" doc:"who stay as they are, since there is nothing to do"`
	Refused   int  `json:"refused" doc:"whom the caller may not do this to"`
	Rough     bool `json:"rough" doc:"they are too many to look at each: some of the users may stay unchanged or be refused"`
}

func (s *server) planBulk(ctx context.Context, caller cardinal.Caller, in struct{ Body bulkRequest }) (answer[bulkPlan], error) {
	request, err := in.Body.wanted()
	if err != nil {
		return answer[bulkPlan]{}, err
	}
	plan, err := s.Bulk.Plan(ctx, caller, request)
	return answer[bulkPlan]{bulkPlan{plan.Users, plan.Missing, plan.Unchanged, plan.Refused, plan.Rough}}, inOurWords(err)
}

// inOurWords calls the fields of a refusal as the body does.
func inOurWords(err error) error {
	var refusal *cardinal.Error
	if !errors.As(err, &refusal) {
		return err
	}
	renamed := *refusal
	renamed.Violations = slices.Clone(refusal.Violations)
	for i, v := range renamed.Violations {
		switch v.Field {
		case "username":
			renamed.Violations[i].Field = "usernames"
		case "expires":
			renamed.Violations[i].Field = "expiresAt"
		}
	}
	return &renamed
}

// bulkRun is how far a bulk action is.
type bulkRun struct {
	ID        string     `json:"id"`
	Action    string     `json:"action" enum:"invite,generate-numbers,mail-pins,issue-pins,require-new-pins,expire-pins,remove-pins,enable,disable"`
	State     string     `json:"state" enum:"running,done,cancelled,failed"`
	Detail    string     `json:"detail" doc:"why it failed; else empty"`
	Actor     string     `json:"actor" doc:"who started it"`
	ExpiresAt *time.Time `json:"expiresAt" doc:"of expire-pins; else null"`
	Total     int        `json:"total" doc:"whom it is about"`
	Done      int        `json:"done"`
	Unchanged int        `json:"unchanged" doc:"there was nothing to do"`
	Refused   int        `json:"refused"`
	PINs      string     `json:"pins" enum:"none,kept,fetched,erased" doc:"what has become of the PINs that issue-pins made"`
	StartedAt time.Time  `json:"startedAt"`
	EndedAt   *time.Time `json:"endedAt" doc:"null while it runs"`
}

func bulkOf(r bulk.Run) bulkRun {
	return bulkRun{
		ID: string(r.ID), Action: string(r.Kind), State: string(r.State), Detail: r.Detail, Actor: r.Actor, ExpiresAt: moment(r.Expires), Total: r.Total,
		Done: r.Done, Unchanged: r.Unchanged, Refused: r.Refused, PINs: string(r.PINs), StartedAt: r.StartedAt.UTC(), EndedAt: moment(r.EndedAt),
	}
}

func (s *server) listBulk(ctx context.Context, caller cardinal.Caller, in page) (answer[list[bulkRun]], error) {
	found, err := s.Bulk.Runs(ctx, caller, cardinal.BulkID(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, bulkOf, func(r bulk.Run) string { return string(r.ID) }), err
}

type bulkIn struct {
	ID pathID `path:"id"`
}

func (s *server) getBulk(ctx context.Context, caller cardinal.Caller, in bulkIn) (answer[bulkRun], error) {
	found, err := s.Bulk.Run(ctx, caller, cardinal.BulkID(in.ID))
	return answer[bulkRun]{bulkOf(found)}, err
}

type bulkLinesIn struct {
	bulkIn
	page
	Outcome bulkOutcome `query:"outcome" enum:"done,unchanged,refused" doc:"only those with this outcome"`
}

// bulkOutcome is what became of a user.
type bulkOutcome bulk.Outcome

// UnmarshalText takes the name of an outcome.
func (o *bulkOutcome) UnmarshalText(text []byte) error {
	*o = bulkOutcome(text)
	switch bulk.Outcome(*o) {
	case bulk.Changed, bulk.Unchanged, bulk.Refused:
		return nil
	}
	return formError("This is done, unchanged or refused.")
}

type bulkLine struct {
	Username string          `json:"username"`
	Outcome  string          `json:"outcome" enum:"done,unchanged,refused"`
	Reasons  []violationOnly `json:"reasons" nullable:"false" doc:"why the user was refused; else empty"`
}

func (s *server) bulkLines(ctx context.Context, caller cardinal.Caller, in bulkLinesIn) (answer[list[bulkLine]], error) {
	after := 0
	if in.Cursor != "" {
		var err error
		if after, err = strconv.Atoi(string(in.Cursor)); err != nil {
			return answer[list[bulkLine]]{}, cardinal.Invalid("cursor", "This is not a cursor from an answer. Leave it out to begin at the first page.")
		}
	}
	found, err := s.Bulk.Lines(ctx, caller, cardinal.BulkID(in.ID), bulk.Outcome(in.Outcome), after, in.Limit+1)
	shown := func(l bulk.Line) bulkLine { return bulkLine{l.Username, string(l.Outcome), violationsOnly(l.Reasons)} }
	return paged(found, in.Limit, shown, func(l bulk.Line) string { return strconv.Itoa(l.Position) }), err
}

func (s *server) cancelBulk(ctx context.Context, caller cardinal.Caller, in bulkIn) (nothing, error) {
	return nothing{}, s.Bulk.Cancel(ctx, caller, cardinal.BulkID(in.ID))
}

// issuedPIN is a PIN that a bulk action has made.
type issuedPIN struct {
	Username   string `json:"username"`
	FullName   string `json:"fullName"`
	Email      string `json:"email"`
	Department string `json:"department"`
	PIN        string `json:"pin" doc:"shown this one time"`
}

type issuedPINs struct {
	Items []issuedPIN `json:"items" nullable:"false" doc:"by username; without PINs that have been replaced or have expired since"`
}

func (s *server) fetchBulkPINs(ctx context.Context, caller cardinal.Caller, in bulkIn) (answer[issuedPINs], error) {
	found, err := s.Bulk.FetchPINs(ctx, caller, cardinal.BulkID(in.ID))
	items := make([]issuedPIN, len(found))
	for i, p := range found {
		items[i] = issuedPIN{p.Username, p.FullName, p.Email, p.Department, p.PIN.Reveal()}
	}
	return answer[issuedPINs]{issuedPINs{items}}, err
}
