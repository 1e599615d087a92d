package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"cardinal/internal/metric"
	"cardinal/internal/store"
)

// ListenMetrics occupies the address at which Prometheus is answered. Without a
// host, as in :9420, it is this machine alone, since whoever can read the metrics
// need not prove who they are.
func ListenMetrics(address string) (net.Listener, error) {
	if strings.HasPrefix(address, ":") {
		address = "127.0.0.1" + address
	}
	return Listen(address)
}

// serveMetrics answers Prometheus until ctx ends.
func (a *App) serveMetrics(ctx context.Context, listener net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		a.measureBacklogs(r.Context())
		a.Metrics.Handler().ServeHTTP(w, r)
	})
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
	a.Log.InfoContext(ctx, "serving metrics", "address", listener.Addr().String())
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		a.Log.ErrorContext(ctx, "metrics are not served any more", "error", err)
	}
}

// measureBacklogs counts what is due. Where it cannot, what was counted last stays,
// and the metrics of the database's errors tell why.
func (a *App) measureBacklogs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, backlogPatience)
	defer cancel()
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		expiry, notices, err := tx.Backlogs(ctx)
		if err != nil {
			return err
		}
		for kind, b := range map[metric.Work]store.Backlog{metric.Expiry: expiry, metric.Notices: notices} {
			late := tx.Now().Sub(b.Oldest)
			if b.Due == 0 {
				late = 0
			}
			a.Metrics.Due(kind, b.Due, late)
		}
		return nil
	})
	if err != nil {
		a.Log.WarnContext(ctx, "what is due could not be counted for the metrics", "error", err)
	}
}
