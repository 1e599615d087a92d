package credential_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestEventsOfTheDoor(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("what is done to PINs and numbers are events, and what is refused is none", func(s *shop) {
			s.set("pin.expiration-hours", 1)
			s.mustSetPIN("anna", "604829")
			if err := s.setPIN(s.admin(), "anna", "1111"); err == nil {
				s.t.Error("a bad PIN was taken")
			}
			if _, _, err := s.door.GeneratePIN(s.t.Context(), s.admin(), "anna", 0); err != nil {
				s.t.Error(err)
			}
			s.mustSetNumber("anna", cardinal.Secondary, "77120045")
			s.mustSetNumber("anna", cardinal.Secondary, "")
			for range 2 {
				if err := s.door.RemovePIN(s.t.Context(), s.admin(), "anna"); err != nil {
					s.t.Error(err)
				}
			}
			s.mustSetPIN("bert", "604829")
			s.Clock.Set(s.Clock.Now().Add(time.Hour))
			same(s.t, 1, s.expire("n1"))
			same(s.t, []string{
				"pin.set anna generated=false replaced=false", "pin.set anna generated=true replaced=true",
				"card-number.changed anna removed=false slot=secondary", "card-number.changed anna removed=true slot=secondary",
				"pin.removed anna", "pin.set bert generated=false replaced=false", "pin.expired bert",
			}, storetest.Events(s.t, s.store, s.customer))
		})
	})
}
