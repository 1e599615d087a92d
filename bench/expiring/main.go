// Expiring measures what happens when very many PINs are due at one instant:
// how fast they are taken away, beside a program that does nothing but delete as
// many rows and insert an audit row for each, with prepared statements and large
// transactions, in one run; how long people who sign in meanwhile wait; how much
// memory it takes; and how fast as many notices of expiry are queued. Ratios say
// more than rates, and nothing about another machine.
//
//	go run ./bench/expiring [-pins N] [-due N] [-database postgres://…]
//
// Without -database it measures SQLite in a temporary directory; with it, a
// database that is empty at first and is not emptied afterwards.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
)

type config struct {
	pins, due int
	database  string
}

func main() {
	c := config{}
	flag.IntVar(&c.pins, "pins", 200_000, "PINs in the database")
	flag.IntVar(&c.due, "due", 50_000, "PINs that are due at one instant")
	flag.StringVar(&c.database, "database", "", "an empty PostgreSQL database; none: SQLite")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "bench/expiring:", err)
		os.Exit(1)
	}
}

// clock is moved to where something is due.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// house is Cardinal with its people.
type house struct {
	*app.App
	clock  *clock
	caller cardinal.Caller
	device cardinal.Caller
}

// What is promised (spec: pins; figures of the expiry).
const (
	ratioLeast   = 0.5
	signInWithin = 50 * time.Millisecond
	queuedWithin = 30 * time.Second
)

func run(ctx context.Context, c config) (err error) {
	dir, err := os.MkdirTemp("", "cardinal-expiring-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	h, err := open(ctx, c, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()

	began := time.Now()
	queued, err := h.queue(ctx)
	if err != nil {
		return err
	}
	queueing := time.Since(began)
	fmt.Printf("%d notices queued in %v, %.0f a second\n", queued, queueing.Round(time.Millisecond), float64(queued)/queueing.Seconds())

	raw, err := measureRaw(ctx, c)
	if err != nil {
		return err
	}
	h.clock.ahead.Store(int64(3 * time.Hour))
	rate, waits, memory, err := h.expire(ctx)
	if err != nil {
		return err
	}
	ratio := rate / raw
	fmt.Printf("%d of %d PINs taken away: %.0f a second; raw %.0f, ratio %.2f; memory +%.0f MiB\n", c.due, c.pins, rate, raw, ratio, memory)
	fmt.Printf("%d sign-ins meanwhile: p50 %v, p99 %v, max %v\n", len(waits), at(waits, 0.5), at(waits, 0.99), at(waits, 1))
	if queued != c.due || queueing > queuedWithin || ratio < ratioLeast || at(waits, 0.99) > signInWithin {
		return errors.New("not what is promised: half the raw rate, sign-ins within 50 ms at p99, notices queued within 30 s")
	}
	return nil
}

const signers = 200

func pinOf(i int) string { return fmt.Sprintf("93%04d7", (i*7919)%10000) }

// open fills a database whose first PINs are due two hours later, and are to be
// told of in an hour from now.
func open(ctx context.Context, c config, dir string) (*house, error) {
	h := &house{clock: &clock{}}
	var err error
	if h.App, err = app.Open(ctx, app.Config{Data: dir, Database: c.database, Create: true, Clock: h.clock.now}); err != nil {
		return nil, err
	}
	made, err := h.Accounts.Install(ctx, account.NewCustomer{Name: "Acme", Admin: "ada", Password: cardinal.NewPassword("correct horse battery")})
	if err != nil {
		return nil, err
	}
	h.caller = cardinal.Console(made.ID)
	device, _, err := h.Accounts.CreateDevice(ctx, h.caller, cardinal.Device{Name: "Printer"})
	if err != nil {
		return nil, err
	}
	h.device = cardinal.Caller{Kind: cardinal.CallerDevice, Customer: made.ID, Device: device.ID, Name: device.Name}
	for i := range signers {
		username := fmt.Sprintf("signer%d", i)
		if _, err := h.Accounts.CreateUser(ctx, h.caller, username, account.Fields{}); err != nil {
			return nil, err
		}
		if _, err := h.Door.SetPIN(ctx, h.caller, username, cardinal.NewPIN(pinOf(i))); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	if err := fill(ctx, c, dir, made.ID); err != nil {
		return nil, err
	}
	fmt.Printf("%d users with PINs written in %v\n", c.pins, time.Since(began).Round(time.Second))
	return h, h.tell(ctx)
}

// tell has users told of the end of their PIN; the server is never asked.
func (h *house) tell(ctx context.Context) error {
	relay, err := h.Notify.AddConfiguration(ctx, h.caller, cardinal.MessagingConfiguration{
		Name: "Relay", Host: "127.0.0.1", Port: 1, Security: cardinal.MailPlain, Authentication: cardinal.MailAuthNone, SenderAddress: "pins@acme.example",
	}, notify.Secrets{})
	if err != nil {
		return err
	}
	id, hours, before := strconv.Quote(string(relay.ID)), "48", "24"
	return h.Accounts.ChangeSettings(ctx, h.caller, account.SettingChange{Values: map[string]*string{
		"pin.expiration-hours": &hours, "pin.expiration-notice-hours": &before, "pin.expiration-notice.messaging-configuration": &id,
	}})
}

func (h *house) queue(ctx context.Context) (int, error) { return h.Notify.QueueDue(ctx) }

// expire takes away what is due while users sign in, and returns how many a
// second, how long each sign-in took, and by how many MiB memory rose.
func (h *house) expire(ctx context.Context) (rate float64, waits []time.Duration, memory float64, err error) {
	runtime.GC()
	debug.FreeOSMemory()
	idle, peak := resident(), 0.0
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		var fault error
		for i := 0; fault == nil; i++ {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(5 * time.Millisecond):
			}
			username, pin := fmt.Sprintf("signer%d", i%signers), cardinal.NewPIN(pinOf(i%signers))
			began := time.Now()
			_, fault = h.SignIn.SignIn(ctx, h.device, signin.Try{Username: &username, PIN: &pin})
			waits = append(waits, time.Since(began))
			peak = max(peak, resident())
		}
		done <- fault
	}()
	began := time.Now()
	expired, err := h.Door.ExpireDue(ctx, "bench")
	took := time.Since(began)
	close(stop)
	return float64(expired) / took.Seconds(), waits, peak - idle, errors.Join(err, <-done)
}

// at is the time within which that share of the sign-ins was answered.
func at(waits []time.Duration, share float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[min(len(waits)-1, int(share*float64(len(waits))))].Round(10 * time.Microsecond)
}

// resident is the process's resident memory in MiB, or 0 where the system does
// not say.
func resident() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64) // 0 where it is no number
			return kib / 1024
		}
	}
	return 0
}
