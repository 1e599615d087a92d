// Package app wires Cardinal together: data directory, key ring, database, use
// cases, log and HTTP server, all from one Config. It is the only place that
// knows every other one, and it decides nothing itself.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // the zones of customers must be known on every machine

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/audit"
	"cardinal/internal/auth"
	"cardinal/internal/automation"
	"cardinal/internal/bulk"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/metric"
	"cardinal/internal/notify"
	"cardinal/internal/rotation"
	"cardinal/internal/seal"
	"cardinal/internal/signin"
	"cardinal/internal/store"
	"cardinal/internal/wayback"
	"cardinal/internal/web/setup"
)

// parallelHashes is how many passwords are hashed at once: 19 MiB each.
const parallelHashes = 4

// Config is everything that the program is told from outside.
type Config struct {
	Data        string        // directory of the key ring, the log and, with SQLite, the database
	Database    string        // postgres://… or empty for SQLite in Data
	ClockOffset time.Duration // by how much the clock is shifted, for rehearsals
	Create      bool          // make the data directory if there is nothing in it
	// Log receives a copy of what goes to the log file; nil means that this is no
	// server and there is no log file either.
	Log io.Writer
	// Clock is the clock before the offset; nil is the machine's.
	Clock func() time.Time
	// TrustedProxies are whose X-Forwarded-Proto and X-Forwarded-For are believed.
	TrustedProxies []netip.Prefix
	// Beside are further handlers by path, each for the path and what is below it:
	// the demonstration's.
	Beside map[string]http.Handler
	// Mail is how mail servers are spoken to; the zero value is a server's.
	Mail notify.Options
	// Metrics is where Serve answers Prometheus, until it ends; nil: nowhere.
	Metrics net.Listener
	// Version is what the metrics say of the program.
	Version string
}

// App is Cardinal on its data: the use cases, and what is needed to end them.
type App struct {
	Accounts   *account.Service
	Door       *credential.Door
	SignIn     *signin.Service
	Auth       *auth.Service
	Directory  *directory.Service
	Bulk       *bulk.Service
	Ways       *wayback.Service
	Notify     *notify.Service
	Automation *automation.Service
	Rotation   *rotation.Service
	Metrics    *metric.Set
	Log        *slog.Logger
	config     Config
	ring       *seal.Ring
	gate       *setup.Gate
	chain      *audit.Chain
	store      *store.Store
	closeLog   func() error
}

// Open opens the data that the config names, with the right key ring, and brings
// the database up to date. Each fault is an Error that says what to do. The
// caller closes the App.
func Open(ctx context.Context, config Config) (*App, error) {
	if err := checkData(config); err != nil {
		return nil, err
	}
	a := &App{config: config, Metrics: metric.New(config.Version), Log: slog.New(slog.DiscardHandler), closeLog: func() error { return nil }}
	if config.Log != nil {
		var err error
		if a.Log, a.closeLog, err = openLog(config.Data, config.Log); err != nil {
			return nil, err
		}
	}
	clock := config.Clock
	if clock == nil {
		clock = time.Now
	}
	var err error
	a.store, err = store.Open(ctx, store.Options{
		URL:   databaseURL(config),
		Clock: func() time.Time { return clock().Add(config.ClockOffset) },
		// The chain is keyed by the ring, which is looked for once the database can say whether there must be one.
		Chain: func(ctx context.Context, tx *store.Tx, c cardinal.CustomerID, entries []cardinal.AuditEntry) error {
			return a.chain.Write(ctx, tx, c, entries)
		},
		Failed: a.Metrics.DatabaseFailed,
	})
	if err != nil {
		return nil, errors.Join(err, a.closeLog())
	}
	if err := a.openRing(ctx); err != nil {
		return nil, errors.Join(err, a.store.Close(), a.closeLog())
	}
	a.wire()
	return a, nil
}

func (a *App) wire() {
	passwords := auth.NewPasswords(parallelHashes)
	a.gate = &setup.Gate{}
	a.chain = audit.NewChain(a.ring)
	a.Door = credential.New(a.store, a.ring, rand.Reader, a.Log)
	a.Accounts = account.New(a.store, a.ring, a.Door, passwords, a.Log)
	a.Auth = auth.New(a.store, a.ring, passwords)
	a.Ways = wayback.New(a.store, a.ring, a.Auth, passwords, a.Door)
	a.SignIn = signin.New(a.store, a.ring, a.Door.FindOwners, a.Metrics)
	a.Directory = directory.New(a.store, a.Accounts, a.Door, a.Log)
	a.Automation = automation.New(a.store)
	a.Notify = notify.New(a.store, a.ring, a.Log, a.config.Mail)
	a.Rotation = rotation.New(a.store, a.ring)
	a.Bulk = bulk.New(a.store, a.ring, bulk.Services{Accounts: a.Accounts, Door: a.Door, Ways: a.Ways}, a.Log)
}

func keyPath(config Config) string { return filepath.Join(config.Data, "cardinal.key") }

func databaseURL(config Config) string {
	if config.Database != "" {
		return config.Database
	}
	return filepath.Join(config.Data, "cardinal.db")
}

// checkData refuses a directory without data where none is to be made, before
// anything is written into it.
func checkData(config Config) error {
	if config.Create {
		if err := os.MkdirAll(config.Data, 0o700); err != nil {
			return unwritable(config.Data, err)
		}
		return nil
	}
	_, err := os.Stat(keyPath(config))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return cardinal.Errorf(cardinal.CodeNotFound,
			"There is no Cardinal data in %s. Name the right directory with --data, or make a new one with: cardinal init", config.Data)
	case err != nil:
		return unwritable(config.Data, err)
	}
	return nil
}

func unwritable(dir string, err error) error {
	return cardinal.Errorf(cardinal.CodeUnavailable,
		"The data directory %s cannot be read or written. Check that it belongs to the user that runs Cardinal.", dir).Because(err)
}

// openRing loads the key ring, or makes one for a database that has never had
// one, and refuses the wrong one. A lost ring is not replaced: with a new one
// nothing in the database could be used.
func (a *App) openRing(ctx context.Context) error {
	var stored []seal.CheckValue
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		checks, err := tx.KeyChecks(ctx)
		for _, check := range checks {
			stored = append(stored, seal.CheckValue(check))
		}
		return err
	})
	if err != nil {
		return err
	}
	path := keyPath(a.config)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && len(stored) > 0 {
		return cardinal.Errorf(cardinal.CodeInvalid,
			"The key ring %s is missing, and without it nothing in the database can be used. Put the one that belongs to this database in place.", path)
	}
	if a.ring, err = seal.LoadOrCreate(path); err != nil {
		return err
	}
	if err := a.ring.Verify(stored); err != nil {
		return err
	}
	if len(stored) == len(a.ring.Versions()) {
		return nil
	}
	return a.store.Write(ctx, func(tx *store.Tx) error {
		for _, check := range a.ring.Check() {
			if err := tx.AddKeyCheck(ctx, store.KeyCheck(check)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close ends what runs in the background, then closes database and log. It may
// be called more than once.
func (a *App) Close(ctx context.Context) error {
	if a.store == nil {
		return nil
	}
	err := errors.Join(a.Directory.Close(ctx), a.Bulk.Close(ctx), a.store.Close(), a.closeLog())
	a.store = nil
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// VerifyAudit walks every customer's audit chain.
func (a *App) VerifyAudit(ctx context.Context) ([]audit.Finding, error) {
	return a.chain.Verify(ctx, a.store)
}

// errWritable ends a transaction that has found that it could write.
var errWritable = errors.New("it can be written")

// Ready returns nil if the database can be written, as every sign-in must; nothing
// is changed. A standby that answers questions alone is not ready.
func (a *App) Ready(ctx context.Context) error {
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.TakeLease(ctx, "readiness", "", tx.Now()); err != nil {
			return err
		}
		return errWritable
	})
	if errors.Is(err, errWritable) {
		return nil
	}
	return err
}
