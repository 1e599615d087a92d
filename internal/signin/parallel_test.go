package signin_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/pgtest"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/signin"
	"cardinal/internal/storetest"
)

// rounds is how often the stories of many at once are told: as CARDINAL_ROUNDS says.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("CARDINAL_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// nodes are three servers on the database.
func (o *office) nodes() []*signin.Service {
	return []*signin.Service{o.service, o.node(), o.node()}
}

func compared(nodes []*signin.Service) (n int64) {
	for _, node := range nodes {
		n += node.Compared()
	}
	return n
}

// A hundred at once on three nodes, over all identifiers and many devices: no
// more than five PINs are compared, the right one does not slip through, and
// every try that was answered is on record, once.
func TestExactLockoutInParallel(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		nodes := o.nodes()
		devices := make([]cardinal.Caller, 20)
		for i := range devices {
			devices[i] = o.newDevice(cardinal.Device{Name: fmt.Sprintf("Copier %d of 20", i)})
		}
		o.unlimited()
		o.fails(byName("nobody", pin)) // the answer to compare with
		for round := range rounds(t) {
			o.exactLockout(round, nodes, devices)
			if t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	})
}

func (o *office) exactLockout(round int, nodes []*signin.Service, devices []cardinal.Caller) {
	t := o.t
	name, first, second := fmt.Sprint("person", round), fmt.Sprintf("AB%06d", round), fmt.Sprintf("CD%06d", round)
	o.user(name)
	o.give(name, first, pin)
	o.giveNumber(name, cardinal.Secondary, second)
	before := compared(nodes)
	var all sync.WaitGroup
	var refused atomic.Int64
	fifth := make(chan struct{}) // closed when five wrong tries have been answered, so that five are on record
	answers := make([]error, 120)
	try := func(i int, pin string) {
		presented := []signin.Try{byCardPIN(first, pin), byCardPIN(second, pin), byName(name, pin)}[i%3]
		_, answers[i] = nodes[i%3].SignIn(t.Context(), devices[i%20], presented)
		if cardinal.CodeOf(answers[i]) == cardinal.CodeSignInFailed && refused.Add(1) == 5 {
			close(fifth)
		}
	}
	for i := range 100 {
		all.Go(func() { try(i, wrong) })
	}
	for i := range 20 {
		all.Go(func() {
			<-fifth
			try(100+i, pin)
		})
	}
	all.Wait()

	answered, late := 0, 0
	for i, err := range answers {
		switch cardinal.CodeOf(err) {
		case cardinal.CodeSignInFailed:
			o.isTheAnswer(err)
			answered++
		case cardinal.CodeUnavailable: // waited too long: allowed, but never a way in
			late++
		default:
			t.Errorf("try %d: %v", i, err)
		}
	}
	records, err := o.service.Records(t.Context(), cardinal.Console(o.customer), name, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[cardinal.Outcome]int{}
	for _, record := range records {
		outcomes[record.Outcome]++
	}
	if n := compared(nodes) - before; n != 5 || outcomes[cardinal.OutcomeWrongPIN] != 5 {
		t.Errorf("%d PINs were compared, on record are %v", n, outcomes)
	}
	if n := len(records); n != 5+outcomes[cardinal.OutcomeLocked] || n < answered || n > answered+late {
		t.Errorf("%d tries were answered, %d waited too long, on record are %v", answered, late, outcomes)
	}
	o.Clock.Add(time.Minute)
	o.succeeds(byCardPIN(first, pin))
}

func TestExactDeviceBudgetInParallel(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.set(map[string]any{setting.SignInDeviceBudget.Key: 7})
		nodes := o.nodes()
		for round := range rounds(t) {
			o.exactBudget(o.newDevice(cardinal.Device{Name: fmt.Sprint("Gate ", round)}), nodes)
			if t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	})
}

func (o *office) exactBudget(device cardinal.Caller, nodes []*signin.Service) {
	t := o.t
	before := len(o.ofDevice(device))
	var all sync.WaitGroup
	var failed, locked, late atomic.Int64
	for i := range 100 {
		all.Go(func() {
			_, err := nodes[i%3].SignIn(t.Context(), device, byName(fmt.Sprintf("nobody%d at %s", i, device.Name), pin)) // a name that locks would cost nothing
			switch cardinal.CodeOf(err) {
			case cardinal.CodeSignInFailed:
				failed.Add(1)
			case cardinal.CodeRateLimited:
				locked.Add(1)
			case cardinal.CodeUnavailable:
				late.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	var passed, counted int64
	for _, record := range o.ofDevice(device)[before:] {
		if record.Outcome == cardinal.OutcomeDeviceLocked {
			counted += record.Count
		} else {
			passed++
		}
	}
	if passed != 7 || failed.Load() > 7 || failed.Load()+late.Load() < 7 || failed.Load()+locked.Load()+late.Load() != 100 {
		t.Errorf("%d tries passed, %d were refused, %d waited too long; %d are on record", failed.Load(), locked.Load(), late.Load(), passed)
	}
	if counted < locked.Load() || counted > locked.Load()+late.Load() {
		t.Errorf("%d refusals were answered, on record are %d", locked.Load(), counted)
	}
}

// ofDevice returns what is on record of a device, oldest first.
func (o *office) ofDevice(device cardinal.Caller) []cardinal.SignIn {
	found, err := o.service.Search(o.t.Context(), cardinal.Console(o.customer), signin.Filter{Device: device.Name}, "", 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	slices.Reverse(found.Records)
	return found.Records
}

func TestExactDailyBudgetInParallel(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.identifying()
		o.set(map[string]any{setting.SignInPINPerDay.Key: 6})
		nodes := []*signin.Service{o.service, o.node()}
		devices := []cardinal.Caller{o.device, o.newDevice(cardinal.Device{Name: "Copier 2"})}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() { _, _ = nodes[i%2].SignIn(t.Context(), devices[i/2%2], byPIN(fmt.Sprintf("w%dXyZ", i))) })
		}
		all.Wait()
		if compared := nodes[0].Compared() + nodes[1].Compared(); compared != 6 {
			t.Errorf("%d PINs were compared", compared)
		}
	})
}

// While nothing can be written, nobody is signed in, and devices are told so in time.
func TestWhileTheDatabaseIsHeld(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		o.succeeds(byCardPIN(card, pin))
		o.fails(byCardPIN(card, wrong))
		db := connect(t, o.Database)
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		begin := []string{"BEGIN IMMEDIATE"}
		if o.Kind == storetest.PostgreSQL {
			begin = []string{"BEGIN", "LOCK TABLE sign_ins IN ACCESS EXCLUSIVE MODE"}
		}
		for _, statement := range begin {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for _, try := range []signin.Try{byCardPIN(card, pin), byCardPIN(card, wrong), byName("nobody", pin)} {
			all.Go(func() { o.unavailable(try) })
		}
		all.Wait()
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		o.succeeds(byCardPIN(card, pin))
		if n := len(o.records()); n != 3 {
			t.Errorf("%d tries are on record, want 3: those that were answered", n)
		}
	})
}

// unavailable presents what must be answered within two seconds with
// CodeUnavailable, whatever is presented.
func (o *office) unavailable(presented signin.Try) {
	o.t.Helper()
	begin := time.Now()
	person, err := o.service.SignIn(o.t.Context(), o.device, presented)
	if took := time.Since(begin); took > 2*time.Second {
		o.t.Errorf("answered after %s", took)
	}
	if cardinal.CodeOf(err) != cardinal.CodeUnavailable || person != (signin.Person{}) {
		o.t.Errorf("answered %v", err)
	}
}

func TestWhilePostgreSQLIsGone(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	d := &storetest.Database{Kind: storetest.PostgreSQL, URL: server.Database(t), Clock: &storetest.Clock{}, Ring: seal.New()}
	d.Clock.Set(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	o := newOffice(t, d)
	for name, end := range map[string]func(testing.TB){"stopped": server.Stop, "killed": server.Kill} {
		o.succeeds(byCardPIN(card, pin))
		end(t)
		var all sync.WaitGroup
		for range 20 {
			for _, try := range []signin.Try{byCardPIN(card, pin), byCardPIN(card, wrong), {}} {
				all.Go(func() { o.unavailable(try) })
			}
		}
		all.Wait()
		server.Restart(t)
		deadline := time.Now().Add(5 * time.Second)
		for {
			if _, err := o.try(byCardPIN(card, pin)); err == nil {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("%s and back, but no sign-in: %v", name, err)
			}
		}
	}
}
