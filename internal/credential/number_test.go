package credential_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func TestANumberIsOneUsers(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("whichever slot it is in and however it is written", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "AbC123")
			for _, slot := range cardinal.Slots() {
				for _, text := range []string{"AbC123", "aBc123", " ABC123\r", "abc123=7"} {
					s.unchanged("bert", func() {
						refused := s.setNumber("bert", slot, text)
						refusedFor(s.t, refused, cardinal.CodeConflict, "taken")
						same(s.t, string(slot)+"CardNumber", cardinal.ViolationsOf(refused)[0].Field)
						if strings.Contains(refused.Error(), "anna") || strings.Contains(strings.ToLower(refused.Error()), "abc") {
							s.t.Errorf("the refusal tells too much: %v", refused)
						}
					})
				}
			}
			s.unchanged("anna", func() {
				refusedFor(s.t, s.setNumber("anna", cardinal.Secondary, "abc123"), cardinal.CodeConflict, "taken")
			})
			s.mustSetNumber("anna", cardinal.Primary, "abc123") // one's own, in another case
			same(s.t, []string{"abc123"}, s.numbers("anna"))
		})
		story("and another's as soon as it is free", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("anna", cardinal.Primary, "4712")
			s.mustSetNumber("bert", cardinal.Secondary, "4711")
			s.mustSetNumber("anna", cardinal.Primary, "")
			s.mustSetNumber("bert", cardinal.Primary, "4712")
			same(s.t, []string{"4712", "4711"}, s.numbers("bert"))
			same(s.t, []string{}, s.numbers("anna"))
		})
		story("a user's own two change places", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("anna", cardinal.Secondary, "4712")
			_, refused := s.apply(s.admin(), "anna", credential.Change{Numbers: []credential.NumberChange{
				{Slot: cardinal.Primary, Number: number(s.t, "4712")}, {Slot: cardinal.Secondary, Number: number(s.t, "4711")},
			}})
			ok(s.t, refused)
			same(s.t, []string{"4712", "4711"}, s.numbers("anna"))
			s.unchanged("anna", func() {
				_, refused := s.apply(s.admin(), "anna", credential.Change{Numbers: []credential.NumberChange{
					{Slot: cardinal.Primary, Number: number(s.t, "90210")}, {Slot: cardinal.Secondary, Number: number(s.t, "90210")},
				}})
				refusedFor(s.t, refused, cardinal.CodeConflict, "taken")
			})
		})
		story("another customer's users may have the same", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			other := *s
			other.customer = storetest.Customer(s.t, s.store, "with the same numbers").ID
			storetest.Users(s.t, s.store, other.customer, "anna")
			other.mustSetNumber("anna", cardinal.Primary, "4711")
		})
		story("of a hundred who take it at once", func(s *shop) {
			nodes := []*shop{s, s.at(s.Open(s.t), s.Ring), s.at(s.Open(s.t), s.Ring)}
			usernames := manyUsers(s, 50)
			one := number(s.t, "4711")
			errs := inParallel(100, func(i int) error {
				change := credential.NumberChange{Slot: cardinal.Slots()[i%2], Number: one}
				return nodes[i%3].door.SetNumber(s.t.Context(), s.admin(), usernames[i/2], change)
			})
			same(s.t, map[cardinal.Code]int{"": 1, cardinal.CodeConflict: 99}, byCode(errs))
			same(s.t, []string{"card-number.changed"}, s.actions())
		})
	})
}

func number(t *testing.T, text string) cardinal.CardNumber {
	t.Helper()
	n, err := cardinal.ParseCardNumber("number", text)
	ok(t, err)
	return n
}

func TestNumbersInTheAudit(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("stand masked, before and after", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "90210555")
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("anna", cardinal.Primary, "")
			s.mustSetNumber("anna", cardinal.Primary, "")
			got := [][2]string{}
			for _, e := range storetest.Audit(s.t, s.store, s.customer) {
				same(s.t, [2]string{"card-number.changed", "user anna"}, [2]string{e.Action, e.Subject})
				got = append(got, [2]string{e.Before, e.After})
			}
			same(s.t, [][2]string{{"", `{"primary":"••••0555"}`}, {`{"primary":"••••0555"}`, `{"primary":"••••1"}`}, {`{"primary":"••••1"}`, ""}}, got)
		})
	})
}

func TestWhoSeesNumbers(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("those who may, and people their own as the setting says", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "90210555")
			s.mustSetNumber("anna", cardinal.Secondary, "47")
			full, masked := []string{"90210555", "47"}, []string{"••••0555", "••••7"}
			for role, want := range map[cardinal.Role][]string{
				cardinal.RoleUser: masked, cardinal.RoleAuditor: masked, cardinal.RoleProvisioner: full, cardinal.RoleHelpdesk: full, cardinal.RoleAdministrator: full,
			} {
				same(s.t, want, s.seen(cardinal.Caller{Kind: cardinal.CallerToken, Customer: s.customer, Role: role}, "anna"))
			}
			for view, want := range map[setting.View][]string{
				setting.ViewNone: masked, setting.ViewPrimary: {full[0], masked[1]}, setting.ViewSecondary: {masked[0], full[1]}, setting.ViewBoth: full,
			} {
				s.set("user.can-view-card-id", view)
				same(s.t, want, s.seen(s.self("anna"), "anna"))
				same(s.t, masked, s.seen(s.self("bert"), "anna"))
				device := s.self("anna")
				device.Kind = cardinal.CallerDevice
				same(s.t, masked, s.seen(device, "anna"))
			}
		})
	})
}

func TestFindNumber(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("finds whose it is, in either slot", func(s *shop) {
			s.mustSetNumber("anna", cardinal.Primary, "4711")
			s.mustSetNumber("bert", cardinal.Secondary, "abc")
			storetest.Read(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
				for text, username := range map[string]string{"4711": "anna", "ABC": "bert"} {
					found, err := s.door.FindNumber(ctx, tx, s.customer, number(s.t, text))
					ok(s.t, err)
					same(s.t, s.user(username).ID, found.User)
				}
				_, err := s.door.FindNumber(ctx, tx, s.customer, number(s.t, "471"))
				refusedFor(s.t, err, cardinal.CodeNotFound)
				_, err = s.door.FindNumber(ctx, tx, "another customer", number(s.t, "4711"))
				refusedFor(s.t, err, cardinal.CodeNotFound)
				return nil
			})
		})
	})
}

func TestGeneratingNumbers(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*shop))) {
		story("gives digits of the setting's length, the first not 0", func(s *shop) {
			for _, length := range []int{4, 8, 18} {
				s.set("user.card-id.generated-length", length)
				for range 10 {
					got, err := s.door.GenerateNumber(s.t.Context(), s.admin(), "anna", cardinal.Secondary)
					ok(s.t, err)
					text := got.Reveal()
					if len(text) != length || text[0] == '0' || strings.Trim(text, "0123456789") != "" {
						s.t.Errorf("not %d digits, or 0 in front", length)
					}
					same(s.t, []string{text}, s.numbers("anna"))
				}
			}
		})
		story("gives new users a primary number where the setting wants it", func(s *shop) {
			newUser := func(username string) []string {
				storetest.Write(s.t, s.store, func(ctx context.Context, tx *store.Tx) error {
					user := cardinal.User{ID: cardinal.UserID(tx.NewID()), Customer: s.customer, Username: username, Role: cardinal.RoleUser}
					if err := tx.AddUser(ctx, user); err != nil {
						return err
					}
					texts, err := tx.SettingTexts(ctx, s.customer)
					if err != nil {
						return err
					}
					return s.door.GenerateForNew(ctx, tx, credential.Acting{Caller: s.admin(), Settings: setting.Load(texts)}, user)
				})
				return s.numbers(username)
			}
			same(s.t, 0, len(newUser("carl")))
			s.set("user.card-id.generate-for-new-users", true)
			same(s.t, 1, len(newUser("dora")))
		})
		story("refuses where hardly any number is left, and names the setting", func(s *shop) {
			s.set("user.card-id.generated-length", 4)
			takeAll(s)
			drawn := &counted{}
			door := credential.New(s.store, s.Ring, drawn, slog.New(slog.DiscardHandler))
			s.unchanged("anna", func() {
				_, err := door.GenerateNumber(s.t.Context(), s.admin(), "anna", cardinal.Primary)
				refusedFor(s.t, err, cardinal.CodeInvalid, "invalid")
				same(s.t, "user.card-id.generated-length", cardinal.ViolationsOf(err)[0].Field)
				if !strings.Contains(err.Error(), "user.card-id.generated-length") {
					s.t.Errorf("the refusal does not name the setting: %v", err)
				}
			})
			if drawn.reads > 100 {
				s.t.Errorf("it drew %d times before it gave up", drawn.reads)
			}
			s.set("user.card-id.generated-length", 5)
			_, err := s.door.GenerateNumber(s.t.Context(), s.admin(), "anna", cardinal.Primary)
			ok(s.t, err)
		})
	})
}

// counted is crypto/rand that counts how often it is asked.
type counted struct{ reads int }

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	return rand.Read(p)
}

// takeAll gives all numbers of four digits that can be generated to users,
// behind the store's back.
func takeAll(s *shop) {
	s.t.Helper()
	db, err := sql.Open(s.Driver())
	ok(s.t, err)
	defer func() { ok(s.t, db.Close()) }()
	tx, err := db.BeginTx(s.t.Context(), nil)
	ok(s.t, err)
	user, err := tx.PrepareContext(s.t.Context(), `INSERT INTO users (id, customer_id, username, username_key, full_name, email, department, notes,
		role, disabled, source, search_key, password_hash, password_must_change, created_at, updated_at, revision)
		VALUES ($1, $2, $1, $1, '', '', '', '', 'user', FALSE, '', '', '', FALSE, 0, 0, 1)`)
	ok(s.t, err)
	taken, err := tx.PrepareContext(s.t.Context(), `INSERT INTO card_numbers (user_id, slot, customer_id, key_version, tag, sealed, number_end, digits, created_at)
		VALUES ($1, 'primary', $2, 1, $3, $3, '', 4, 0)`)
	ok(s.t, err)
	for n := 1000; n <= 9999; n++ {
		text := fmt.Sprint(n)
		if text[:2] == text[2:] || strings.Contains("0123456789", text) || strings.Contains("9876543210", text) {
			continue // never generated
		}
		id := fmt.Sprint(s.customer, " ", text)
		_, err := user.ExecContext(s.t.Context(), id, s.customer)
		ok(s.t, err)
		_, err = taken.ExecContext(s.t.Context(), id, s.customer, s.Ring.NumberTags(s.customer, number(s.t, text))[0].Sum)
		ok(s.t, err)
	}
	ok(s.t, tx.Commit())
}
