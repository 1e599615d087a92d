package credential_test

import (
	"testing"

	"cardinal"
)

// TestRevision: whoever saves what they have seen of a user must be told if the
// PIN or a number has changed since.
func TestRevision(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("a change of PIN or number is a new revision, and what changes nothing is not", func(s *shop) {
			remove := func() error { return s.door.RemovePIN(s.t.Context(), s.admin(), "anna") }
			generate := func() error {
				_, err := s.door.GenerateNumber(s.t.Context(), s.admin(), "anna", cardinal.Secondary)
				return err
			}
			steps := []struct {
				name    string
				do      func() error
				changes bool
			}{
				{"set a PIN", func() error { return s.setPIN(s.admin(), "anna", "604829") }, true},
				{"remove the PIN", remove, true},
				{"remove no PIN", remove, false},
				{"set a number", func() error { return s.setNumber("anna", cardinal.Primary, "70010001") }, true},
				{"set the same number", func() error { return s.setNumber("anna", cardinal.Primary, "70010001") }, false},
				{"generate a number", generate, true},
			}
			for _, step := range steps {
				before := s.user("anna").Revision
				if err := step.do(); err != nil {
					s.t.Fatalf("%s: %v", step.name, err)
				}
				if changed := s.user("anna").Revision > before; changed != step.changes {
					s.t.Errorf("%s: a new revision is %t, want %t", step.name, changed, step.changes)
				}
			}
			before := s.user("anna").Revision
			if s.setPIN(s.admin(), "anna", "1234") == nil || s.user("anna").Revision != before {
				s.t.Error("a refused PIN made a new revision")
			}
		})
	})
}
