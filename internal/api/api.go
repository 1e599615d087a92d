package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/auth"
	"cardinal/internal/bulk"
	"cardinal/internal/credential"
	"cardinal/internal/directory"
	"cardinal/internal/idempotency"
	"cardinal/internal/notify"
	"cardinal/internal/signin"
	"cardinal/internal/wayback"
)

// Services is what the interface translates to. All fields are needed but
// Address, which when nil takes the connection's.
type Services struct {
	Accounts    *account.Service
	Credentials *credential.Door
	SignIns     *signin.Service
	Auth        *auth.Service
	Directory   *directory.Service
	Repeats     *idempotency.Service
	Notify      *notify.Service
	Ways        *wayback.Service
	Bulk        *bulk.Service
	// AuditEntries lists audit entries of one subject, or of all where it is
	// empty, before a number, newest first; audit.List with its store is one.
	AuditEntries func(ctx context.Context, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error)
	// Ready returns nil if the database can be used.
	Ready func(context.Context) error
	// Address returns the client's network address without a port, as far as it can be trusted.
	Address func(*http.Request) string
	// Now is the one clock.
	Now func() time.Time
	Log *slog.Logger
}

// server is the interface while it serves.
type server struct {
	Services
	mux   *http.ServeMux
	rates *rates
}

// New makes the handler of everything under /api/ and of /healthz and /readyz.
// It fails if a service is missing or a route does not declare what it needs.
func New(services Services) (http.Handler, error) {
	if err := services.check(); err != nil {
		return nil, err
	}
	if services.Address == nil {
		services.Address = remoteAddress
	}
	s := &server{Services: services, mux: http.NewServeMux(), rates: newRates()}
	table := s.routes()
	for _, route := range table {
		if err := route.check(); err != nil {
			return nil, err
		}
		s.mux.Handle(route.method+" "+prefix+route.path, s.serve(route))
	}
	document, err := newDocument(table)
	if err != nil {
		return nil, err
	}
	page, err := referencePage(document)
	if err != nil {
		return nil, err
	}
	text, err := documentText(document)
	if err != nil {
		return nil, err
	}
	s.mux.Handle("GET /api/openapi.json", static("application/json", text))
	s.mux.Handle("GET /api/docs", static("text/html; charset=utf-8", page))
	s.mux.Handle("GET /api/docs/style.css", static("text/css; charset=utf-8", referenceStyle))
	s.mux.HandleFunc("GET /healthz", s.healthy)
	s.mux.HandleFunc("GET /readyz", s.ready)
	return http.HandlerFunc(s.open), nil
}

func (s Services) check() error {
	if s.Accounts == nil || s.Credentials == nil || s.SignIns == nil || s.Auth == nil || s.Directory == nil || s.Repeats == nil {
		return errors.New("api: a use case is missing")
	}
	if s.Notify == nil || s.Ways == nil || s.Bulk == nil {
		return errors.New("api: a use case that sends e-mail or deals with many is missing")
	}
	if s.AuditEntries == nil || s.Ready == nil || s.Now == nil || s.Log == nil {
		return errors.New("api: the audit entries, the readiness, the clock or the log is missing")
	}
	return nil
}

func (s *server) healthy(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, []byte(`{"status":"alive"}`))
}

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	const patience = 2 * time.Second
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.fail(w, r, cardinal.Errorf(cardinal.CodeUnavailable, "Cardinal is not ready: the database cannot be used.").
			Because(fmt.Errorf("readiness: %w", err)))
		return
	}
	writeJSON(w, http.StatusOK, []byte(`{"status":"ready"}`))
}

func static(contentType string, content []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		// The answer has started: nobody is left to tell that the client is gone.
		_, _ = w.Write(content)
	})
}
