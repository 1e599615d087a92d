package credential_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// The sentence of the seed, to the letter, and its counterpart for PINs.
const (
	tooManyNumbers = "Your ID number has been changed too many times. Please contact your system administrator for assistance."
	tooManyPINs    = "Your PIN has been changed too many times. Please contact your system administrator for assistance."
)

// inParallel runs do many times at once and returns the errors.
func inParallel(times int, do func(i int) error) []error {
	errs := make([]error, times)
	var work sync.WaitGroup
	for i := range times {
		work.Go(func() { errs[i] = do(i) })
	}
	work.Wait()
	return errs
}

func byCode(errs []error) map[cardinal.Code]int {
	counts := map[cardinal.Code]int{}
	for _, err := range errs {
		counts[cardinal.CodeOf(err)]++
	}
	return counts
}

func (s *shop) press(username string) error {
	_, err := s.door.ChangeOwnNumber(s.t.Context(), s.self(username), cardinal.Secret{})
	return err
}

func (s *shop) typeNumber(username, text string) error {
	_, err := s.door.ChangeOwnNumber(s.t.Context(), s.self(username), cardinal.NewToken(text).Secret)
	return err
}

func (s *shop) typePIN(username, current, pin string) error {
	_, _, err := s.door.ChangeOwnPIN(s.t.Context(), s.self(username), credential.OwnPIN{Current: cardinal.NewPIN(current), New: cardinal.NewPIN(pin)})
	return err
}

// usedUp asks for exactly the sentence.
func usedUp(t *testing.T, err error, sentence string) {
	t.Helper()
	if cardinal.CodeOf(err) != cardinal.CodeRateLimited || err.Error() != sentence {
		t.Fatalf("answered %v, want: %s", err, sentence)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSelfServiceIsOffUnlessAllowed(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("each option by itself", func(s *shop) {
			s.unchanged("anna", func() {
				for range 4 {
					refusedFor(s.t, s.press("anna"), cardinal.CodeNotFound)
					refusedFor(s.t, s.typePIN("anna", "", "604829"), cardinal.CodeNotFound)
				}
				options, err := s.door.OwnOptions(s.t.Context(), s.self("anna"))
				ok(s.t, err)
				same(s.t, [3]bool{}, [3]bool{options.Any(), options.PIN, options.Number})
			})
			s.set("user.can-change-pin", true)
			refusedFor(s.t, s.press("anna"), cardinal.CodeNotFound)
			ok(s.t, s.typePIN("anna", "", "604829"))
			s.set("user.can-change-pin", false)
			s.set("user.can-change-card-id", true)
			refusedFor(s.t, s.typePIN("anna", "", "750318"), cardinal.CodeNotFound)
			ok(s.t, s.press("anna"))
			options, err := s.door.OwnOptions(s.t.Context(), s.self("anna"))
			ok(s.t, err)
			same(s.t, [4]bool{true, false, true, true}, [4]bool{options.Any(), options.PIN, options.Number, options.AutoNumber})
		})
		story("only people have details of their own", func(s *shop) {
			s.set("user.can-change-card-id", true)
			s.set("user.can-change-pin", true)
			for _, caller := range []cardinal.Caller{s.token(), cardinal.System(s.customer), cardinal.Console(s.customer), {Customer: s.customer}} {
				caller.User = s.user("anna").ID
				_, err := s.door.ChangeOwnNumber(s.t.Context(), caller, cardinal.Secret{})
				refusedFor(s.t, err, cardinal.CodeForbidden)
				_, _, err = s.door.ChangeOwnPIN(s.t.Context(), caller, credential.OwnPIN{New: cardinal.NewPIN("604829")})
				refusedFor(s.t, err, cardinal.CodeForbidden)
				_, err = s.door.OwnOptions(s.t.Context(), caller)
				refusedFor(s.t, err, cardinal.CodeForbidden)
			}
			stranger := s.self("anna")
			stranger.Customer = storetest.Customer(s.t, s.store, "not theirs").ID
			_, err := s.door.ChangeOwnNumber(s.t.Context(), stranger, cardinal.Secret{})
			refusedFor(s.t, err, cardinal.CodeNotFound)
		})
	})
}

func TestChangeNumber(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("replaces the number by a new random one", func(s *shop) {
			s.set("user.can-change-card-id", true)
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("anna", cardinal.Secondary, "4712")
			got, err := s.door.ChangeOwnNumber(s.t.Context(), s.self("anna"), cardinal.NewToken("typed 90210").Secret)
			ok(s.t, err)
			same(s.t, []string{got.Reveal(), "4712"}, s.numbers("anna"))
			same(s.t, 8, len(got.Reveal()))
			ok(s.t, s.setNumber("bert", cardinal.Primary, "4711")) // the old one is free in the same transaction
			s.set("user.can-change-card-id.which", "secondary")
			second, err := s.door.ChangeOwnNumber(s.t.Context(), s.self("anna"), cardinal.Secret{})
			ok(s.t, err)
			same(s.t, []string{got.Reveal(), second.Reveal()}, s.numbers("anna"))
		})
		story("past the limit nothing changes and the page says so", func(s *shop) {
			s.set("user.can-change-card-id", true)
			for range 3 {
				ok(s.t, s.press("anna"))
			}
			s.unchanged("anna", func() {
				for range 3 {
					usedUp(s.t, s.press("anna"), tooManyNumbers)
				}
			})
			ok(s.t, s.press("bert"))
		})
		story("a press that was refused counts as well", func(s *shop) {
			s.set("user.can-change-card-id", true)
			s.set("user.can-change-card-id.auto-generate", false)
			s.mustSetNumber("bert", cardinal.Secondary, "90210")
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.unchanged("anna", func() {
				refused := s.typeNumber("anna", "90210")
				refusedFor(s.t, refused, cardinal.CodeConflict, "taken")
				same(s.t, "This card number is taken. Choose another one.", refused.Error())
				refusedFor(s.t, s.typeNumber("anna", "4.2E+12"), cardinal.CodeInvalid, "spoilt")
				refusedFor(s.t, s.typeNumber("anna", " \r"), cardinal.CodeInvalid, "required")
				usedUp(s.t, s.typeNumber("anna", "555666"), tooManyNumbers)
			})
		})
		story("a number of one's own choosing", func(s *shop) {
			s.set("user.can-change-card-id", true)
			s.set("user.can-change-card-id.auto-generate", false)
			ok(s.t, s.typeNumber("anna", "  AbC12=trailer\r"))
			same(s.t, []string{"AbC12"}, s.numbers("anna"))
		})
		story("0 is no change and -1 no limit", func(s *shop) {
			s.set("user.can-change-card-id", true)
			s.set("user.can-change-card-id.num-times-per-day", 0)
			s.unchanged("anna", func() { usedUp(s.t, s.press("anna"), tooManyNumbers) })
			s.set("user.can-change-card-id.num-times-per-day", -1)
			for range 6 {
				ok(s.t, s.press("anna"))
			}
		})
		story("what administrators do is not counted, and they can reset", func(s *shop) {
			s.set("user.can-change-card-id", true)
			for i := range 5 {
				s.mustSetNumber("anna", cardinal.Primary, fmt.Sprint("4711", i))
				_, err := s.door.GenerateNumber(s.t.Context(), s.admin(), "anna", cardinal.Primary)
				ok(s.t, err)
			}
			for range 3 {
				ok(s.t, s.press("anna"))
			}
			usedUp(s.t, s.press("anna"), tooManyNumbers)
			ok(s.t, s.door.ResetChangeCounts(s.t.Context(), s.admin(), "anna"))
			ok(s.t, s.press("anna"))
			entries := storetest.Audit(s.t, s.store, s.customer)
			same(s.t, "user.change-counts-reset", entries[len(entries)-2].Action)
		})
		story("one hundred presses at once on three nodes are three changes", func(s *shop) {
			s.set("user.can-change-card-id", true)
			nodes := []*shop{s, s.at(s.Open(s.t), s.Ring), s.at(s.Open(s.t), s.Ring)}
			anna := s.self("anna")
			errs := inParallel(100, func(i int) error {
				_, err := nodes[i%3].door.ChangeOwnNumber(s.t.Context(), anna, cardinal.Secret{})
				return err
			})
			same(s.t, map[cardinal.Code]int{"": 3, cardinal.CodeRateLimited: 97}, byCode(errs))
			same(s.t, []string{"card-number.changed", "card-number.changed", "card-number.changed"}, s.actions())
			same(s.t, 1, len(s.numbers("anna")))
		})
	})
}

func TestTheDayIsTheCustomersCalendarDay(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		for _, c := range []struct {
			name, zone string
			presses    []string // in UTC
			fresh      []bool   // whether a new day begins at that press
		}{
			{"at midnight", "Europe/Prague",
				[]string{"2026-03-02T22:59:59.999Z", "2026-03-02T23:00:00Z", "2026-03-03T22:59:59Z", "2026-03-03T23:00:00Z"}, []bool{true, true, false, true}},
			{"not at midnight UTC", "America/New_York",
				[]string{"2026-03-02T23:59:59Z", "2026-03-03T00:00:01Z", "2026-03-03T04:59:59Z", "2026-03-03T05:00:00Z"}, []bool{true, false, false, true}},
			{"on a day of 23 hours", "Europe/Prague",
				[]string{"2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"}, []bool{true, false, true}},
			{"on a day of 25 hours", "Europe/Prague",
				[]string{"2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"}, []bool{true, false, true}},
			{"where midnight is skipped", "Africa/Cairo", // 24 April 2026 begins at 01:00
				[]string{"2026-04-23T21:59:59Z", "2026-04-23T22:00:00Z"}, []bool{true, true}},
			{"where the last hour comes twice", "Africa/Cairo", // 29 October 2026 ends at midnight, an hour late
				[]string{"2026-10-29T20:30:00Z", "2026-10-29T21:30:00Z", "2026-10-29T22:00:00Z"}, []bool{true, false, true}},
			{"when the clock is set back over midnight and forth again", "UTC",
				[]string{"2026-03-02T23:30:00Z", "2026-03-03T00:30:00Z", "2026-03-02T23:30:00Z", "2026-03-03T00:30:00Z"}, []bool{true, true, false, false}},
			{"when the clock jumps an hour within a day", "UTC",
				[]string{"2026-03-02T10:30:00Z", "2026-03-02T11:30:00Z", "2026-03-02T09:30:00Z"}, []bool{true, false, false}},
		} {
			story(c.name, func(s *shop) {
				s.set("user.can-change-card-id", true)
				s.set("user.can-change-card-id.num-times-per-day", 1)
				s.set("customer.time-zone", c.zone)
				for i, text := range c.presses {
					at, err := time.Parse(time.RFC3339, text)
					ok(s.t, err)
					s.Clock.Set(at)
					if err := s.press("anna"); (err == nil) != c.fresh[i] {
						s.t.Errorf("at %s: %v, but a new day: %t", at.In(mustZone(s.t, c.zone)), err, c.fresh[i])
					}
				}
			})
		}
	})
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	ok(t, err)
	return zone
}

func TestChangeOwnPIN(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("every submission counts, and past the limit nothing changes", func(s *shop) {
			s.set("user.can-change-pin", true)
			ok(s.t, s.typePIN("anna", "", "604829"))
			for range 4 {
				refusedFor(s.t, s.typePIN("anna", "", "1234"), cardinal.CodePolicyViolation, "sequential", "common")
				refusedFor(s.t, s.typePIN("anna", "", "604829"), cardinal.CodePolicyViolation, "reused")
			}
			ok(s.t, s.typePIN("anna", "", "750318"))
			s.unchanged("anna", func() { usedUp(s.t, s.typePIN("anna", "", "938204"), tooManyPINs) })
			same(s.t, true, s.has("anna", "750318"))
			counts, err := s.door.ChangesToday(s.t.Context(), s.admin(), "anna")
			ok(s.t, err)
			same(s.t, credential.ChangesToday{PIN: 10, MostPIN: 10, MostNumber: 3}, counts)
			s.mustSetPIN("anna", "938204") // what the user tried is no probe of the administrator
		})
		story("has a limit that can be changed, and reset", func(s *shop) {
			s.set("user.can-change-pin", true)
			s.set("user.can-change-pin.num-times-per-day", 1)
			ok(s.t, s.typePIN("anna", "", "604829"))
			usedUp(s.t, s.typePIN("anna", "", "750318"), tooManyPINs)
			ok(s.t, s.door.ResetChangeCounts(s.t.Context(), s.admin(), "anna"))
			ok(s.t, s.typePIN("anna", "", "750318"))
		})
		story("asks for the present PIN where it should and there is one", func(s *shop) {
			s.set("user.can-change-pin", true)
			s.set("user.can-change-pin.ask-current", true)
			s.set("pin.expiration-hours", 1)
			asks := func() bool {
				options, err := s.door.OwnOptions(s.t.Context(), s.self("anna"))
				ok(s.t, err)
				return options.AskCurrent
			}
			same(s.t, false, asks())
			ok(s.t, s.typePIN("anna", "", "604829"))
			same(s.t, true, asks())
			s.unchanged("anna", func() {
				for _, wrong := range []string{"", "750318", "60482", "604829 "} {
					refusedFor(s.t, s.typePIN("anna", wrong, "938204"), cardinal.CodeInvalid, "invalid")
				}
			})
			ok(s.t, s.typePIN("anna", "604829", "938204"))
			s.Clock.Add(time.Hour)
			same(s.t, false, asks())
			ok(s.t, s.typePIN("anna", "", "482057"))
		})
		story("is generated where PINs identify", func(s *shop) {
			s.set("user.can-change-pin", true)
			s.set("pin.identifies-user", true)
			s.mustSetPIN("bert", "604829")
			for _, pin := range []string{"604829", "750318"} {
				refusedFor(s.t, s.typePIN("anna", "", pin), cardinal.CodeInvalid, "invalid")
			}
			pin, state, err := s.door.ChangeOwnPIN(s.t.Context(), s.self("anna"), credential.OwnPIN{Generate: true})
			ok(s.t, err)
			same(s.t, [2]bool{true, true}, [2]bool{state.Generated, s.has("anna", pin.Reveal())})
		})
		story("ten of a hundred at once, and the last one written is the one that signs in", func(s *shop) {
			s.set("user.can-change-pin", true)
			nodes := []*shop{s, s.at(s.Open(s.t), s.Ring), s.at(s.Open(s.t), s.Ring)}
			anna := s.self("anna")
			errs := inParallel(100, func(i int) error {
				_, _, err := nodes[i%3].door.ChangeOwnPIN(s.t.Context(), anna, credential.OwnPIN{Generate: true})
				return err
			})
			same(s.t, map[cardinal.Code]int{"": 10, cardinal.CodeRateLimited: 90}, byCode(errs))
			same(s.t, 10, len(s.actions()))
		})
	})
}

func TestChangesTodayAreOfTheDay(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("and for those who may read users", func(s *shop) {
			s.set("user.can-change-card-id", true)
			ok(s.t, s.press("anna"))
			refused, err := s.door.ChangesToday(s.t.Context(), s.admin(), "anna")
			ok(s.t, err)
			same(s.t, 1, refused.Number)
			s.Clock.Add(12 * time.Hour)
			fresh, err := s.door.ChangesToday(s.t.Context(), s.admin(), "anna")
			ok(s.t, err)
			same(s.t, 0, fresh.Number)
			_, err = s.door.ChangesToday(s.t.Context(), s.self("bert"), "anna")
			refusedFor(s.t, err, cardinal.CodeForbidden)
			storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				key := store.ChangeKey{Customer: s.customer, Subject: store.UserSubject(s.user("anna").ID), Kind: "card-number", Day: "2026-03-02"}
				count, err := tx.ChangeCount(ctx, key)
				same(s.t, 1, count)
				return err
			})
		})
	})
}
