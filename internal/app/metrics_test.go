package app_test

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"cardinal"
	"cardinal/internal/account"
	"cardinal/internal/app"
	"cardinal/internal/pgtest"
)

func TestMetricsAreAnsweredBeside(t *testing.T) {
	pages, err := app.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := app.ListenMetrics(":0")
	if err != nil {
		t.Fatal(err)
	}
	if at := metrics.Addr().String(); !strings.HasPrefix(at, "127.0.0.1:") {
		t.Fatalf("metrics are served at %s", at)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Create: true, Clock: func() time.Time { return now }, Metrics: metrics, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	customer, err := a.Accounts.Install(t.Context(), account.NewCustomer{Name: "Acme", Admin: "ada", Password: cardinal.NewPassword("correct horse battery")})
	if err != nil {
		t.Fatal(err)
	}
	console, hour := cardinal.Console(customer.ID), "1"
	if err := a.Accounts.ChangeSettings(t.Context(), console, account.SettingChange{Values: map[string]*string{"pin.expiration-hours": &hour}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Door.SetPIN(t.Context(), console, "ada", cardinal.NewPIN("604829")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour + 90*time.Second) // before the server begins, which would take the PIN away
	if text := backlogs(t, a); !strings.Contains(text, "cardinal_waiting{kind=\"expiry\"} 1\n") || !strings.Contains(text, "cardinal_lag_seconds{kind=\"expiry\"} 90\n") {
		t.Errorf("a PIN that is due shows as\n%s", text)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, pages) }()
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/api/v1/users": 404} {
		if status, text := get(t, "http://"+metrics.Addr().String()+path); status != want || want == 200 && !strings.Contains(text, `cardinal_build_info{version="1.2.3"} 1`) {
			t.Errorf("%s answers %d:\n%s", path, status, text)
		}
	}
	if status, _ := get(t, "http://"+pages.Addr().String()+"/metrics"); status == 200 {
		t.Error("the metrics are among the pages")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := a.Close(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// A database that can only be read is not ready: nobody could sign in.
func TestReadyMeansWritable(t *testing.T) {
	url := pgtest.URL(t)
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Database: url, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.WithoutCancel(t.Context()))
	if err := a.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := a.Ready(ctx); err == nil {
		t.Error("ready, though nothing can be written")
	}
}

// backlogs are the metrics as they are fetched.
func backlogs(t *testing.T, a *app.App) string {
	t.Helper()
	a.MeasureBacklogs(t.Context())
	answer := httptest.NewRecorder()
	a.Metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}
