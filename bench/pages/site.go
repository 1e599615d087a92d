package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/app"
	"cardinal/internal/auth"
	"cardinal/internal/web"
)

// site is Cardinal with its people, and somebody signed in.
type site struct {
	app     *app.App
	dir     string
	handler http.Handler
	session cardinal.Token
	ids     map[string]string // what stands for {id} below a path
	only    string
}

// page is one address, and what its visits took.
type page struct {
	name   string
	method string
	path   string
	body   string
	within time.Duration
	times  []time.Duration
	bytes  int // transferred, compressed as a browser asks for it
}

func newSite(ctx context.Context, c config) (*site, error) {
	dir, err := os.MkdirTemp("", "cardinal-bench-")
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir, only: c.only}
	if err := fill(ctx, c, dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if s.app, err = app.Open(ctx, app.Config{Data: dir, Database: c.database}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if s.handler, err = s.app.Handler(); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	if s.ids, err = furnish(ctx, s.app); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	s.session, err = s.app.Auth.SignIn(ctx, auth.Credentials{Username: visitor, Password: password()}, auth.Origin{Address: "127.0.0.1"})
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *site) close(ctx context.Context) error {
	return errors.Join(s.app.Close(ctx), os.RemoveAll(s.dir))
}

// ask answers one request as a browser would send it.
func (s *site) ask(ctx context.Context, p *page) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, p.method, "http://localhost"+p.path, strings.NewReader(p.body))
	r.Header.Set("Accept-Encoding", "gzip")
	if p.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: "cardinal-session", Value: s.session.Reveal()})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// visit asks for the pages in turn, so that what else the machine does falls on all alike.
func (s *site) visit(ctx context.Context, pages []*page, visits int) error {
	const warm = 3
	for round := range visits + warm {
		for _, p := range pages {
			begin := time.Now()
			w := s.ask(ctx, p)
			took := time.Since(begin)
			if w.Code != http.StatusOK {
				return fmt.Errorf("%s %s answers %d: %s", p.method, p.path, w.Code, w.Header().Get("Location"))
			}
			if round >= warm {
				p.times = append(p.times, took)
				p.bytes = max(p.bytes, w.Body.Len())
			}
		}
	}
	return nil
}

// firstVisit is how many bytes the dashboard takes with all that belongs to it,
// before a browser has kept anything.
func (s *site) firstVisit(ctx context.Context) (int, error) {
	plain := &page{method: http.MethodGet, path: "/dashboard"}
	r := httptest.NewRequestWithContext(ctx, plain.method, "http://localhost"+plain.path, nil)
	r.AddCookie(&http.Cookie{Name: "cardinal-session", Value: s.session.Reveal()})
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	total := s.ask(ctx, plain).Body.Len()
	found := regexp.MustCompile(`(?:href|src)="(/assets/[^"#]+)`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(found) == 0 {
		return 0, errors.New("the page names no assets")
	}
	seen := map[string]bool{}
	for _, match := range found {
		if seen[match[1]] {
			continue
		}
		seen[match[1]] = true
		answer := s.ask(ctx, &page{method: http.MethodGet, path: match[1]})
		if answer.Code != http.StatusOK {
			return 0, fmt.Errorf("%s answers %d", match[1], answer.Code)
		}
		total += answer.Body.Len()
	}
	return total, nil
}

func at(times []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

func report(pages []*page, first int) error {
	var err error
	fmt.Printf("%-52s %9s %9s %9s %8s\n", "page", "p50", "p95", "promised", "KiB")
	for _, p := range pages {
		p50, p95, mark := at(p.times, 0.5), at(p.times, 0.95), ""
		if p95 > p.within || p.bytes > laterBytes {
			mark, err = "  above", errPromise
		}
		fmt.Printf("%-52s %6.1f ms %6.1f ms %6.0f ms %8.1f%s\n", p.name, milliseconds(p50), milliseconds(p95), milliseconds(p.within), float64(p.bytes)/1024, mark)
	}
	if first > firstBytes {
		err = errPromise
	}
	fmt.Printf("first visit of the dashboard with all that it needs: %.0f KiB of %d\n", float64(first)/1024, firstBytes>>10)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// table lists the routes of the pages.
func (s *site) table() ([]web.Route, error) { return s.app.Pages() }
