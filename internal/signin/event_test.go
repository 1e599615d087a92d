package signin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cardinal"
	"cardinal/internal/metric"
	"cardinal/internal/setting"
	"cardinal/internal/signin"
	"cardinal/internal/storetest"
)

// Rules learn of tries that failed and of locks that began, Prometheus of all.
func TestWhatIsToldOfTries(t *testing.T) {
	everywhere(t, func(t *testing.T, o *office) {
		set := metric.New("test")
		o.service = signin.New(o.store, o.Ring, o.door.FindOwners, set)
		o.set(map[string]any{
			setting.SignInDeviceBudget.Key: 3, setting.SignInUserLimits.Key: []cardinal.LockLimit{{Wrong: 2, LockSeconds: 60}},
		})
		before := len(storetest.Events(t, o.store, o.customer))
		if _, err := o.service.SignIn(t.Context(), o.device, byCardPIN(card, pin)); err != nil {
			t.Fatal(err)
		}
		for _, try := range []signin.Try{
			byCardPIN(card, wrong), byName(username, wrong), byName(username, pin), byName("nobody", wrong), byName("nobody", wrong),
		} {
			if _, err := o.service.SignIn(t.Context(), o.device, try); err == nil {
				t.Error("a wrong try passes")
			}
		}
		failed := func(who, method, outcome string) string {
			return "sign-in.failed" + who + " device=Copier 1 method=" + method + " outcome=" + outcome
		}
		want := []string{
			failed(" anna", "card-pin", "wrong-pin"), "user.locked anna device=Copier 1 wrong-tries=2", failed(" anna", "username-pin", "wrong-pin"),
			failed(" anna", "username-pin", "locked"), failed("", "username-pin", "unknown"),
		}
		if diff := cmp.Diff(want, storetest.Events(t, o.store, o.customer)[before:]); diff != "" {
			t.Error(diff)
		}
		answer := httptest.NewRecorder()
		set.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for _, line := range []string{
			`tries_total{method="card-pin",outcome="success"} 1`, `tries_total{method="card-pin",outcome="wrong-pin"} 1`,
			`tries_total{method="username-pin",outcome="device-locked"} 1`, `seconds_count{method="username-pin"} 4`, `batch_size_count 6`, `batch_size_sum 6`,
			`locks_total{of="user"} 1`, `locks_total{of="device"} 1`, `queue 0`,
		} {
			if !strings.Contains(answer.Body.String(), line+"\n") {
				t.Errorf("%s is not in\n%s", line, answer.Body)
			}
		}
	})
}
