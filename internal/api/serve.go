package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/auth"
)

// maxBody is the most bytes a body may have, and maxStream one that is streamed.
const (
	maxBody   = 1 << 20
	maxStream = 64 << 20
)

// exchange is what is known of one request and its answer. It belongs to the
// goroutine that serves the request.
type exchange struct {
	id      string
	began   time.Time
	pattern string // of the route: it holds no data
	caller  string // as Caller.Actor says
	status  int    // 0 until the header is out
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// writer notes the status that goes out.
type writer struct {
	http.ResponseWriter
	*exchange
}

// WriteHeader notes and sends the status.
func (w writer) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write sends content, with status 200 unless another has gone out.
func (w writer) Write(content []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(content)
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (w writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// open is the outermost step of every request: its id, headers, the log line
// and the net under what panics. An id that a handler around this one has put
// into the answer's header is kept; one that the client sent is not.
func (s *server) open(w http.ResponseWriter, r *http.Request) {
	x := &exchange{id: w.Header().Get("X-Request-Id"), began: s.Now(), caller: string(cardinal.CallerAnonymous)}
	if x.id == "" {
		x.id = rand.Text()
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	setHeaders(w.Header(), x.id)
	answer := writer{w, x}
	defer s.close(answer, r)
	s.dispatch(answer, r)
}

func setHeaders(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}

// close answers for a handler that panicked and writes the log line.
func (s *server) close(w writer, r *http.Request) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
			s.logLine(r, w.exchange)
			panic(p)
		}
		s.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
	s.logLine(r, w.exchange)
}

func (s *server) logLine(r *http.Request, x *exchange) {
	level := slog.LevelDebug
	if x.status >= http.StatusBadRequest {
		level = slog.LevelInfo
	}
	s.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", knownMethod(r.Method)), slog.String("route", x.pattern), slog.Int("status", x.status),
		slog.Duration("duration", s.Now().Sub(x.began)), slog.String("caller", x.caller), slog.String("requestId", x.id))
}

func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// knownMethod keeps what a client made up out of the log.
func knownMethod(method string) string {
	if slices.Contains(methods(), method) {
		return method
	}
	return "other"
}

// dispatch finds the route. The mux itself would answer in plain text, and
// redirect from paths that are not clean.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request) {
	escaped := r.URL.EscapedPath()
	handler, pattern := s.mux.Handler(r)
	switch {
	case !strings.HasPrefix(escaped, "/") || path.Clean(escaped) != escaped:
		s.fail(w, r, cardinal.Errorf(cardinal.CodeNotFound, "There is no such call. The calls are described at /api/docs."))
	case pattern == "":
		s.noRoute(w, r)
	default:
		_, exchangeOf(r).pattern, _ = strings.Cut(pattern, " ")
		if strings.Contains(pattern, "{") { // the mux puts values of the path into the request
			handler = s.mux
		}
		handler.ServeHTTP(w, r)
	}
}

func (s *server) noRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range methods() {
		probe := *r
		probe.Method = method
		if _, pattern := s.mux.Handler(&probe); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		s.fail(w, r, cardinal.Errorf(cardinal.CodeNotFound, "There is no such call. The calls are described at /api/docs."))
		return
	}
	p := problemOf(kind{http.StatusMethodNotAllowed, "invalid", "This address does not take that method. The header Allow lists those it takes."}, exchangeOf(r).id)
	made := p.reply()
	made.header["Allow"] = strings.Join(allowed, ", ")
	s.write(w, r, made)
}

// fail answers with the problem that err is.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r)
	made := problemReply(err, x.id)
	if made.status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "request failed", "requestId", x.id, "route", x.pattern, "caller", x.caller, "error", err)
	}
	if x.status != 0 {
		// Half an answer is out; closing the connection is the only way to say so.
		panic(http.ErrAbortHandler)
	}
	s.write(w, r, made)
}

func (s *server) write(w http.ResponseWriter, r *http.Request, made reply) {
	for name, value := range made.header {
		w.Header().Set(name, value)
	}
	if made.stream == nil {
		w.WriteHeader(made.status)
		_, _ = w.Write(made.content) // nobody is left to tell that the client is gone
		return
	}
	// The first byte sends the status, so that what fails before is told as such.
	if err := made.stream(w); err != nil {
		for name := range made.header {
			w.Header().Del(name)
		}
		s.fail(w, r, err)
	}
}

func writeJSON(w http.ResponseWriter, status int, content []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(content) // nobody is left to tell that the client is gone
}

// serve is the way of a request through a route: who calls, how often, whether
// they may, what they sent; then the handler.
func (s *server) serve(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made, err := s.answer(w, r, route)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.write(w, r, made)
	})
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, route route) (reply, error) {
	caller, err := s.admit(r, route)
	if err != nil {
		return reply{}, err
	}
	q := request{Request: r}
	if route.streams() {
		r.Body = http.MaxBytesReader(w, r.Body, maxStream)
	} else if q.body, err = readBody(w, r); err != nil {
		return reply{}, err
	}
	if key := r.Header.Get("Idempotency-Key"); route.once && len(r.Header.Values("Idempotency-Key")) > 0 {
		return s.answerOnce(r.Context(), caller, key, route, q)
	}
	do, err := route.prepare(q)
	if err != nil {
		return reply{}, err
	}
	made, err := do(r.Context(), caller)
	if route.proves && cardinal.CodeOf(err) == cardinal.CodeUnauthenticated {
		s.Auth.ForgetDevice(caller)
	}
	return made, err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, unreadable(err)
	}
	return body, nil
}

// unreadable is the error of a body that was too large, or broke off.
func unreadable(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fmt.Errorf("read the body: %w", err)
	}
	return cardinal.Errorf(cardinal.CodeMalformed, "The body ended too early. Send it again.").Because(err)
}

// admit finds out who calls, counts the request against the token's rate, and
// asks for the route's permission.
func (s *server) admit(r *http.Request, route route) (cardinal.Caller, error) {
	x := exchangeOf(r)
	token, ok := bearerToken(r)
	if !ok {
		return cardinal.Caller{}, cardinal.Errorf(cardinal.CodeUnauthenticated, "%s", kindOf(cardinal.CodeUnauthenticated).detail)
	}
	from := auth.Origin{Address: s.Address(r), RequestID: x.id}
	var bearer auth.Bearer
	var err error
	if route.proves {
		bearer.Caller, err = s.Auth.Device(r.Context(), token, from)
	} else {
		bearer, err = s.Auth.Bearer(r.Context(), token, from)
	}
	if err != nil {
		return cardinal.Caller{}, fmt.Errorf("find the token: %w", err)
	}
	x.caller = bearer.Caller.Actor()
	if !route.free {
		if err := s.rates.allow(bearer, s.Now()); err != nil {
			return cardinal.Caller{}, err
		}
	}
	return bearer.Caller, bearer.Caller.Require(route.permission)
}

func bearerToken(r *http.Request) (cardinal.Token, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	text = strings.TrimSpace(text)
	return cardinal.NewToken(text), ok && text != "" && strings.EqualFold(scheme, "Bearer")
}

func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
