package credential_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/policy"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestSettingPINs(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("the PIN signs in from then on, and only the new one", func(s *shop) {
			set, err := s.door.SetPIN(s.t.Context(), s.token(), "ANNA", cardinal.NewPIN("604829"))
			if err != nil {
				s.t.Fatal(err)
			}
			same(s.t, cardinal.PINState{ID: set.ID, User: s.user("anna").ID, CreatedAt: s.Clock.Now()}, set)
			same(s.t, set, s.state("anna").PIN.PINState)
			s.mustSetPIN("anna", "750318")
			same(s.t, []bool{false, true}, []bool{s.has("anna", "604829"), s.has("anna", "750318")})
			entries := storetest.Audit(s.t, s.store, s.customer)
			same(s.t, cardinal.AuditEntry{
				Number: 1, Time: s.Clock.Now(), Actor: "token provisioning", Action: "pin.set", Subject: "user anna", After: `{"generated":false,"replaced":false}`,
			}, entries[0])
			same(s.t, `{"generated":false,"replaced":true}`, entries[1].After)
			same(s.t, "192.0.2.1", entries[1].Address)
		})
		story("equal PINs of two users have unequal tags", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			s.mustSetPIN("bert", "604829")
			if slices.Equal(s.state("anna").PIN.Tag.Sum, s.state("bert").PIN.Tag.Sum) {
				s.t.Error("the database tells that two users have the same PIN")
			}
		})
		story("every broken rule is told at once and nothing changes", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			s.set("pin.min-length", 8)
			s.unchanged("anna", func() {
				refusedFor(s.t, s.setPIN(s.admin(), "anna", "1234"), cardinal.CodePolicyViolation, "too_short", "sequential", "common")
				refusedFor(s.t, s.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "too_short", "reused")
				refusedFor(s.t, s.setPIN(s.admin(), "anna", " 1234"), cardinal.CodePolicyViolation, "too_short", "bad_character")
				refusedFor(s.t, s.setPIN(s.admin(), "anna", ""), cardinal.CodePolicyViolation, "too_short")
			})
		})
		story("removing takes the PIN away, once", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			for range 2 {
				if err := s.door.RemovePIN(s.t.Context(), s.admin(), "anna"); err != nil {
					s.t.Fatal(err)
				}
				same(s.t, false, s.has("anna", "604829"))
			}
			same(s.t, []string{"pin.set", "pin.removed"}, s.actions())
		})
		story("a new PIN ends the user's lock, a refused one or none does not", func(s *shop) {
			locked := store.Counter{Wrong: 15, ChangedAt: s.Clock.Now(), LockedUntil: s.Clock.Now().Add(time.Hour)}
			subject := store.UserSubject(s.user("anna").ID)
			storetest.Write(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.LockCounter(ctx, s.customer, subject); err != nil {
					return err
				}
				return tx.SetCounter(ctx, s.customer, subject, locked)
			})
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "1234"), cardinal.CodePolicyViolation, "sequential", "common")
			if err := s.door.RemovePIN(s.t.Context(), s.admin(), "anna"); err != nil {
				s.t.Fatal(err)
			}
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			same(s.t, locked, s.state("anna").Counter)
			s.mustSetPIN("anna", "604829")
			same(s.t, store.Counter{}, s.state("anna").Counter)
		})
	})
}

func TestPINsThatMayNotReturn(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		pins := []string{"604829", "750318", "938204", "482057", "815630"}
		reused := func(s *shop) (codes []bool) {
			for _, pin := range pins {
				violations := cardinal.ViolationCodes(cardinal.ViolationsOf(s.setPIN(cardinal.System(s.customer), "anna", pin)))
				codes = append(codes, slices.Contains(violations, "reused"))
			}
			return codes
		}
		story("the last so many, the present one included", func(s *shop) {
			s.set("pin.history", 3)
			for _, pin := range pins[:4] {
				s.mustSetPIN("anna", pin)
			}
			same(s.t, []string{"reused"}, cardinal.ViolationCodes(cardinal.ViolationsOf(s.setPIN(s.admin(), "anna", pins[3]))))
			same(s.t, []string{"reused"}, cardinal.ViolationCodes(cardinal.ViolationsOf(s.setPIN(s.admin(), "anna", pins[1]))))
			s.mustSetPIN("anna", pins[0])
			s.mustSetPIN("bert", pins[3]) // the history is each user's own
		})
		story("a raised setting holds at once, a lowered one too", func(s *shop) {
			s.set("pin.history", 0)
			for _, pin := range pins {
				s.mustSetPIN("anna", pin)
			}
			s.mustSetPIN("anna", pins[4]) // even the present one
			s.set("pin.history", 24)
			same(s.t, []bool{true, true, true, true, true}, reused(s))
			s.set("pin.history", 1)
			s.mustSetPIN("anna", pins[0])
		})
		story("removing a PIN does not forget it", func(s *shop) {
			s.mustSetPIN("anna", pins[0])
			if err := s.door.RemovePIN(s.t.Context(), s.admin(), "anna"); err != nil {
				s.t.Fatal(err)
			}
			refusedFor(s.t, s.setPIN(s.admin(), "anna", pins[0]), cardinal.CodePolicyViolation, "reused")
		})
		story("the present one may not, also after a restart with the clock set back", func(s *shop) {
			s.mustSetPIN("anna", pins[0])
			s.Clock.Add(-2 * time.Hour)
			later := s.at(s.Open(s.t), s.Ring)
			later.mustSetPIN("anna", pins[1])
			refusedFor(s.t, later.setPIN(s.admin(), "anna", pins[1]), cardinal.CodePolicyViolation, "reused")
		})
	})
}

func TestPINExpiry(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("is fixed when the PIN is made", func(s *shop) {
			s.mustSetPIN("bert", "604829")
			s.set("pin.expiration-hours", 48)
			same(s.t, true, s.state("bert").PIN.ExpiresAt.IsZero())
			set, err := s.door.SetPIN(s.t.Context(), s.admin(), "anna", cardinal.NewPIN("750318"))
			if err != nil {
				s.t.Fatal(err)
			}
			end := s.Clock.Now().Add(48 * time.Hour)
			for _, hours := range []int{1, 0, 87600} {
				s.set("pin.expiration-hours", hours)
				same(s.t, end, s.state("anna").PIN.ExpiresAt)
			}
			same(s.t, end, set.ExpiresAt)
			entries := storetest.Audit(s.t, s.store, s.customer)
			same(s.t, `{"expiresAt":"2026-03-04T12:00:00Z","generated":false,"replaced":false}`, entries[1].After)
		})
		story("comes at the instant", func(s *shop) {
			s.set("pin.expiration-hours", 1)
			s.mustSetPIN("anna", "750318")
			s.Clock.Add(time.Hour - time.Millisecond)
			same(s.t, true, s.has("anna", "750318"))
			s.Clock.Add(time.Millisecond)
			same(s.t, false, s.has("anna", "750318"))
		})
	})
}

func TestGeneratingPINs(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("gives a PIN that meets the policy and signs in", func(s *shop) {
			s.set("pin.history", 24)
			seen := map[string]bool{}
			for range 20 {
				pin, set, err := s.door.GeneratePIN(s.t.Context(), s.admin(), "anna", 0)
				if err != nil {
					s.t.Fatal(err)
				}
				if len(pin.Reveal()) != 6 || strings.Trim(pin.Reveal(), "0123456789") != "" || !set.Generated || !s.has("anna", pin.Reveal()) || seen[pin.Reveal()] {
					s.t.Errorf("not six fresh digits, or not the user's PIN: %+v", set)
				}
				seen[pin.Reveal()] = true
			}
			same(s.t, `{"generated":true,"replaced":true}`, storetest.Audit(s.t, s.store, s.customer)[1].After)
		})
		story("takes a length within the policy", func(s *shop) {
			pin, _, err := s.door.GeneratePIN(s.t.Context(), s.admin(), "anna", 16)
			if err != nil || len(pin.Reveal()) != 16 {
				s.t.Errorf("%d characters, %v", len(pin.Reveal()), err)
			}
			s.unchanged("anna", func() {
				for _, length := range []int{3, 17, -1} {
					_, _, err := s.door.GeneratePIN(s.t.Context(), s.admin(), "anna", length)
					refusedFor(s.t, err, cardinal.CodeInvalid, "invalid")
				}
			})
		})
	})
}

func TestNumbersAndPINInOneChange(t *testing.T) {
	number := func(t *testing.T, text string) cardinal.CardNumber {
		n, err := cardinal.ParseCardNumber("number", text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("all or nothing, and all that is wrong at once", func(s *shop) {
			s.mustSetNumber("bert", cardinal.Secondary, "90210")
			s.mustSetPIN("anna", "604829")
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.unchanged("anna", func() {
				_, refused := s.apply(s.admin(), "anna", credential.Change{PIN: cardinal.NewPIN("1234"), Numbers: []credential.NumberChange{
					{Slot: cardinal.Primary, Number: number(s.t, "90210")}, {Slot: cardinal.Secondary, Number: number(s.t, "555666")},
				}})
				refusedFor(s.t, refused, cardinal.CodePolicyViolation, "taken", "sequential", "common")
				same(s.t, "primaryCardNumber", cardinal.ViolationsOf(refused)[0].Field)
				_, refused = s.apply(s.admin(), "anna", credential.Change{RemovePIN: true, Numbers: []credential.NumberChange{{Slot: cardinal.Primary, Number: number(s.t, "90210")}}})
				refusedFor(s.t, refused, cardinal.CodeConflict, "taken")
				_, refused = s.apply(s.admin(), "anna", credential.Change{PIN: cardinal.NewPIN("1234"), Numbers: []credential.NumberChange{{Slot: cardinal.Primary}}})
				refusedFor(s.t, refused, cardinal.CodePolicyViolation, "sequential", "common")
			})
		})
		story("the PIN is judged beside the numbers as they will be", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "604829")
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "personal")
			change := credential.Change{PIN: cardinal.NewPIN("604829"), Numbers: []credential.NumberChange{{Slot: cardinal.Primary, Number: number(s.t, "750318")}}}
			changed, refused := s.apply(s.admin(), "anna", change)
			if refused != nil || !changed {
				s.t.Errorf("changed %t, refused %v", changed, refused)
			}
			change.PIN = cardinal.NewPIN("90x750318")
			_, refused = s.apply(s.admin(), "anna", change)
			refusedFor(s.t, refused, cardinal.CodePolicyViolation, "personal")
		})
		story("nothing wanted is nothing done", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.unchanged("anna", func() {
				for _, change := range []credential.Change{
					{}, {RemovePIN: true}, {Numbers: []credential.NumberChange{{Slot: cardinal.Primary, Number: number(s.t, "4711")}, {Slot: cardinal.Secondary}}},
				} {
					if changed, refused := s.apply(s.admin(), "anna", change); changed || refused != nil {
						s.t.Errorf("changed %t, refused %v", changed, refused)
					}
				}
			})
		})
	})
}

func TestProbesAreLimited(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		probe := func(s *shop, caller cardinal.Caller, username string, times int, pin string) {
			s.t.Helper()
			for range times {
				refusedFor(s.t, s.setPIN(caller, username, pin), cardinal.CodePolicyViolation, "reused")
			}
		}
		story("ten a day for a user", func(s *shop) {
			s.mustSetPIN("anna", "604829")
			probe(s, s.admin(), "anna", 5, "604829")
			probe(s, s.token(), "anna", 5, "604829")
			for _, pin := range []string{"604829", "750318"} { // no answer tells one from the other
				refusedFor(s.t, s.setPIN(s.admin(), "anna", pin), cardinal.CodeRateLimited)
			}
			s.mustSetPIN("bert", "604829")
			refusedFor(s.t, s.setPIN(s.admin(), "bert", "1234"), cardinal.CodePolicyViolation, "sequential", "common")
			if _, _, err := s.door.GeneratePIN(s.t.Context(), s.admin(), "anna", 0); err != nil {
				s.t.Errorf("the refusal says to have a PIN generated, but: %v", err)
			}
			s.Clock.Add(12 * time.Hour)
			s.mustSetPIN("anna", "750318")
		})
		story("a hundred a day for a caller", func(s *shop) {
			usernames := []string{}
			for i := range 11 {
				usernames = append(usernames, fmt.Sprint("user", i))
			}
			storetest.Users(s.t, s.store, s.customer, usernames...)
			for _, username := range usernames {
				s.mustSetPIN(username, "604829")
			}
			for _, username := range usernames[:10] {
				probe(s, s.admin(), username, 10, "604829")
			}
			refusedFor(s.t, s.setPIN(s.admin(), usernames[10], "604829"), cardinal.CodeRateLimited)
			probe(s, s.token(), usernames[10], 1, "604829")
		})
		story("also for an administrator's own account", func(s *shop) {
			anna := s.self("anna")
			anna.Role = cardinal.RoleHelpdesk
			s.mustSetPIN("anna", "604829")
			probe(s, anna, "anna", 10, "604829")
			refusedFor(s.t, s.setPIN(anna, "anna", "750318"), cardinal.CodeRateLimited)
		})
		story("refusals that tell nothing are not counted", func(s *shop) {
			for range 12 {
				refusedFor(s.t, s.setPIN(s.admin(), "anna", "1234"), cardinal.CodePolicyViolation, "sequential", "common")
			}
			s.mustSetPIN("anna", "604829")
		})
	})
}

func TestPINsThatIdentify(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("a taken one is refused without a reason, and counted", func(s *shop) {
			s.set("pin.identifies-user", true)
			s.mustSetPIN("bert", "604829")
			s.mustSetPIN("anna", "750318")
			s.unchanged("anna", func() {
				refused := s.setPIN(s.admin(), "anna", "604829")
				refusedFor(s.t, refused, cardinal.CodePolicyViolation, "not_available")
				for _, word := range []string{"taken", "bert", "somebody", "another user", "use by", "already"} {
					if strings.Contains(strings.ToLower(refused.Error()+cardinal.ViolationsOf(refused)[0].Message), word) {
						s.t.Errorf("the refusal says %q: %v", word, cardinal.ViolationsOf(refused))
					}
				}
			})
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "750318"), cardinal.CodePolicyViolation, "reused")
			for range 8 {
				refusedFor(s.t, s.setPIN(s.admin(), "anna", "604829"), cardinal.CodePolicyViolation, "not_available")
			}
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "604829"), cardinal.CodeRateLimited)
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "938204"), cardinal.CodeRateLimited)
		})
		story("another customer may have the same", func(s *shop) {
			s.set("pin.identifies-user", true)
			s.mustSetPIN("anna", "604829")
			other := *s
			other.customer = storetest.Customer(s.t, s.store, "their neighbour").ID
			storetest.Users(s.t, s.store, other.customer, "anna")
			other.set("pin.identifies-user", true)
			other.mustSetPIN("anna", "604829")
		})
		story("a PIN from before the mode cannot identify", func(s *shop) {
			s.mustSetPIN("bert", "604829")
			s.set("pin.identifies-user", true)
			storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				_, err := s.door.FindPIN(ctx, tx, s.customer, cardinal.NewPIN("604829"))
				refusedFor(s.t, err, cardinal.CodeNotFound)
				return nil
			})
			same(s.t, true, s.has("bert", "604829"))
			s.mustSetPIN("bert", "750318")
			storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				found, err := s.door.FindPIN(ctx, tx, s.customer, cardinal.NewPIN("750318"))
				same(s.t, s.user("bert").ID, found.User)
				return err
			})
		})
		story("one of many who ask for the same gets it", func(s *shop) {
			s.set("pin.identifies-user", true)
			nodes := []*shop{s, s.at(s.Open(s.t), s.Ring), s.at(s.Open(s.t), s.Ring)}
			usernames := manyUsers(s, 24)
			errs := inParallel(len(usernames), func(i int) error { return nodes[i%3].setPIN(s.admin(), usernames[i], "604829") })
			same(s.t, map[cardinal.Code]int{"": 1, cardinal.CodePolicyViolation: 23}, byCode(errs))
		})
		story("many who have one generated all get one", func(s *shop) {
			s.set("pin.identifies-user", true)
			s.set("pin.generated-length", 4)
			nodes := []*shop{s, s.at(s.Open(s.t), s.Ring), s.at(s.Open(s.t), s.Ring)}
			usernames := manyUsers(s, 60)
			errs := inParallel(len(usernames), func(i int) error {
				_, _, err := nodes[i%3].door.GeneratePIN(s.t.Context(), s.admin(), usernames[i], 0)
				return err
			})
			same(s.t, map[cardinal.Code]int{"": 60}, byCode(errs))
		})
	})
}

func TestCheckPolicy(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		check := func(s *shop, caller cardinal.Caller, pin, username string) []string {
			s.t.Helper()
			violations, err := s.door.CheckPolicy(s.t.Context(), caller, cardinal.NewPIN(pin), username)
			if err != nil {
				s.t.Fatal(err)
			}
			return cardinal.ViolationCodes(violations)
		}
		story("never tells whether a PIN is somebody's, and writes nothing", func(s *shop) {
			s.set("pin.identifies-user", true)
			s.mustSetPIN("anna", "604829")
			s.unchanged("anna", func() {
				for range 12 {
					same(s.t, []string{}, check(s, s.admin(), "604829", "anna"))
					same(s.t, []string{}, check(s, s.admin(), "604829", "bert"))
				}
				same(s.t, []string{"sequential", "common"}, check(s, s.token(), "1234", ""))
			})
			s.mustSetPIN("anna", "750318")
		})
		story("looks at personal details for those who may", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "604829")
			same(s.t, []string{"personal"}, check(s, s.admin(), "604829", "anna"))
			same(s.t, []string{"personal"}, check(s, s.self("anna"), "xanna7", "anna"))
			same(s.t, []string{}, check(s, s.self("anna"), "604829", "anna")) // or the page would tell a masked number
			for _, username := range []string{"bert", "nobody"} {
				_, err := s.door.CheckPolicy(s.t.Context(), s.self("anna"), cardinal.NewPIN("604829"), username)
				refusedFor(s.t, err, cardinal.CodeForbidden)
			}
			_, err := s.door.CheckPolicy(s.t.Context(), s.admin(), cardinal.NewPIN("604829"), "nobody")
			refusedFor(s.t, err, cardinal.CodeNotFound)
		})
	})
}

func TestRefusalsOverTheAPIAreLogged(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("with what the log promises and nothing of the PIN", func(s *shop) {
			s.set("customer.name", "Pilsen Print")
			refusedFor(s.t, s.setPIN(s.token(), "ANNA", "123456"), cardinal.CodePolicyViolation, "sequential", "common")
			var line map[string]any
			if err := json.Unmarshal([]byte(s.log.String()), &line); err != nil {
				s.t.Fatalf("the log is not one line: %q", s.log)
			}
			delete(line, "time")
			same(s.t, map[string]any{
				"level": "WARN", "msg": "PIN refused", "requestId": "request-7", "customer": "Pilsen Print", "customerId": string(s.customer), "username": "anna",
				"caller": "token provisioning", "violations": []any{"sequential", "common"},
			}, line)
		})
		story("those on a page are not", func(s *shop) {
			refusedFor(s.t, s.setPIN(s.admin(), "anna", "123456"), cardinal.CodePolicyViolation, "sequential", "common")
			same(s.t, "", s.log.String())
		})
	})
}

func TestMessagesAreThePolicys(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("one place for the words", func(s *shop) {
			err := s.setPIN(s.admin(), "anna", "12")
			for _, v := range cardinal.ViolationsOf(err) {
				if want := policy.ViolationFor(v.Code, cardinal.Policy{MinLength: 4, MaxLength: 16, Characters: cardinal.LettersAndDigits}); !v.Equal(want) {
					s.t.Errorf("%+v, want %+v", v, want)
				}
			}
		})
	})
}

func manyUsers(s *shop, count int) []string {
	usernames := make([]string, count)
	for i := range usernames {
		usernames[i] = fmt.Sprint("user", i)
	}
	storetest.Users(s.t, s.store, s.customer, usernames...)
	return usernames
}
