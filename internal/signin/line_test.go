package signin_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/signin"
	"cardinal/internal/storetest"
)

// hold keeps everybody from writing counters until release is called.
func (o *office) hold() (release func()) {
	o.t.Helper()
	conn, err := connect(o.t, o.Database).Conn(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	run := func(statement string) {
		if _, err := conn.ExecContext(o.t.Context(), statement); err != nil {
			o.t.Fatal(err)
		}
	}
	if o.Kind == storetest.PostgreSQL {
		run("BEGIN")
		run("LOCK TABLE counters IN ACCESS EXCLUSIVE MODE")
	} else {
		run("BEGIN IMMEDIATE")
	}
	return func() { run("ROLLBACK") }
}

// awaitLine returns when so many tries wait.
func (o *office) awaitLine(many int) {
	o.t.Helper()
	for range 2000 {
		if o.service.Waiting() >= many {
			return
		}
		time.Sleep(time.Millisecond)
	}
	o.t.Fatalf("%d tries wait, not %d", o.service.Waiting(), many)
}

// lead presents a try that is decided before those after it: where the database
// tells readers and writers apart only by tables, it is under way until release.
func (o *office) lead() <-chan error {
	o.t.Helper()
	answer := make(chan error, 1)
	go func() {
		_, err := o.service.SignIn(o.t.Context(), o.device, byName("nobody", pin))
		answer <- err
	}()
	if o.Kind == storetest.PostgreSQL {
		awaitWaiting(o.t, o.Database)
	} else {
		o.awaitLine(1)
	}
	return answer
}

// Whoever hangs up while they wait has not tried.
func TestWhoLeavesTheLineHasNotTried(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		release := o.hold()
		leader := o.lead()
		ctx, hangUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		already := o.service.Waiting()
		for range 30 {
			all.Go(func() {
				if _, err := o.service.SignIn(ctx, o.device, byCardPIN(card, wrong)); !errors.Is(err, context.Canceled) {
					t.Errorf("answered %v", err)
				}
			})
		}
		o.awaitLine(already + 30)
		hangUp()
		all.Wait()
		release()
		o.isTheAnswer(<-leader)
		o.ended(0, cardinal.OutcomeUnknown)
		if o.wrongTries() != 0 || o.service.Compared() != 0 {
			t.Errorf("%d wrong tries are counted, %d PINs were compared", o.wrongTries(), o.service.Compared())
		}
		o.succeeds(byCardPIN(card, pin))
	})
}

// A full line says at once when to come back; those who wait are answered.
func TestTheLineIsFull(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		release := o.hold()
		leader := o.lead()
		var all sync.WaitGroup
		var answered, late atomic.Int64
		for i := range signin.LineMost - o.service.Waiting() {
			all.Go(func() {
				switch _, err := o.service.SignIn(t.Context(), o.device, byName(fmt.Sprint("nobody", i), pin)); cardinal.CodeOf(err) {
				case cardinal.CodeSignInFailed:
					answered.Add(1)
				case cardinal.CodeUnavailable:
					late.Add(1)
				default:
					t.Errorf("%v", err)
				}
			})
		}
		o.awaitLine(signin.LineMost)
		_, err := o.try(byCardPIN(card, pin))
		var refused *cardinal.Error
		if !errors.As(err, &refused) || refused.Code != cardinal.CodeUnavailable || refused.RetryAfter <= 0 || o.service.Waiting() < signin.LineMost {
			t.Errorf("answered %v, while %d wait", err, o.service.Waiting())
		}
		release()
		all.Wait()
		if err := <-leader; err == nil {
			t.Error("nobody is signed in")
		}
		var counted int
		if err := connect(t, o.Database).QueryRowContext(t.Context(), "SELECT count(*) FROM sign_ins").Scan(&counted); err != nil {
			t.Fatal(err)
		}
		if n := int(answered.Load()); counted < n || counted > n+int(late.Load())+1 {
			t.Errorf("%d were answered, %d waited too long; %d are on record", n, late.Load(), counted)
		}
		o.succeeds(byCardPIN(card, pin))
	})
}

// What one try brings that cannot be decided about does not fall on those who
// share its transaction.
func TestABrokenTryFailsAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.unlimited()
		o.user("bert")
		o.give("bert", "990001", pin)
		behind(t, o, `UPDATE card_numbers SET sealed = $1 WHERE number_end = '0001'`, []byte("not sealed by anybody"))
		release := o.hold()
		leader := o.lead()
		already := o.service.Waiting()
		answers := make([]error, 21)
		var all sync.WaitGroup
		for i := range answers {
			presented := byCardPIN(card, pin)
			if i == 7 {
				presented = byCardPIN("990001", pin)
			}
			all.Go(func() { _, answers[i] = o.service.SignIn(t.Context(), o.device, presented) })
		}
		o.awaitLine(already + len(answers))
		release()
		all.Wait()
		o.isTheAnswer(<-leader)
		for i, err := range answers {
			if (i == 7) != (err != nil) {
				t.Errorf("try %d: %v", i, err)
			}
		}
		if n := len(o.records()); n != 1+20 {
			t.Errorf("%d tries are on record", n)
		}
	})
}

// A token that is the device's no more signs nobody in, although it was when it
// was looked at.
func TestTheTokenIsLookedAtOnceMore(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.device.Proof = string(o.device.Device) // as newDevice writes it
		o.succeeds(byCardPIN(card, pin))
		o.device.Proof = "another token"
		if _, err := o.try(byCardPIN(card, pin)); cardinal.CodeOf(err) != cardinal.CodeUnauthenticated {
			t.Errorf("answered %v", err)
		}
		o.ended(0, cardinal.OutcomeSuccess)
	})
}
