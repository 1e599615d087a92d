package api_test

import (
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestRate(t *testing.T) {
	i := install(t)
	storetest.Set(t, i.store, i.customer.ID, map[string]any{"api.rate-per-second": 2})
	c, other := i.as(cardinal.RoleAdministrator), i.as(cardinal.RoleAuditor)
	for range 20 {
		c.do("GET", "/api/v1/devices", nil).want(200)
	}
	i.run("past the burst", func(t *testing.T) {
		refusal := c.do("GET", "/api/v1/devices", nil).want(429)
		checkProblem(t, refusal, "rate_limited")
		if after := refusal.header.Get("Retry-After"); after != "1" {
			t.Errorf("Retry-After: %q", after)
		}
	})
	i.run("other tokens go on, and so do sign-ins", func(*testing.T) {
		other.do("GET", "/api/v1/devices", nil).want(200)
		printer := i.device("printer")
		for range 25 {
			printer.do("POST", "/api/v1/sign-in", `{"username":"nobody","pin":"1"}`).want(401)
		}
	})
	i.run("two a second come back", func(*testing.T) {
		i.later(time.Second)
		c.do("GET", "/api/v1/devices", nil).want(200)
		c.do("GET", "/api/v1/devices", nil).want(200)
		c.do("GET", "/api/v1/devices", nil).want(429)
	})
	i.run("a changed setting holds at once", func(*testing.T) {
		storetest.Set(t, i.store, i.customer.ID, map[string]any{"api.rate-per-second": -1})
		for range 50 {
			c.do("GET", "/api/v1/devices", nil).want(200)
		}
	})
}
