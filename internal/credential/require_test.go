package credential_test

import (
	"testing"

	"cardinal"
)

func TestRequireNewPIN(t *testing.T) {
	stories(t, func(t *testing.T, story func(string, func(*shop))) {
		t.Helper()
		require := func(s *shop, caller cardinal.Caller, username string) bool {
			s.t.Helper()
			marked, err := s.door.RequireNewPIN(s.t.Context(), caller, username)
			ok(s.t, err)
			return marked
		}
		story("the PIN goes on working, marked and on record, once", func(s *shop) {
			s.mustSetPIN("anna", "805913")
			same(s.t, true, require(s, s.admin(), "anna"))
			same(s.t, true, s.state("anna").PIN.NewRequired && s.has("anna", "805913"))
			same(s.t, []string{"pin.set", "pin.new-required"}, s.actions())
			s.unchanged("anna", func() { same(s.t, false, require(s, s.admin(), "anna")) })
		})
		story("who has no PIN is left alone", func(s *shop) {
			s.unchanged("anna", func() { same(s.t, false, require(s, s.admin(), "anna")) })
		})
		story("a new PIN is no longer marked", func(s *shop) {
			s.mustSetPIN("anna", "805913")
			require(s, s.admin(), "anna")
			s.mustSetPIN("anna", "274961")
			same(s.t, false, s.state("anna").PIN.NewRequired)
		})
		story("it needs permission and somebody to ask", func(s *shop) {
			s.mustSetPIN("anna", "805913")
			s.unchanged("anna", func() {
				_, err := s.door.RequireNewPIN(s.t.Context(), s.self("anna"), "anna")
				refusedFor(s.t, err, cardinal.CodeForbidden)
				_, err = s.door.RequireNewPIN(s.t.Context(), s.admin(), "nobody")
				refusedFor(s.t, err, cardinal.CodeNotFound)
			})
		})
	})
}
