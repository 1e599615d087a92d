package api

import (
	"fmt"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/auth"
)

// TestRatesAreBounded holds that tokens which are not used any more are
// forgotten, and that those which are stay counted.
func TestRatesAreBounded(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	r := newRates()
	bearer := func(token string) auth.Bearer {
		return auth.Bearer{Caller: cardinal.Caller{Kind: cardinal.CallerToken, Token: cardinal.TokenID(token)}, RatePerSecond: 1}
	}
	for n := range maxRates - 1 {
		if err := r.allow(bearer(fmt.Sprint("idle ", n)), now); err != nil {
			t.Fatal(err)
		}
	}
	later := now.Add(time.Minute)
	for range burst {
		if err := r.allow(bearer("busy"), later); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.allow(bearer("new"), later); err != nil {
		t.Fatal(err)
	}
	if len(r.byToken) != 2 {
		t.Errorf("%d tokens are remembered", len(r.byToken))
	}
	if err := r.allow(bearer("busy"), later); cardinal.CodeOf(err) != cardinal.CodeRateLimited {
		t.Errorf("the busy token was forgotten: %v", err)
	}
	for n := range maxRates + 10 {
		if err := r.allow(bearer(fmt.Sprint("flood ", n)), later); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.byToken) > maxRates {
		t.Errorf("%d tokens are remembered", len(r.byToken))
	}
}
