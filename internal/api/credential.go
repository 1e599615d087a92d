package api

import (
	"context"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/credential"
)

func (s *server) pinRoutes() []route {
	const tag = "PINs"
	return []route{
		call(route{
			method: http.MethodPut, path: "/users/{username}/pin", permission: cardinal.PermWriteCredentials, status: http.StatusOK,
			id: "setPin", tag: tag, summary: "Give a user a PIN",
		}, s.setPIN),
		call(route{
			method: http.MethodPost, path: "/users/{username}/pin/generate", permission: cardinal.PermWriteCredentials, status: http.StatusCreated,
			id: "generatePin", tag: tag, summary: "Give a user a random PIN", once: true, secret: true,
			notes: "The answer is the one time the PIN is shown.",
		}, s.generatePIN),
		call(route{
			method: http.MethodPost, path: "/users/{username}/pin/mail", permission: cardinal.PermWriteCredentials, status: http.StatusCreated,
			id: "mailPin", tag: tag, summary: "Give a user a random PIN and send it to them by e-mail", once: true,
			notes: "Nobody else sees the PIN. 409: the user has no address or is disabled, or no e-mail can leave as the settings are; they keep the PIN they have.",
		}, s.mailPIN),
		call(route{
			method: http.MethodPost, path: "/users/{username}/pin/require-new", permission: cardinal.PermWriteCredentials, status: http.StatusNoContent,
			id: "requireNewPin", tag: tag, summary: "Have every sign-in with a user's PIN say that a new one is wanted", once: true,
			notes: "The PIN still signs in: devices are told newPinRequired. Who has no PIN stays without one.",
		}, s.requireNewPIN),
		call(route{
			method: http.MethodDelete, path: "/users/{username}/pin", permission: cardinal.PermWriteCredentials, status: http.StatusNoContent,
			id: "deletePin", tag: tag, summary: "Take a user's PIN away",
		}, s.deletePIN),
		call(route{
			method: http.MethodPost, path: "/pin-policy/check", permission: cardinal.PermCheckPolicy, status: http.StatusOK,
			id: "checkPin", tag: tag, summary: "Ask whether a PIN meets the policy",
			notes: "Nothing is written, and PINs that are in use or were before are not looked at. With a username, the rule about personal details looks at that user.",
		}, s.checkPIN),
		call(route{
			method: http.MethodPost, path: "/users/{username}/unlock", permission: cardinal.PermUnlock, status: http.StatusNoContent,
			id: "unlockUser", tag: tag, summary: "End a user's lock and forget the wrong tries", once: true,
		}, s.unlock),
		call(route{
			method: http.MethodPost, path: "/users/{username}/reset-change-counts", permission: cardinal.PermUnlock, status: http.StatusNoContent,
			id: "resetChangeCounts", tag: tag, summary: "Let a user change PIN and number today as if they had not yet", once: true,
		}, s.resetChangeCounts),
	}
}

func (s *server) numberRoutes() []route {
	const tag, path = "Card numbers", "/users/{username}/card-numbers/{slot}"
	return []route{
		call(route{
			method: http.MethodPut, path: path, permission: cardinal.PermWriteCredentials, status: http.StatusOK,
			id: "setCardNumber", tag: tag, summary: "Put a card number into a slot",
		}, s.setNumber),
		call(route{
			method: http.MethodDelete, path: path, permission: cardinal.PermWriteCredentials, status: http.StatusOK,
			id: "deleteCardNumber", tag: tag, summary: "Empty a slot",
		}, s.deleteNumber),
		call(route{
			method: http.MethodPost, path: path + "/generate", permission: cardinal.PermWriteCredentials, status: http.StatusCreated,
			id: "generateCardNumber", tag: tag, summary: "Put a random card number into a slot", once: true,
		}, s.generateNumber),
	}
}

type setPINIn struct {
	userIn
	Body struct {
		PIN hidden `json:"pin"`
	}
}

// pinState is when a PIN was made and until when it signs in.
type pinState struct {
	CreatedAt *time.Time `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt" doc:"null: does not expire"`
}

func (s *server) setPIN(ctx context.Context, caller cardinal.Caller, in setPINIn) (answer[pinState], error) {
	state, err := s.Credentials.SetPIN(ctx, caller, string(in.Username), cardinal.NewPIN(in.Body.PIN.Reveal()))
	return answer[pinState]{pinState{moment(state.CreatedAt), moment(state.ExpiresAt)}}, err
}

type generatePINIn struct {
	userIn
	Body struct {
		Length field[int] `json:"length,omitzero" minimum:"4" maximum:"64" doc:"the setting pin.generated-length, where it is left out"`
	}
}

// generatedPIN is the one answer that holds a PIN.
type generatedPIN struct {
	PIN       string     `json:"pin" doc:"shown this one time"`
	ExpiresAt *time.Time `json:"expiresAt" doc:"null: does not expire"`
}

func (s *server) generatePIN(ctx context.Context, caller cardinal.Caller, in generatePINIn) (answer[generatedPIN], error) {
	length := in.Body.Length
	if length.is() && (length.value < cardinal.PINMinLength || length.value > cardinal.PINMaxLength) {
		return answer[generatedPIN]{}, cardinal.Invalid("length", "A PIN has 4 to 64 characters, and as many as the policy asks for.")
	}
	pin, state, err := s.Credentials.GeneratePIN(ctx, caller, string(in.Username), length.value)
	if err != nil {
		return answer[generatedPIN]{}, err
	}
	return answer[generatedPIN]{generatedPIN{pin.Reveal(), moment(state.ExpiresAt)}}, nil
}

func (s *server) mailPIN(ctx context.Context, caller cardinal.Caller, in userIn) (answer[pinState], error) {
	state, err := s.Credentials.MailPIN(ctx, caller, string(in.Username))
	return answer[pinState]{pinState{moment(state.CreatedAt), moment(state.ExpiresAt)}}, err
}

func (s *server) requireNewPIN(ctx context.Context, caller cardinal.Caller, in userIn) (nothing, error) {
	_, err := s.Credentials.RequireNewPIN(ctx, caller, string(in.Username))
	return nothing{}, err
}

func (s *server) deletePIN(ctx context.Context, caller cardinal.Caller, in userIn) (nothing, error) {
	return nothing{}, s.Credentials.RemovePIN(ctx, caller, string(in.Username))
}

type pinCheck struct {
	PIN      hidden        `json:"pin"`
	Username field[string] `json:"username,omitzero" maxLength:"128"`
}

type pinVerdict struct {
	Acceptable bool            `json:"acceptable"`
	Violations []violationOnly `json:"violations" nullable:"false"`
}

// violationOnly is a broken rule where there is but one field.
type violationOnly struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func violationsOnly(violations []cardinal.Violation) []violationOnly {
	only := make([]violationOnly, len(violations))
	for i, v := range violations {
		only[i] = violationOnly{string(v.Code), v.Message}
	}
	return only
}

func (s *server) checkPIN(ctx context.Context, caller cardinal.Caller, in struct{ Body pinCheck }) (answer[pinVerdict], error) {
	violations, err := s.Credentials.CheckPolicy(ctx, caller, cardinal.NewPIN(in.Body.PIN.Reveal()), normal(in.Body.Username.value))
	return answer[pinVerdict]{pinVerdict{len(violations) == 0, violationsOnly(violations)}}, err
}

func (s *server) unlock(ctx context.Context, caller cardinal.Caller, in userIn) (nothing, error) {
	return nothing{}, s.Credentials.Unlock(ctx, caller, string(in.Username))
}

func (s *server) resetChangeCounts(ctx context.Context, caller cardinal.Caller, in userIn) (nothing, error) {
	return nothing{}, s.Credentials.ResetChangeCounts(ctx, caller, string(in.Username))
}

type slotIn struct {
	userIn
	Slot pathSlot `path:"slot" enum:"primary,secondary"`
}

type setNumberIn struct {
	slotIn
	Body struct {
		Number hidden `json:"number" doc:"1 to 64 letters and digits"`
	}
}

// numberState is what stands in a slot, as the caller may see it.
type numberState struct {
	Number *string `json:"number" doc:"null: none"`
}

func (s *server) setNumber(ctx context.Context, caller cardinal.Caller, in setNumberIn) (answer[numberState], error) {
	number, err := cardinal.ParseCardNumber("number", in.Body.Number.Reveal())
	if err != nil {
		return answer[numberState]{}, err
	}
	slot := cardinal.Slot(in.Slot)
	if err := s.Credentials.SetNumber(ctx, caller, string(in.Username), credential.NumberChange{Slot: slot, Number: number}); err != nil {
		return answer[numberState]{}, err
	}
	return shownNumber(caller, number), nil
}

func shownNumber(caller cardinal.Caller, number cardinal.CardNumber) answer[numberState] {
	text := cardinal.MaskedNumber(number.End())
	if caller.May(cardinal.PermReadNumbers) {
		text = number.Reveal()
	}
	return answer[numberState]{numberState{&text}}
}

func (s *server) deleteNumber(ctx context.Context, caller cardinal.Caller, in slotIn) (answer[numberState], error) {
	return answer[numberState]{}, s.Credentials.SetNumber(ctx, caller, string(in.Username), credential.NumberChange{Slot: cardinal.Slot(in.Slot)})
}

func (s *server) generateNumber(ctx context.Context, caller cardinal.Caller, in slotIn) (answer[numberState], error) {
	number, err := s.Credentials.GenerateNumber(ctx, caller, string(in.Username), cardinal.Slot(in.Slot))
	if err != nil {
		return answer[numberState]{}, err
	}
	return shownNumber(caller, number), nil
}
