package account_test

import (
	"errors"
	"testing"

	"cardinal"
	"cardinal/internal/account"
)

func TestOwnLanguage(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, o *office) {
		made, err := o.service.CreateUser(t.Context(), o.console, "anna", account.Fields{})
		if err != nil {
			t.Fatal(err)
		}
		anna := cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: cardinal.RoleUser, User: made.ID, Name: "anna"}
		for _, language := range []string{"de", "de", "ja"} {
			if err := o.service.SetOwnLanguage(t.Context(), anna, language); err != nil {
				t.Errorf("%s: %v", language, err)
			}
		}
		user, err := o.service.User(t.Context(), o.console, "anna")
		if err != nil || user.Language != "ja" || user.Revision != made.Revision {
			t.Errorf("%q at revision %d, %v; made at %d", user.Language, user.Revision, err, made.Revision)
		}
		if err := o.service.SetOwnLanguage(t.Context(), anna, "tlh"); !errors.Is(err, cardinal.ErrInvalid) {
			t.Errorf("a language that there is not: %v", err)
		}
		if err := o.service.SetOwnLanguage(t.Context(), o.console, "de"); !errors.Is(err, cardinal.ErrForbidden) {
			t.Errorf("the console: %v", err)
		}
	})
}
