package credential_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// After a rotation old tags stay under the old key, and everything that was
// true of them stays true.
func TestAfterAKeyRotation(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		rotate := func(s *shop) *shop {
			ring := s.Ring.Rotated()
			moved := s.at(s.OpenWith(s.t, ring), ring)
			database := *s.Database
			database.Ring = ring
			moved.Database = &database
			return moved
		}
		story("PINs match and may not return", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			after := rotate(s)
			same(s.t, true, after.has("anna", "604829"))
			refusedFor(s.t, after.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "reused")
			after.mustSetPIN("anna", "750318")
			same(s.t, 2, after.state("anna").PIN.Tag.Version)
			after.set("pin.history", 2)
			refusedFor(s.t, after.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "reused")
		})
		story("PINs that identify stay unique", func(s *shop) {
			s.set("pin.identifies-user", true)
			s.mustSetPIN("bert", "604829")
			after := rotate(s)
			refusedFor(s.t, after.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "not_available")
			storetest.Read(s.t, after.store, func(ctx context.Context, tx *store.Tx) error {
				found, err := after.door.FindPIN(ctx, tx, s.customer, cardinal.NewPIN("604829"))
				same(s.t, s.user("bert").ID, found.User)
				return err
			})
		})
		story("numbers stay unique, are found and are seen", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("anna", cardinal.Secondary, "4712")
			after := rotate(s)
			same(s.t, []string{"4711", "4712"}, after.numbers("anna"))
			refusedFor(s.t, after.setNumber("bert", cardinal.Secondary, "4711"), cardinal.CodeConflict, "taken")
			_, refused := after.apply(s.admin(), "anna", credential.Change{Numbers: []credential.NumberChange{
				{Slot: cardinal.Primary, Number: number(s.t, "4712")}, {Slot: cardinal.Secondary, Number: number(s.t, "4711")},
			}})
			ok(s.t, refused)
			same(s.t, []string{"4712", "4711"}, after.numbers("anna"))
			storetest.Read(s.t, after.store, func(ctx context.Context, tx *store.Tx) error {
				found, err := after.door.FindNumber(ctx, tx, s.customer, number(s.t, "4711"))
				same(s.t, [2]any{cardinal.Secondary, 2}, [2]any{found.Slot, found.Tag.Version})
				return err
			})
		})
	})
}

// What is set, refused, generated and removed leaves its text nowhere: not in
// the database file or its log, the program's log, the audit entries or an error.
func TestNoSecretIsLeftBehind(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("PINs and numbers", func(s *shop) {
			if s.Kind != storetest.SQLite {
				s.t.Skip("its files cannot be read")
			}
			secrets := []string{"Xq7RkCanaryPIN", "8127465093", "Zz9CanaryNumber", "9876543210", "Old5CanaryPIN"}
			var said strings.Builder
			note := func(err error) {
				if err != nil {
					said.WriteString(err.Error())
					for _, v := range cardinal.ViolationsOf(err) {
						said.WriteString(v.Message)
					}
				}
			}
			s.set("user.can-change-pin", true)
			note(s.setPIN(s.token(), "anna", secrets[4]))
			note(s.setPIN(s.token(), "anna", secrets[0]))
			note(s.setPIN(s.token(), "anna", secrets[0]))
			note(s.setPIN(s.token(), "bert", secrets[3]))
			note(s.setPIN(s.token(), "bert", secrets[1]))
			note(s.typePIN("bert", secrets[1], secrets[3]))
			note(s.setNumber("anna", cardinal.Primary, secrets[2]))
			note(s.setNumber("bert", cardinal.Primary, secrets[2]))
			pin, _, err := s.door.GeneratePIN(s.t.Context(), s.token(), "anna", 12)
			ok(s.t, err)
			generated, err := s.door.GenerateNumber(s.t.Context(), s.token(), "bert", cardinal.Secondary)
			ok(s.t, err)
			secrets = append(secrets, pin.Reveal(), generated.Reveal())
			said.WriteString(s.log.String())
			for _, path := range []string{s.URL, s.URL + "-wal"} {
				content, err := os.ReadFile(path)
				ok(s.t, err)
				said.Write(content)
			}
			for _, planted := range []string{"PIN refused", "pin.set", "••••mber", "anna"} { // so that it would be seen
				if !strings.Contains(said.String(), planted) {
					s.t.Errorf("%q is not there, so this test looks in the wrong place", planted)
				}
			}
			for i, secret := range secrets {
				if strings.Contains(strings.ToLower(said.String()), strings.ToLower(secret)) {
					s.t.Errorf("secret %d is left behind", i)
				}
			}
		})
	})
}
