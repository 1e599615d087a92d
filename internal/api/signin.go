package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/signin"
)

func (s *server) signInRoutes() []route {
	const tag = "Sign-in"
	return []route{
		call(route{
			method: http.MethodPost, path: "/sign-in", permission: cardinal.PermSignInAtDevice, status: http.StatusOK,
			id: "signIn", tag: tag, summary: "Ask who somebody at a device is", free: true, proves: true,
			notes: "With a device's token. A card number, a number and a PIN, a username and a PIN, or a PIN alone, as the settings and the device allow. " +
				"Whatever is unknown, wrong, expired, disabled or locked is one and the same answer 401 sign_in_failed; only a device over its budget of wrong tries gets 429.",
		}, s.signIn),
		call(route{
			method: http.MethodGet, path: "/sign-ins", permission: cardinal.PermReadSignIns, status: http.StatusOK,
			id: "listSignIns", tag: tag, summary: "List tries at devices, newest first",
		}, s.listSignIns),
	}
}

// presented is what somebody held up or keyed in; what was not is left out.
type presented struct {
	Number   field[hidden] `json:"number,omitzero" doc:"as the reader gave it"`
	Username field[string] `json:"username,omitzero"`
	PIN      field[hidden] `json:"pin,omitzero"`
}

type person struct {
	Username       string     `json:"username"`
	FullName       string     `json:"fullName"`
	Email          string     `json:"email"`
	PINExpiresAt   *time.Time `json:"pinExpiresAt" doc:"null: the PIN does not expire, or none was asked for"`
	NewPINRequired bool       `json:"newPinRequired" doc:"an administrator asked for a new PIN"`
}

func (s *server) signIn(ctx context.Context, caller cardinal.Caller, in struct{ Body presented }) (answer[person], error) {
	var try signin.Try
	if number := in.Body.Number; number.is() {
		try.Number = &number.value.Secret
	}
	if username := in.Body.Username; username.is() {
		name := normal(username.value)
		try.Username = &name
	}
	if pin := in.Body.PIN; pin.is() {
		typed := cardinal.NewPIN(pin.value.Reveal())
		try.PIN = &typed
	}
	who, err := s.SignIns.SignIn(ctx, caller, try)
	return answer[person]{person{who.Username, who.FullName, who.Email, moment(who.PINExpiresAt), who.NewPINRequired}}, err
}

// signInRecord is one try at a device.
type signInRecord struct {
	Time      time.Time `json:"time"`
	Device    string    `json:"device"`
	Method    *string   `json:"method" doc:"null: what was presented is no method"`
	Username  *string   `json:"username" doc:"null: unknown"`
	Outcome   string    `json:"outcome"`
	NumberEnd *string   `json:"numberEnd" doc:"the last four characters of the number as converted; null: none"`
	Count     int64     `json:"count" doc:"how many tries the record stands for"`
}

type listSignInsIn struct {
	page
	Username string `query:"username" doc:"only this user's"`
}

func (s *server) listSignIns(ctx context.Context, caller cardinal.Caller, in listSignInsIn) (answer[list[signInRecord]], error) {
	found, err := s.SignIns.Records(ctx, caller, normal(in.Username), string(in.Cursor), in.Limit+1)
	return paged(found, in.Limit, func(r cardinal.SignIn) signInRecord {
		return signInRecord{
			Time: r.Time.UTC(), Device: r.Device, Method: filled(string(r.Method)), Username: filled(r.Username),
			Outcome: string(r.Outcome), NumberEnd: filled(r.NumberEnd), Count: r.Count,
		}
	}, func(r cardinal.SignIn) string { return r.ID }), err
}
