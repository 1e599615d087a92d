package notify_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/letter"
	"cardinal/internal/mailsink"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// tellOfAll switches all e-mails about what has happened on.
func (p *post) tellOfAll() {
	p.t.Helper()
	c := p.configure(p.plain("Relay"), notify.Secrets{})
	p.set(map[string]any{
		"mail.messaging-configuration": string(c.ID), "mail.pin-changed": "pin-changed", "mail.pin-removed": "pin-removed",
		"mail.card-number-generated": "card-number-generated", "mail.account-locked": "account-locked",
	})
}

// tell writes a notification that somebody else has cause for.
func (p *post) tell(username string, news notify.News) {
	p.t.Helper()
	storetest.Write(p.t, p.store, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.LockUserByName(ctx, p.customer, username)
		if err != nil {
			return err
		}
		texts, err := tx.SettingTexts(ctx, p.customer)
		if err != nil {
			return err
		}
		return notify.Tell(ctx, tx, p.Ring, setting.Load(texts), u, news)
	})
}

func TestTelling(t *testing.T) {
	stories(t, func(_ *testing.T, story func(string, func(*post))) {
		story("users are told what the door did to them, if the settings want it", func(p *post) {
			generate := func() cardinal.CardNumber {
				number, err := p.door.GenerateNumber(p.t.Context(), p.admin, "anna", cardinal.Primary)
				if err != nil {
					p.t.Fatal(err)
				}
				return number
			}
			p.pin("anna", "604829")
			p.pin("anna", "750318")
			generate()
			same(p.t, 0, len(p.notifications()))
			p.tellOfAll()
			p.pin("bert", "604829") // their first
			p.pin("anna", "860317")
			number := generate()
			if err := p.door.RemovePIN(p.t.Context(), p.admin, "anna"); err != nil {
				p.t.Fatal(err)
			}
			p.round()
			same(p.t, []string{"anna sent", "anna sent", "anna sent"}, p.states())
			var texts []string
			for _, m := range p.sink.Messages() {
				texts = append(texts, m.Text)
			}
			if all := strings.Join(texts, "\n"); strings.Count(all, number.Reveal()) != 1 || strings.Contains(all, "860317") || !strings.Contains(all, "2 March 2026") && !strings.Contains(all, "March 2, 2026") {
				p.t.Errorf("they were told\n%s", all)
			}
		})
		story("a refused change tells nobody", func(p *post) {
			p.tellOfAll()
			p.pin("anna", "604829")
			if _, err := p.door.SetPIN(p.t.Context(), p.admin, "anna", cardinal.NewPIN("1234")); err == nil {
				p.t.Fatal("1234 is taken")
			}
			same(p.t, 0, len(p.notifications()))
		})
		story("what it holds is sealed while it waits, kept over a refusal, and erased once sent, failed, cancelled or skipped", func(p *post) {
			p.tellOfAll()
			p.people("carl", "dora")
			news := notify.News{Kind: letter.PINIssued, Template: "pin-issued", PIN: cardinal.NewPIN("930472")}
			p.sink.Break(
				mailsink.Fault{At: mailsink.End, Do: mailsink.Refuse, Code: 451, Text: "later, 930472", Times: 1},
				mailsink.Fault{At: mailsink.Recipient, Recipient: "bert@example.org", Do: mailsink.Refuse, Code: 550},
			)
			p.tell("anna", news)
			p.tell("bert", news)
			p.round()
			same(p.t, []string{"anna queued", "bert failed"}, p.states())
			for _, n := range p.notifications() {
				if strings.Contains(n.LastAnswer, "930472") {
					p.t.Errorf("the server's answer has it: %s", n.LastAnswer)
				}
			}
			same(p.t, []int{0, 1}, p.sealed())
			p.later(time.Minute)
			p.round()
			if got := p.sink.Messages(); len(got) != 1 || !strings.Contains(got[0].Text, "930472") || strings.Contains(got[0].Subject, "930472") {
				p.t.Errorf("sent: %+v", got)
			}
			p.tell("carl", news)
			if err := p.service.Cancel(p.t.Context(), p.admin, p.notifications()[0].ID); err != nil {
				p.t.Fatal(err)
			}
			p.update("dora", func(u *cardinal.User) { u.Email = "" })
			p.tell("dora", news)
			same(p.t, []string{"anna sent", "bert failed", "carl cancelled by_hand", "dora skipped no_address"}, p.states())
			same(p.t, []int{0, 0, 0, 0}, p.sealed())
			for _, n := range p.notifications() {
				code(p.t, cardinal.CodeConflict, p.service.Resend(p.t.Context(), p.admin, n.ID))
			}
		})
		story("what is of no use any more is not sent", func(p *post) {
			p.tellOfAll()
			p.tell("anna", notify.News{Kind: letter.PINChanged, EndsAt: p.Clock.Now().Add(time.Hour)})
			p.later(time.Hour)
			p.round()
			same(p.t, []string{"anna cancelled overtaken"}, p.states())
		})
		story("names, however strange, end no header and begin no tag", func(p *post) {
			p.tellOfAll()
			for _, name := range []string{"Eve\r\nBcc: all@example.org", "<script>alert(1)</script>", "{{pin}}", strings.Repeat("ü", 250), "שרה לוי"} {
				p.update("anna", func(u *cardinal.User) { u.FullName = name })
				p.tell("anna", notify.News{Kind: letter.PINChanged})
				p.round()
			}
			got := p.sink.Messages()
			same(p.t, 5, len(got))
			for _, m := range got {
				if m.Header == nil || m.Header.Get("Bcc") != "" || strings.Contains(m.HTML, "<script") || len(m.To) != 1 {
					p.t.Errorf("the message is\n%s", m.Raw)
				}
			}
		})
	})
}

// sealed are 1 for each notification that still holds something sealed, by user.
func (p *post) sealed() []int {
	p.t.Helper()
	db, err := sql.Open(p.Driver())
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(p.t.Context(), "SELECT length(sealed) FROM notifications WHERE customer_id = $1 ORDER BY username DESC, id", string(p.customer))
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	var all []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, min(n, 1))
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// Neither the secrets of configurations nor what waits to be told can be read in
// the database or the log.
func TestNothingSecretIsReadable(t *testing.T) {
	d := newSQLite(t)
	p := newPost(t, d, d.Open(t), "Acme")
	p.tellOfAll()
	canaries := []string{"canary-password-1", "canary-secret-2", "canary-refresh-3", "93047251"}
	c := p.plain("With secrets")
	c.Security, c.Authentication, c.TokenEndpoint, c.ClientID, c.Username = cardinal.MailStartTLS, cardinal.MailAuthXOAUTH2, "https://login.example.org/token", "cardinal", "pins"
	made := p.configure(c, notify.Secrets{
		Password: cardinal.NewPassword(canaries[0]), ClientSecret: cardinal.NewPassword(canaries[1]), RefreshToken: cardinal.NewToken(canaries[2]),
	})
	p.tell("anna", notify.News{Kind: letter.PINIssued, Template: "pin-issued", PIN: cardinal.NewPIN(canaries[3])})
	if _, err := p.service.SendTest(t.Context(), p.admin, made.ID, "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	_, source := d.Driver()
	path, _, _ := strings.Cut(strings.TrimPrefix(source, "file:"), "?")
	for _, file := range []string{path, path + "-wal"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range canaries {
			if strings.Contains(string(text), canary) {
				t.Errorf("%s holds %s", file, canary)
			}
		}
	}
	for _, canary := range canaries {
		if strings.Contains(p.log.String()+fmt.Sprint(p.notifications()), canary) {
			t.Errorf("%s can be read", canary)
		}
	}
	p.round() // and all of it is still there
	if got := p.sink.Messages(); len(got) != 1 || !strings.Contains(got[0].Text, canaries[3]) {
		t.Errorf("sent: %+v", got)
	}
}
