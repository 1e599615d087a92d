package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/directory/people"
	"cardinal/internal/seal"
	"cardinal/internal/signin"
	"cardinal/internal/store"
)

// person is one line of the generated file.
type person struct{ username, name, email, department, number string }

func personOf(i int) person {
	return person{
		username: fmt.Sprintf("user%d", i), name: fmt.Sprintf("Given%d Family%d", i%997, i%1009), email: fmt.Sprintf("user%d@example.org", i),
		department: fmt.Sprintf("Department %d", i%40),
		number:     fmt.Sprintf("%010d", (uint64(i)*2654435761)%10_000_000_000), // spread like real ones, each another
	}
}

// lines gives the file without holding it.
func lines(n int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		var err error
		text := strings.Builder{}
		text.WriteString("username,full name,email,department,primary card number\n")
		for i := 0; i < n && err == nil; i++ {
			p := personOf(i)
			fmt.Fprintf(&text, "%s,%s,%s,%s,%s\n", p.username, p.name, p.email, p.department, p.number)
			if text.Len() > 1<<15 || i == n-1 {
				_, err = io.WriteString(writer, text.String())
				text.Reset()
			}
		}
		_ = writer.CloseWithError(err) // never fails
	}()
	return reader
}

// house is Cardinal as far as it is measured.
type house struct {
	store     *store.Store
	directory *directory.Service
	signIn    *signin.Service
	admin     cardinal.Caller
	device    cardinal.Caller
	clean     func()
}

// signers is how many users sign in meanwhile.
const signers = 200

func open(ctx context.Context, c config) (*house, error) {
	h := &house{clean: func() {}}
	url := c.database
	if url == "" {
		directory, err := os.MkdirTemp("", "cardinal-importing-*")
		if err != nil {
			return nil, err
		}
		h.clean = func() { _ = os.RemoveAll(directory) } // a temporary directory more does no harm
		url = filepath.Join(directory, "cardinal.db")
	}
	ring := seal.New()
	var err error
	if h.store, err = store.Open(ctx, store.Options{URL: url, Clock: time.Now, Chain: audit.NewChain(ring).Write}); err != nil {
		return nil, err
	}
	door := credential.New(h.store, ring, rand.Reader, slog.New(slog.DiscardHandler))
	accounts := account.New(h.store, ring, door, auth.NewPasswords(1), slog.New(slog.DiscardHandler))
	h.directory = directory.New(h.store, accounts, door, slog.New(slog.DiscardHandler))
	h.signIn = signin.New(h.store, ring, door.FindOwners, nil)
	return h, h.settle(ctx, accounts)
}

// settle makes a customer with a device and users who sign in at it.
func (h *house) settle(ctx context.Context, accounts *account.Service) error {
	customer := cardinal.Customer{Name: fmt.Sprintf("Bench %d", time.Now().UnixNano())}
	err := h.store.Write(ctx, func(tx *store.Tx) error {
		customer.ID, customer.CreatedAt = cardinal.CustomerID(tx.NewID()), tx.Now()
		return tx.AddCustomer(ctx, customer)
	})
	if err != nil {
		return err
	}
	h.admin = cardinal.Console(customer.ID)
	device, _, err := accounts.CreateDevice(ctx, h.admin, cardinal.Device{Name: "printer"})
	if err != nil {
		return err
	}
	h.device = cardinal.Caller{Kind: cardinal.CallerDevice, Customer: customer.ID, Device: device.ID, Name: device.Name}
	var text strings.Builder
	text.WriteString("username,pin\n")
	for i := range signers {
		fmt.Fprintf(&text, "signer%d,%s\n", i, pinOf(i))
	}
	over, err := h.directory.Run(ctx, h.admin, strings.NewReader(text.String()), directory.Options{}, nil)
	if err == nil && over.Totals.Created != signers {
		err = fmt.Errorf("%d of %d users who sign in were made", over.Totals.Created, signers)
	}
	return err
}

func pinOf(i int) string { return fmt.Sprintf("93%04d7", (i*7919)%10000) }

// measureAlone imports the lines with nothing else going on.
func measureAlone(ctx context.Context, c config, s *sample) error {
	h, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer h.clean()
	stop, watched := make(chan struct{}), make(chan float64)
	go func() { watched <- watchMemory(stop) }()
	err = profiled(c.profile, func() (err error) {
		s.alone, err = h.importAll(ctx, c)
		return err
	})
	close(stop)
	s.memory = <-watched
	return errors.Join(err, h.store.Close())
}

// measureTogether imports the lines while users sign in.
func measureTogether(ctx context.Context, c config, s *sample) error {
	h, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer h.clean()
	stop, timed := make(chan struct{}), make(chan timings)
	go func() { timed <- h.signInUntil(ctx, stop, c.pause) }()
	s.together, err = h.importAll(ctx, c)
	close(stop)
	t := <-timed
	s.signIns, s.p50, s.p99, s.max = len(t.took), t.at(0.50), t.at(0.99), t.at(1)
	return errors.Join(err, t.err, h.store.Close())
}

// importAll returns lines a second.
func (h *house) importAll(ctx context.Context, c config) (float64, error) {
	began := time.Now()
	over, err := h.directory.Run(ctx, h.admin, lines(c.lines), directory.Options{DryRun: c.dry}, nil)
	if over.Totals != (people.Totals{Created: c.lines}) {
		err = errors.Join(err, fmt.Errorf("the import gave %+v", over.Totals))
	}
	return float64(c.lines) / time.Since(began).Seconds(), err
}
