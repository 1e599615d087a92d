package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"cardinal"
	"cardinal/internal/web/setup"
)

// The limits on connections and on the end of the server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 10 * time.Minute // of a whole request: an import of 64 MiB over a slow line
	idleTimeout       = 2 * time.Minute
	backlogPatience   = 2 * time.Second
	shutdownTimeout   = 10 * time.Second
	// memoryPercent is how much garbage a server lets lie, in percent of what is in
	// use: a busy one spends its time on answers, and a few dozen MiB more.
	memoryPercent = 200
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
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(memoryPercent)
	}
	a.logStart(ctx, listener)
	background, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer func() { // nothing may go on while the App is closed
		stop()
		beside.Wait()
		a.Notify.Wait()
	}()
	for _, c := range a.chores() {
		beside.Go(func() { a.regularly(background, c) })
	}
	if a.config.Metrics != nil {
		beside.Go(func() { a.serveMetrics(background, a.config.Metrics) })
	}
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
