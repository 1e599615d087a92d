package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"cardinal"
)

// problem is the answer to a request that was refused (RFC 9457, with members
// of our own). Nothing in it comes from the request but its id.
type problem struct {
	Type       string               `json:"type" doc:"about:blank: code says what it is"`
	Title      string               `json:"title" doc:"the status in words"`
	Status     int                  `json:"status"`
	Detail     string               `json:"detail" doc:"what to do next, for people"`
	Code       string               `json:"code" enum:"invalid,unauthenticated,forbidden,not_found,conflict,policy_violation,rate_limited,sign_in_failed,unavailable,internal,storage_full" doc:"for programs"`
	RequestID  string               `json:"requestId" doc:"finds the request in the log file"`
	Violations []cardinal.Violation `json:"violations,omitempty" nullable:"false" doc:"what is wrong, field by field; on every answer 422"`
}

// kind is how a code of the vocabulary goes over the wire.
type kind struct {
	status int
	code   string
	detail string // where an error has none that may be shown
}

// kindOf is the one table of codes and statuses (spec: api).
func kindOf(code cardinal.Code) kind {
	switch code {
	case cardinal.CodeMalformed:
		return kind{http.StatusBadRequest, "invalid", "This request cannot be read."}
	case cardinal.CodeInvalid:
		return kind{http.StatusUnprocessableEntity, "invalid", "Some fields are not right."}
	case cardinal.CodePolicyViolation:
		return kind{http.StatusUnprocessableEntity, "policy_violation", "The PIN does not meet the policy."}
	case cardinal.CodeUnauthenticated:
		return kind{http.StatusUnauthorized, "unauthenticated", "Send a valid token: Authorization: Bearer TOKEN."}
	case cardinal.CodeSignInFailed:
		return kind{http.StatusUnauthorized, "sign_in_failed", "Sign-in failed."}
	case cardinal.CodeForbidden:
		return kind{http.StatusForbidden, "forbidden", "This token's role does not allow this."}
	case cardinal.CodeNotFound:
		return kind{http.StatusNotFound, "not_found", "There is nothing of that name here."}
	case cardinal.CodeConflict:
		return kind{http.StatusConflict, "conflict", "This is taken."}
	case cardinal.CodeStale:
		return kind{http.StatusPreconditionFailed, "conflict", "Somebody else has saved this in between."}
	case cardinal.CodeTooLarge:
		return kind{http.StatusRequestEntityTooLarge, "invalid", "The body is too large."}
	case cardinal.CodeRateLimited:
		return kind{http.StatusTooManyRequests, "rate_limited", "Too many requests. Wait and repeat."}
	case cardinal.CodeStorageFull:
		return kind{http.StatusInsufficientStorage, "storage_full", "The disk is full. Nothing was changed."}
	case cardinal.CodeUnavailable:
		return kind{http.StatusServiceUnavailable, "unavailable", "This is not possible at the moment. Repeat it shortly."}
	case cardinal.CodeInternal:
	}
	return kind{http.StatusInternalServerError, "internal",
		"Something went wrong inside Cardinal. The log file says more under this request id."}
}

// classified returns err as an Error whose detail may be shown.
func classified(err error) *cardinal.Error {
	known, isKnown := errors.AsType[*cardinal.Error](err)
	tooLarge, isTooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isTooLarge:
		return cardinal.Errorf(cardinal.CodeTooLarge, "The body is larger than this call takes: %d MiB.", tooLarge.Limit>>20)
	case isKnown && known.Code != cardinal.CodeInternal:
		return known
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return cardinal.Errorf(cardinal.CodeUnavailable, "%s", kindOf(cardinal.CodeUnavailable).detail)
	}
	return cardinal.Errorf(cardinal.CodeInternal, "%s", kindOf(cardinal.CodeInternal).detail)
}

// problemReply makes the answer to an error.
func problemReply(err error, requestID string) reply {
	e := classified(err)
	k := kindOf(e.Code)
	answer := problemOf(k, requestID)
	if e.Detail != "" {
		answer.Detail = e.Detail
	}
	answer.Violations = e.Violations
	if len(answer.Violations) == 0 && k.status == http.StatusUnprocessableEntity {
		answer.Violations = []cardinal.Violation{{Code: cardinal.ViolationInvalid, Message: answer.Detail}}
	}
	made := answer.reply()
	if e.Code == cardinal.CodeUnauthenticated || e.Code == cardinal.CodeSignInFailed {
		made.header["WWW-Authenticate"] = `Bearer realm="cardinal"`
	}
	if e.RetryAfter > 0 {
		made.header["Retry-After"] = strconv.Itoa(wholeSeconds(e.RetryAfter))
	}
	return made
}

// wholeSeconds rounds up: who comes back a moment early is refused again.
func wholeSeconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}

func problemOf(k kind, requestID string) problem {
	return problem{
		Type: "about:blank", Title: http.StatusText(k.status), Status: k.status, Detail: k.detail, Code: k.code, RequestID: requestID,
	}
}

func (p problem) reply() reply {
	content, err := json.Marshal(p)
	if err != nil {
		content = []byte(`{"type":"about:blank","status":500,"code":"internal"}`)
	}
	return reply{status: p.Status, header: map[string]string{"Content-Type": "application/problem+json"}, content: content}
}
