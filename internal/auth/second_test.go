package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

// enrolled is somebody with an authenticator app.
type enrolled struct {
	*office
	caller cardinal.Caller
	key    string // as an app keeps it
	codes  []cardinal.Token
}

// enrol makes Anna an administrator with an app.
func (o *office) enrol() *enrolled {
	o.t.Helper()
	o.update(func(u *cardinal.User) { u.Role = cardinal.RoleAdministrator })
	e := &enrolled{office: o, caller: o.session(o.signsIn("anna", right)).Caller}
	offer, err := o.service.NewApp(e.caller, "Cardinal")
	if err != nil {
		o.t.Fatal(err)
	}
	e.key = strings.ReplaceAll(offer.Key.Reveal(), " ", "")
	if e.codes, err = o.service.AddApp(o.t.Context(), e.caller, offer.Sealed, e.code(0)); err != nil {
		o.t.Fatal(err)
	}
	o.Clock.Add(time.Minute) // past the step that was used
	return e
}

// code is what the app shows so long from now.
func (e *enrolled) code(from time.Duration) cardinal.Token {
	e.t.Helper()
	code, err := totp.GenerateCode(e.key, e.Clock.Now().Add(from))
	if err != nil {
		e.t.Fatal(err)
	}
	return cardinal.NewToken(code)
}

// pending signs in with the password, which must not be enough.
func (e *enrolled) pending() cardinal.Token {
	e.t.Helper()
	token := e.signsIn("anna", right)
	if !auth.Pending(token) {
		e.t.Fatal("the password alone made a session")
	}
	return token
}

func (e *enrolled) finish(pending cardinal.Token, proof auth.Proof) (cardinal.Token, error) {
	return e.service.FinishSignIn(e.t.Context(), pending, proof, e.from)
}

func (e *enrolled) finishes(pending cardinal.Token, proof auth.Proof) cardinal.Token {
	e.t.Helper()
	token, err := e.finish(pending, proof)
	if err != nil || auth.Pending(token) {
		e.t.Fatalf("refused, or no session: %v", err)
	}
	return token
}

func (e *enrolled) isRefused(want cardinal.Code, pending cardinal.Token, proof auth.Proof) {
	e.t.Helper()
	token, err := e.finish(pending, proof)
	if cardinal.CodeOf(err) != want || !token.IsZero() {
		e.t.Fatalf("answered %v, want %s", err, want)
	}
}

func app(code cardinal.Token) auth.Proof      { return auth.Proof{AppCode: code} }
func recovery(code cardinal.Token) auth.Proof { return auth.Proof{RecoveryCode: code} }

func TestThePasswordAloneOpensNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		pending := e.pending()
		o.ended(pending)
		if _, err := o.service.Bearer(t.Context(), pending, o.from); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
			t.Errorf("a waiting sign-in is taken for an API token: %v", err)
		}
		step, err := o.service.SecondStep(t.Context(), pending, "cardinal.example")
		if err != nil || step.Username != "anna" || !step.App || step.Passkey || step.RecoveryCodes != auth.RecoveryCodes {
			t.Errorf("the second step is %+v, %v", step, err)
		}
		e.isRefused(cardinal.CodeInvalid, pending, auth.Proof{Password: cardinal.NewPassword(right)})
		e.isRefused(cardinal.CodeInvalid, pending, auth.Proof{})
		e.isRefused(cardinal.CodeUnauthenticated, cardinal.NewToken("cpen_nobody"), app(e.code(0)))
		session := e.finishes(pending, app(e.code(0)))
		o.session(session)
		o.ended(pending)
		e.isRefused(cardinal.CodeUnauthenticated, pending, app(e.code(30*time.Second)))
	})
}

func TestAWaitingSignInEnds(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		t.Run("after five minutes", func(_ *testing.T) {
			pending := e.pending()
			o.Clock.Add(auth.WaitingLife + time.Millisecond)
			e.isRefused(cardinal.CodeUnauthenticated, pending, app(e.code(0)))
		})
		t.Run("with a new password", func(_ *testing.T) {
			pending := e.pending()
			if _, err := o.service.ChangePassword(o.t.Context(), e.caller, cardinal.NewPassword(right), cardinal.NewPassword("another horse battery")); err != nil {
				o.t.Fatal(err)
			}
			e.isRefused(cardinal.CodeUnauthenticated, pending, app(e.code(0)))
			o.setPassword(o.anna, right, false)
		})
		t.Run("with the account", func(_ *testing.T) {
			pending := e.pending()
			o.update(func(u *cardinal.User) { u.Disabled = true })
			e.isRefused(cardinal.CodeUnauthenticated, pending, app(e.code(0)))
			o.update(func(u *cardinal.User) { u.Disabled = false })
		})
		t.Run("when it is pruned", func(t *testing.T) {
			pending := e.pending()
			o.Clock.Add(time.Minute)
			storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error {
				return tx.Prune(ctx, store.PastUse{Waiting: tx.Now()})
			})
			e.isRefused(cardinal.CodeUnauthenticated, pending, app(e.code(0)))
		})
	})
}

func TestACodeWorksOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		t.Run("again, and the one before it", func(_ *testing.T) {
			now, before := e.code(0), e.code(-30*time.Second)
			e.finishes(e.pending(), app(now))
			e.isRefused(cardinal.CodeInvalid, e.pending(), app(now))
			e.isRefused(cardinal.CodeInvalid, e.pending(), app(before))
			o.Clock.Add(time.Minute)
			e.finishes(e.pending(), app(e.code(0)))
		})
		t.Run("one step to each side", func(_ *testing.T) {
			for _, c := range []struct {
				off  time.Duration
				want cardinal.Code
			}{{-60 * time.Second, cardinal.CodeInvalid}, {-30 * time.Second, ""}, {30 * time.Second, ""}, {60 * time.Second, cardinal.CodeInvalid}} {
				o.Clock.Add(10 * time.Minute)
				if _, err := e.finish(e.pending(), app(e.code(c.off))); cardinal.CodeOf(err) != c.want {
					t.Errorf("a code %v off: %v", c.off, err)
				}
			}
		})
		t.Run("as people type it", func(_ *testing.T) {
			o.Clock.Add(10 * time.Minute)
			code := e.code(0).Reveal()
			e.finishes(e.pending(), app(cardinal.NewToken(" "+code[:3]+" "+code[3:])))
		})
		t.Run("a hundred at once", func(t *testing.T) {
			o.Clock.Add(25 * time.Hour)
			const parallel = 100
			code := e.code(0)
			var tokens []cardinal.Token
			for range 8 {
				tokens = append(tokens, e.pending())
			}
			var successes, others atomic.Int64
			var group sync.WaitGroup
			for i := range parallel {
				group.Go(func() {
					_, err := o.service.FinishSignIn(context.WithoutCancel(t.Context()), tokens[i%len(tokens)], app(code), o.from)
					switch cardinal.CodeOf(err) {
					case "":
						successes.Add(1)
					case cardinal.CodeInvalid, cardinal.CodeRateLimited, cardinal.CodeUnauthenticated:
					default:
						others.Add(1)
					}
				})
			}
			group.Wait()
			if successes.Load() != 1 || others.Load() != 0 {
				t.Errorf("%d of %d uses of one code succeeded, %d failed otherwise", successes.Load(), parallel, others.Load())
			}
		})
	})
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		if len(e.codes) != auth.RecoveryCodes {
			t.Fatalf("%d codes", len(e.codes))
		}
		e.finishes(e.pending(), recovery(cardinal.NewToken(strings.ToUpper(strings.ReplaceAll(e.codes[0].Reveal(), "-", " ")))))
		e.isRefused(cardinal.CodeInvalid, e.pending(), recovery(e.codes[0]))
		have, err := o.service.Factors(t.Context(), e.caller, "anna")
		if err != nil || have.RecoveryCodes != auth.RecoveryCodes-1 {
			t.Errorf("%d are left, %v", have.RecoveryCodes, err)
		}
		renewed, err := o.service.NewRecoveryCodes(t.Context(), e.caller)
		if err != nil {
			t.Fatal(err)
		}
		e.isRefused(cardinal.CodeInvalid, e.pending(), recovery(e.codes[1]))
		e.finishes(e.pending(), recovery(renewed[1]))
		for _, table := range []string{"recovery_codes", "totp_secrets", "pending_sign_ins"} {
			for _, row := range rowsOf(o, table) {
				if strings.Contains(row, e.key) || strings.Contains(row, renewed[2].Reveal()) || strings.Contains(row, strings.ReplaceAll(renewed[2].Reveal(), "-", "")) {
					t.Errorf("%s holds a secret in clear", table)
				}
			}
		}
	})
}

// Guesses at the second factor lock it as guesses at the password lock that, and
// whoever knows the password cannot clear the count with it.
func TestGuessingTheSecondFactor(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		for i := range 10 {
			e.isRefused(cardinal.CodeInvalid, e.pending(), app(cardinal.NewToken(fmt.Sprintf("00000%d", i))))
		}
		o.Clock.Add(time.Minute)
		pending := e.pending()
		_, err := e.finish(pending, app(e.code(0)))
		var refused *cardinal.Error
		if !errors.As(err, &refused) || refused.Code != cardinal.CodeRateLimited || refused.RetryAfter < 13*time.Minute {
			t.Fatalf("the eleventh is answered %v", err)
		}
		e.isRefused(cardinal.CodeRateLimited, pending, recovery(e.codes[0]))
		o.Clock.Add(15 * time.Minute)
		e.finishes(e.pending(), app(e.code(0)))
	})
}

func TestAppsAreSetUpByTheirPerson(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		user := o.session(o.signsIn("anna", right)).Caller
		if _, err := o.service.NewApp(user, "Cardinal"); cardinal.CodeOf(err) != cardinal.CodeForbidden {
			t.Errorf("a user is offered an app: %v", err)
		}
		e := o.enrol()
		offer, err := o.service.NewApp(e.caller, "Cardinal")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := o.service.SameApp(e.caller, "Cardinal", offer.Sealed); err != nil || again.Key.Reveal() != offer.Key.Reveal() {
			t.Errorf("the same offer again: %v", err)
		}
		stranger := e.caller
		stranger.User = "another"
		for name, try := range map[string]struct {
			caller cardinal.Caller
			sealed string
			want   cardinal.Code
		}{
			"wrong code": {e.caller, offer.Sealed, cardinal.CodeInvalid}, "another's": {stranger, offer.Sealed, cardinal.CodeMalformed},
			"altered": {e.caller, "1.AAAA", cardinal.CodeMalformed}, "nothing": {e.caller, "", cardinal.CodeMalformed},
		} {
			if _, err := o.service.AddApp(t.Context(), try.caller, try.sealed, cardinal.NewToken("000000")); cardinal.CodeOf(err) != try.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := o.service.RemoveApp(t.Context(), e.caller); err != nil {
			t.Fatal(err)
		}
		o.session(o.signsIn("anna", right))
		if _, err := o.service.NewRecoveryCodes(t.Context(), e.caller); cardinal.CodeOf(err) != cardinal.CodeConflict {
			t.Errorf("recovery codes without a second factor: %v", err)
		}
		if left := rowsOf(o, "recovery_codes"); len(left) != 0 {
			t.Errorf("%d recovery codes are left", len(left))
		}
	})
}

func TestRemovingAnothersSecondFactor(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		session := e.finishes(e.pending(), app(e.code(0)))
		by := func(role cardinal.Role) cardinal.Caller {
			return cardinal.Caller{Kind: cardinal.CallerUser, Customer: o.customer, Role: role, User: "boss", Name: "boss"}
		}
		elsewhere := by(cardinal.RoleOperator)
		elsewhere.Customer = storetest.Customer(t, o.store, "Elsewhere").ID
		for name, c := range map[string]struct {
			caller cardinal.Caller
			want   cardinal.Code
		}{
			"helpdesk": {by(cardinal.RoleHelpdesk), cardinal.CodeForbidden}, "elsewhere": {elsewhere, cardinal.CodeNotFound},
		} {
			if err := o.service.RemoveFactors(t.Context(), c.caller, "anna"); cardinal.CodeOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		o.update(func(u *cardinal.User) { u.Role = cardinal.RoleOperator })
		if err := o.service.RemoveFactors(t.Context(), by(cardinal.RoleAdministrator), "anna"); cardinal.CodeOf(err) != cardinal.CodeForbidden {
			t.Errorf("an operator's by an administrator: %v", err)
		}
		o.session(session)
		has, err := o.service.SecondFactors(t.Context(), by(cardinal.RoleAuditor), []cardinal.UserID{o.anna.ID, "nobody"})
		if err != nil || len(has) != 2 || !has[o.anna.ID] || has["nobody"] {
			t.Errorf("who has one: %v, %v", has, err)
		}
		if err := o.service.RemoveFactors(t.Context(), by(cardinal.RoleOperator), "anna"); err != nil {
			t.Fatal(err)
		}
		o.ended(session)
		token, err := o.signIn(auth.Credentials{Customer: "Pilsen Print", Username: "anna", Password: cardinal.NewPassword(right)})
		if err != nil || auth.Pending(token) {
			t.Errorf("a second factor is still asked for, or: %v", err)
		}
		if err := o.service.RemoveFactors(t.Context(), by(cardinal.RoleOperator), "anna"); cardinal.CodeOf(err) != cardinal.CodeNotFound {
			t.Errorf("where there is none: %v", err)
		}
		removed := 0
		for _, entry := range storetest.Audit(t, o.store, o.customer) {
			if entry.Action == "second-factor.removed" && entry.Subject == "user anna" && entry.Actor == "user boss" {
				removed++
			}
		}
		if removed != 1 {
			t.Errorf("the audit log has %d removals", removed)
		}
	})
}

func TestASecondFactorCanBeRequired(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.enrol()
		bert := o.user("bert", right)
		session := o.signsIn("bert", right)
		due := func(want bool, why string) {
			t.Helper()
			if got := o.session(session).SecondFactorDue; got != want {
				t.Errorf("%s: due %v", why, got)
			}
		}
		due(false, "a user, not required")
		storetest.Set(t, o.store, o.customer, map[string]any{setting.AuthSecondFactorRequired.Key: true})
		due(false, "a user")
		bert.Role = cardinal.RoleHelpdesk
		storetest.Write(t, o.store, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, bert) })
		due(true, "helpdesk")
		caller := o.session(session).Caller
		offer, err := o.service.NewApp(caller, "Cardinal")
		if err != nil {
			t.Fatal(err)
		}
		code, err := totp.GenerateCode(strings.ReplaceAll(offer.Key.Reveal(), " ", ""), o.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.service.AddApp(t.Context(), caller, offer.Sealed, cardinal.NewToken(code)); err != nil {
			t.Fatal(err)
		}
		due(false, "helpdesk with an app")
	})
}

func TestConfirm(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		e := o.enrol()
		session := e.finishes(e.pending(), app(e.code(0)))
		caller, begin := o.session(session).Caller, o.Clock.Now()
		at := func() time.Time { return o.session(session).ConfirmedAt }
		if !at().Equal(begin) {
			t.Errorf("signing in at %v counts as confirmed at %v", begin, at())
		}
		o.Clock.Add(time.Hour)
		for name, proof := range map[string]auth.Proof{
			"password": {Password: cardinal.NewPassword(wrong)}, "code": app(cardinal.NewToken("000000")), "nothing": {},
		} {
			if err := o.service.Confirm(t.Context(), caller, proof); cardinal.CodeOf(err) != cardinal.CodeInvalid {
				t.Errorf("a wrong %s: %v", name, err)
			}
		}
		if !at().Equal(begin) {
			t.Error("confirmed by what was wrong")
		}
		for _, proof := range []auth.Proof{{Password: cardinal.NewPassword(right)}, app(e.code(0))} {
			o.Clock.Add(time.Minute)
			if proof.Password.IsZero() {
				proof = app(e.code(0))
			}
			if err := o.service.Confirm(t.Context(), caller, proof); err != nil || !at().Equal(o.Clock.Now()) {
				t.Errorf("confirmed at %v, %v", at(), err)
			}
		}
		for range 10 {
			_ = o.service.Confirm(t.Context(), caller, auth.Proof{Password: cardinal.NewPassword(wrong)})
		}
		if err := o.service.Confirm(t.Context(), caller, auth.Proof{Password: cardinal.NewPassword(right)}); cardinal.CodeOf(err) != cardinal.CodeRateLimited {
			t.Errorf("after ten wrong passwords: %v", err)
		}
	})
}
