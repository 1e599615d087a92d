package api_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/storetest"
)

func TestRepeatsHaveOneEffect(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleHelpdesk).with("Idempotency-Key", "key-1")
	const body = `{"username":"anna","primaryCardNumber":"55501234","pin":"739204"}`
	first := c.do("POST", "/api/v1/users", body).want(201)
	i.run("the answer comes again, whatever happened since", func(t *testing.T) {
		c.do("DELETE", "/api/v1/users/anna", nil).want(204)
		again := c.do("POST", "/api/v1/users", body).want(201)
		if again.text != first.text || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Location") != first.header.Get("Location") ||
			again.header.Get("Content-Type") != "application/json" {
			t.Errorf("again: %v %s", again.header, again.text)
		}
		c.do("GET", "/api/v1/users/anna", nil).want(404)
	})
	i.run("another request under the key", func(t *testing.T) {
		if got := c.do("POST", "/api/v1/users", `{"username":"bob"}`).want(422).codes(); got != "invalid Idempotency-Key" {
			t.Errorf("another body: %s", got)
		}
		elsewhere := c.with("Idempotency-Key", "key-elsewhere")
		elsewhere.do("POST", "/api/v1/users/nobody/unlock", nil).want(404)
		if got := elsewhere.do("POST", "/api/v1/users/anna/unlock", nil).want(422).codes(); got != "invalid Idempotency-Key" {
			t.Errorf("another path: %s", got)
		}
		c.do("GET", "/api/v1/users/bob", nil).want(404)
	})
	i.run("another token's key is another key", func(*testing.T) {
		i.as(cardinal.RoleHelpdesk).with("Idempotency-Key", "key-1").do("POST", "/api/v1/users", `{"username":"dora"}`).want(201)
	})
	i.run("a refusal is kept too", func(t *testing.T) {
		taken := c.with("Idempotency-Key", "key-2").do("POST", "/api/v1/users", `{"username":"dora"}`).want(409)
		c.do("DELETE", "/api/v1/users/dora", nil).want(204)
		if again := c.with("Idempotency-Key", "key-2").do("POST", "/api/v1/users", `{"username":"dora"}`).want(409); again.text != taken.text {
			t.Errorf("again: %s", again.text)
		}
	})
	i.run("after a day the key is free", func(*testing.T) {
		i.later(24*time.Hour + time.Minute)
		c.do("POST", "/api/v1/users", `{"username":"emil"}`).want(201)
	})
	i.run("keys that are none", func(t *testing.T) {
		for _, key := range []string{"", "two words", "ž", strings.Repeat("k", 256)} {
			if got := c.with("Idempotency-Key", key).do("POST", "/api/v1/users", `{"username":"fritz"}`).want(422).codes(); got != "invalid Idempotency-Key" {
				t.Errorf("%q: %s", key, got)
			}
		}
	})
}

func TestRepeatsOfSecrets(t *testing.T) {
	i := install(t)
	storetest.User(t, i.store, i.customer.ID, "anna")
	c := i.as(cardinal.RoleAdministrator)
	for n, call := range [][2]string{
		{"/api/v1/users/anna/pin/generate", `{}`}, {"/api/v1/devices", `{"name":"Printer"}`}, {"/api/v1/api-tokens", `{"name":"x","role":"auditor"}`},
	} {
		keyed := c.with("Idempotency-Key", fmt.Sprint("key-", n))
		keyed.do("POST", call[0], call[1]).want(201)
		if again := keyed.do("POST", call[0], call[1]).want(409); again.object()["code"] != "conflict" {
			t.Errorf("%s: %s", call[0], again.text)
		}
	}
	if devices := c.do("GET", "/api/v1/devices", nil).object()["items"].([]any); len(devices) != 1 {
		t.Errorf("%d devices", len(devices))
	}
	i.run("a refusal held none and is kept", func(*testing.T) {
		keyed := c.with("Idempotency-Key", "key-taken")
		first := keyed.do("POST", "/api/v1/devices", `{"name":"Printer"}`).want(409)
		keyed.do("POST", "/api/v1/devices", `{"name":"Printer"}`).want(409).same(first.text)
	})
}

func TestParallelRepeats(t *testing.T) {
	i := install(t)
	const repeats = 20
	var answers [repeats]answer
	var group sync.WaitGroup
	operator := i.as(cardinal.RoleOperator).with("Idempotency-Key", "one-for-all")
	for n := range repeats {
		group.Go(func() { answers[n] = operator.do("POST", "/api/v1/customers", `{"name":"Brno Library"}`) })
	}
	group.Wait()
	done := ""
	for _, a := range answers {
		if a.status == 409 { // while the first was running
			continue
		}
		if a.want(201); done == "" {
			done = a.text
		}
		if a.text != done {
			t.Errorf("two answers: %s and %s", done, a.text)
		}
	}
	if done == "" {
		t.Error("nobody was answered")
	}
	operator.do("POST", "/api/v1/customers", `{"name":"Brno Library"}`).want(201).same(done)
	if all := operator.do("GET", "/api/v1/customers", nil).object()["items"].([]any); len(all) != 2 {
		t.Errorf("%d customers", len(all))
	}
}

func TestRepeatsWhileTheFirstRuns(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleHelpdesk).with("Idempotency-Key", "slow")
	body := &gated{text: "username\nanna\n", reached: make(chan struct{}), open: make(chan struct{})}
	done := make(chan answer)
	go func() { done <- c.do("POST", "/api/v1/imports", body) }()
	<-body.reached
	if running := c.do("POST", "/api/v1/imports", "username\nanna\n").want(409); !strings.Contains(running.text, "still running") {
		t.Errorf("running: %s", running.text)
	}
	close(body.open)
	first := (<-done).want(202)
	c.do("POST", "/api/v1/imports", "username\nanna\n").want(202).same(first.text)
	if different := c.do("POST", "/api/v1/imports", "username\nbob\n").want(422); different.codes() != "invalid Idempotency-Key" {
		t.Errorf("another file: %s", different.text)
	}
	c.do("POST", "/api/v1/imports?dryRun=true", "username\nanna\n").want(422)
	c.finished(first.header.Get("Location"))
	if runs := c.do("GET", "/api/v1/imports", nil).object()["items"].([]any); len(runs) != 1 {
		t.Errorf("%d imports", len(runs))
	}
}

// gated is a file that waits in the middle until it may go on.
type gated struct {
	text          string
	once          sync.Once
	reached, open chan struct{}
}

func (g *gated) Read(p []byte) (int, error) {
	g.once.Do(func() { close(g.reached) })
	<-g.open
	if g.text == "" {
		return 0, io.EOF
	}
	n := copy(p, g.text)
	g.text = g.text[n:]
	return n, nil
}

func TestFailuresFreeTheKey(t *testing.T) {
	i := install(t)
	c := i.as(cardinal.RoleHelpdesk).with("Idempotency-Key", "key")
	storetest.User(t, i.store, i.customer.ID, "anna")
	for _, fault := range []struct {
		status int
		commit func() error
	}{
		{500, func() error { return errors.New("broken") }},
		{500, func() error { panic("broken") }},
		{503, func() error { return cardinal.Errorf(cardinal.CodeUnavailable, "The database is gone.") }},
		{507, func() error { return cardinal.Errorf(cardinal.CodeStorageFull, "The disk is full.") }},
		{429, func() error { return cardinal.Errorf(cardinal.CodeRateLimited, "Too often.") }},
	} {
		i.fault.Store(&fault.commit)
		c.do("POST", "/api/v1/users/anna/unlock", nil).want(fault.status)
	}
	i.fault.Store(nil)
	c.do("POST", "/api/v1/users/anna/unlock", nil).want(204)
	c.do("POST", "/api/v1/users/anna/unlock", nil).want(204)
	unlocks := 0
	for _, entry := range storetest.Audit(t, i.store, i.customer.ID) {
		if entry.Action == "user.unlocked" {
			unlocks++
		}
	}
	if unlocks != 1 {
		t.Errorf("unlocked %d times", unlocks)
	}
}
