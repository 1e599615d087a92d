package metric_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"cardinal"
	"cardinal/internal/metric"
)

func fetch(t *testing.T, s *metric.Set) string {
	t.Helper()
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("answered %d", answer.Code)
	}
	return answer.Body.String()
}

func happen(s *metric.Set) {
	s.Tried(cardinal.MethodCardPIN, cardinal.OutcomeWrongPIN, 3*time.Millisecond)
	s.Tried(cardinal.MethodCardPIN, cardinal.OutcomeWrongPIN, 30*time.Millisecond)
	s.Tried("", cardinal.OutcomeInvalid, time.Millisecond)
	s.Refused(metric.QueueFull)
	s.Committed(3)
	s.Waiting(7)
	s.Locked(metric.User)
	s.DatabaseFailed(cardinal.CodeUnavailable)
	s.Due(metric.Notices, 12, 90*time.Second)
	s.Due(metric.Expiry, 0, -time.Second)
}

func TestWhatPrometheusFetches(t *testing.T) {
	s := metric.New("1.2.3")
	happen(s)
	text := fetch(t, s)
	for _, line := range []string{
		`cardinal_build_info{version="1.2.3"} 1`,
		`cardinal_sign_in_tries_total{method="card-pin",outcome="` + string(cardinal.OutcomeWrongPIN) + `"} 2`,
		`cardinal_sign_in_tries_total{method="none",outcome="` + string(cardinal.OutcomeInvalid) + `"} 1`,
		`cardinal_sign_in_seconds_bucket{method="card-pin",le="0.005"} 1`,
		`cardinal_sign_in_seconds_bucket{method="card-pin",le="0.05"} 2`,
		`cardinal_sign_in_unrecorded_total{reason="queue-full"} 1`,
		`cardinal_sign_in_batch_size_sum 3`,
		`cardinal_sign_in_queue 7`,
		`cardinal_locks_total{of="user"} 1`,
		`cardinal_database_errors_total{code="unavailable"} 1`,
		`cardinal_waiting{kind="notices"} 12`,
		`cardinal_lag_seconds{kind="notices"} 90`,
		`cardinal_lag_seconds{kind="expiry"} 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("not there: %s", line)
		}
	}
	for _, part := range []string{"go_goroutines ", "process_resident_memory_bytes "} {
		if !strings.Contains(text, "\n"+part) {
			t.Errorf("not there: %s", part)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("the names are not as Prometheus wants them: %v %v", problems, err)
	}
}

func TestNoSetTakesEverything(*testing.T) {
	var s *metric.Set
	happen(s)
}
