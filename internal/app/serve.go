package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"cardinal"
	"cardinal/internal/auth"
	"cardinal/internal/idempotency"
	"cardinal/internal/store"
	"cardinal/internal/wayback"
	"cardinal/internal/web/setup"
)

// The limits on connections and on the end of the server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 10 * time.Minute // of a whole request: an import of 64 MiB over a slow line
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	pruneEvery        = time.Hour
	prepareEvery      = 5 * time.Second
	notifyEvery       = time.Second
	expireEvery       = 10 * time.Second // a sixth of what is promised (spec: pins)
)

// Listen occupies the address that the server will serve at, so that a port in
// use is told before anything else happens.
func Listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, cardinal.Errorf(cardinal.CodeUnavailable,
			"The address %s is in use by another program. Stop that one, or choose another address with --listen.", address)
	case err != nil:
		return nil, cardinal.Errorf(cardinal.CodeInvalid,
			"Cardinal cannot listen at %s. The address looks like 127.0.0.1:8420 or :8420.", address).Because(err)
	}
	return listener, nil
}

// Serve answers requests at the listener until ctx ends; then it stops taking
// new ones, lets those under way finish, and returns nil.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	handler, err := a.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
	a.logStart(ctx, listener)
	background, stop := context.WithCancel(ctx)
	defer stop()
	go a.pruneRegularly(background)
	go a.countRegularly(background)
	go a.tendBulkActions(background)
	go a.eraseRegularly(background)
	go a.prepareSearchRegularly(background)
	go a.expireRegularly(background)
	go a.notifyRegularly(background)
	defer a.Notify.Wait()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), server.Close())
	}
	a.Log.InfoContext(ctx, "stopped")
	return nil
}

func (a *App) logStart(ctx context.Context, listener net.Listener) {
	a.Log.InfoContext(ctx, "serving", "address", listener.Addr().String())
	if a.config.ClockOffset != 0 {
		a.Log.WarnContext(ctx, "the clock is shifted for a rehearsal", "offset", a.config.ClockOffset.String())
	}
	if _, err := a.Accounts.CustomerNamed(ctx, ""); cardinal.CodeOf(err) == cardinal.CodeNotFound {
		a.Log.WarnContext(ctx, "there is no organisation yet; open the set-up link, which works once, or make one with: cardinal init",
			"link", "http://"+reachable(listener.Addr())+setup.Link(a.gate.Open()))
	}
}

// reachable is an address that a browser on this machine can open: that of the
// listener, or localhost where it listens everywhere.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// prepareSearchRegularly keeps searches quick, now and every few seconds.
func (a *App) prepareSearchRegularly(ctx context.Context) {
	ticker := time.NewTicker(prepareEvery)
	defer ticker.Stop()
	for {
		if err := a.Accounts.PrepareSearch(ctx); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "searches for users could not be made quick; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// expireRegularly takes away the PINs that have expired, now and every few
// seconds.
func (a *App) expireRegularly(ctx context.Context) {
	node := rand.Text()
	ticker := time.NewTicker(expireEvery)
	defer ticker.Stop()
	for {
		expired, err := a.Door.ExpireDue(ctx, node)
		if expired > 0 {
			a.Log.InfoContext(ctx, "expired PINs taken away", "pins", expired)
		}
		if err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "expired PINs could not be taken away; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// notifyRegularly queues the notices that are due and sends what waits, now and
// every second.
func (a *App) notifyRegularly(ctx context.Context) {
	ticker := time.NewTicker(notifyEvery)
	defer ticker.Stop()
	for {
		_, err := a.Notify.QueueDue(ctx)
		if err = errors.Join(err, a.Notify.Deliver(ctx)); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "notifications could not be looked after; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pruneRegularly forgets what is past its use, now and every hour.
func (a *App) pruneRegularly(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		err := a.store.Write(ctx, func(tx *store.Tx) error {
			now := tx.Now()
			return tx.Prune(ctx, store.PastUse{
				Keys: now.Add(-idempotency.Kept), Idle: now.Add(-auth.SessionIdle), Absolute: now.Add(-auth.SessionAbsolute),
				Waiting: now.Add(-auth.WaitingLife), Asked: now.Add(-wayback.Hour),
				// A year is the longest that signin.user.forget-hours can ask for.
				Counters: now.AddDate(0, 0, -366),
				// A few days longer than any zone or step of the clock could need.
				Day: now.AddDate(0, 0, -3).Format("2006-01-02"),
			})
		})
		if err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "old records could not be pruned", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
