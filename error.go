package cardinal

import (
	"errors"
	"log/slog"
	"time"
)

// Code classifies an Error. The set is closed: edges map each code to a
// status or exit code in one table, and whatever is not an Error counts as
// CodeInternal and is shown to nobody.
type Code string

// The codes an Error can have.
const (
	CodeMalformed       Code = "malformed"        // could not be read at all: broken JSON, a file that is no text
	CodeInvalid         Code = "invalid"          // read, but a field is unknown, missing or out of range
	CodePolicyViolation Code = "policy_violation" // a PIN breaks the policy; Violations says how
	CodeUnauthenticated Code = "unauthenticated"  // no valid credential was presented
	CodeSignInFailed    Code = "sign_in_failed"   // the one answer of a device's sign-in that did not succeed
	CodeForbidden       Code = "forbidden"        // the caller may not do this
	CodeNotFound        Code = "not_found"        // no such object, or not one of the caller's customer
	CodeConflict        Code = "conflict"         // taken: a username, a number, a name
	CodeStale           Code = "stale"            // somebody else saved in between
	CodeTooLarge        Code = "too_large"        // more bytes than a request may have
	CodeRateLimited     Code = "rate_limited"     // too often; RetryAfter says when again, if it is known
	CodeStorageFull     Code = "storage_full"     // the disk or the database is full; nothing was changed
	CodeUnavailable     Code = "unavailable"      // the database cannot be reached or written
	CodeInternal        Code = "internal"         // a fault of the program
)

// Error is what use cases answer when they refuse. Detail is one or two plain
// sentences for people that say what to do next; it never holds a PIN, a
// number, a password, a token, or a part of one.
type Error struct {
	Code       Code
	Detail     string
	Violations []Violation   // what is wrong, field by field; may be empty
	RetryAfter time.Duration // 0: not known
	said       Sentence
	cause      error
}

// Errorf makes an Error of a code. The format takes only values that may be
// shown to the caller.
func Errorf(code Code, format string, args ...any) *Error {
	said := Say(format, args...)
	return &Error{Code: code, Detail: said.String(), said: said}
}

// Sentence returns the detail with what it was made of, for edges that speak
// other languages.
func (e *Error) Sentence() Sentence {
	switch {
	case e.said.String() == e.Detail:
		return e.said
	case len(e.Violations) > 0 && e.Violations[0].Message == e.Detail:
		return e.Violations[0].Sentence()
	}
	return literally(e.Detail)
}

// Because returns a copy of e that wraps cause. The cause is for the log; it
// is not part of Detail.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error returns the detail and, where there is one, the cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Detail + ": " + e.cause.Error()
	}
	return e.Detail
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an Error of the same code, so that
// errors.Is(err, cardinal.ErrNotFound) asks for the code alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Detail == ""
}

// LogValue writes code, detail, violation codes and cause, none of which hold
// a secret.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("code", string(e.Code)), slog.String("detail", e.Detail)}
	if len(e.Violations) > 0 {
		attrs = append(attrs, slog.Any("violations", ViolationCodes(e.Violations)))
	}
	if e.cause != nil {
		attrs = append(attrs, slog.String("cause", e.cause.Error()))
	}
	return slog.GroupValue(attrs...)
}

// Errors to ask for with errors.Is; each stands for its code.
var (
	ErrNotFound        error = &Error{Code: CodeNotFound}
	ErrConflict        error = &Error{Code: CodeConflict}
	ErrForbidden       error = &Error{Code: CodeForbidden}
	ErrUnauthenticated error = &Error{Code: CodeUnauthenticated}
	ErrPolicyViolation error = &Error{Code: CodePolicyViolation}
	ErrInvalid         error = &Error{Code: CodeInvalid}
	ErrStale           error = &Error{Code: CodeStale}
	ErrRateLimited     error = &Error{Code: CodeRateLimited}
	ErrSignInFailed    error = &Error{Code: CodeSignInFailed}
)

// CodeOf returns the code of the first Error in err's chain, CodeInternal if
// there is none, and "" if err is nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// ViolationsOf returns the violations of the first Error in err's chain, or nil.
func ViolationsOf(err error) []Violation {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Violations
	}
	return nil
}

// Invalid makes a CodeInvalid Error about one field. The format takes only
// values that may be shown to the caller.
func Invalid(field, format string, args ...any) *Error {
	v := Violated(ViolationInvalid, field, format, args...)
	return &Error{Code: CodeInvalid, Detail: v.Message, Violations: []Violation{v}}
}
