package idempotency_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/idempotency"
	"cardinal/internal/storetest"
)

const canary = "canary-84179305"

func caller(customer cardinal.Customer, token cardinal.TokenID) cardinal.Caller {
	return cardinal.Caller{Kind: cardinal.CallerToken, Customer: customer.ID, Role: cardinal.RoleProvisioner, Token: token, Name: "x"}
}

// began is what Begin answered.
func began(t *testing.T, s *idempotency.Service, by cardinal.Caller, key, request string) (idempotency.Answer, bool, error) {
	t.Helper()
	return s.Begin(t.Context(), by, key, []byte(request))
}

func TestRequests(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		nodes := d.Open(t)
		customer := storetest.Customer(t, nodes, "Pilsen Print")
		s, other := idempotency.New(nodes, d.Ring), idempotency.New(d.Open(t), d.Ring)
		by := caller(customer, "token-1")
		if _, first, err := began(t, s, by, "key", "request "+canary); err != nil || !first {
			t.Fatalf("first: %t %v", first, err)
		}
		if _, first, err := began(t, other, by, "key", "request "+canary); first || !errors.Is(err, cardinal.ErrConflict) {
			t.Errorf("while it runs: %t %v", first, err)
		}
		answer := idempotency.Answer{Status: 201, Header: map[string]string{"ETag": `"1"`}, Content: []byte("content " + canary), Digest: []byte{1}}
		if err := s.Keep(t.Context(), by, "key", answer); err != nil {
			t.Fatal(err)
		}
		kept, first, err := began(t, other, by, "key", "request "+canary)
		if err != nil || first || kept.Status != 201 || kept.Header["ETag"] != `"1"` || string(kept.Content) != "content "+canary || string(kept.Digest) != "\x01" {
			t.Errorf("kept: %+v %t %v", kept, first, err)
		}
		if _, _, err := began(t, s, by, "key", "another request"); !errors.Is(err, cardinal.ErrInvalid) {
			t.Errorf("another request: %v", err)
		}
		if _, first, err := began(t, s, caller(customer, "token-2"), "key", "another request"); err != nil || !first {
			t.Errorf("another token: %t %v", first, err)
		}
		nothingIn(t, d, canary)
		d.Clock.Add(idempotency.Kept + time.Millisecond)
		if _, first, err := began(t, s, by, "key", "another request"); err != nil || !first {
			t.Errorf("a day later: %t %v", first, err)
		}
	})
}

// nothingIn searches the table of keys for a text.
func nothingIn(t *testing.T, d *storetest.Database, text string) {
	t.Helper()
	database, err := sql.Open(d.Driver())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = database.Close() }()
	rows, err := database.QueryContext(t.Context(), "SELECT request_hash, body FROM idempotency_keys")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	count := 0
	for rows.Next() {
		var hash, body []byte
		if err := rows.Scan(&hash, &body); err != nil {
			t.Fatal(err)
		}
		count++
		if strings.Contains(string(hash)+string(body), text) {
			t.Errorf("it is stored as it is: %q", body)
		}
	}
	if err := rows.Err(); err != nil || count == 0 {
		t.Errorf("%d rows, %v", count, err)
	}
}

func TestSecretsAndReleases(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	db := d.Open(t)
	s, by := idempotency.New(db, d.Ring), caller(storetest.Customer(t, db, "Pilsen Print"), "token-1")
	if _, first, err := began(t, s, by, "secret", "r"); err != nil || !first {
		t.Fatalf("first: %t %v", first, err)
	}
	if err := s.KeepSecret(t.Context(), by, "secret"); err != nil {
		t.Fatal(err)
	}
	_, first, err := began(t, s, by, "secret", "r")
	if first || !errors.Is(err, cardinal.ErrConflict) || !strings.Contains(err.Error(), "secret") {
		t.Errorf("after a secret: %t %v", first, err)
	}
	for range 2 {
		if _, first, err := began(t, s, by, "released", "r"); err != nil || !first {
			t.Fatalf("first: %t %v", first, err)
		}
		if err := s.Release(t.Context(), by, "released"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAfterRotation(t *testing.T) {
	d := storetest.New(t, storetest.SQLite)
	db := d.Open(t)
	s, by := idempotency.New(db, d.Ring), caller(storetest.Customer(t, db, "Pilsen Print"), "token-1")
	if _, first, err := began(t, s, by, "key", "r"); err != nil || !first {
		t.Fatalf("first: %t %v", first, err)
	}
	if err := s.Keep(t.Context(), by, "key", idempotency.Answer{Status: 204}); err != nil {
		t.Fatal(err)
	}
	s = idempotency.New(db, d.Ring.Rotated())
	kept, first, err := began(t, s, by, "key", "r")
	if err != nil || first || kept.Status != 204 {
		t.Errorf("kept: %+v %t %v", kept, first, err)
	}
}

func TestOneOfManyIsFirst(t *testing.T) {
	storetest.EachDatabase(t, func(t *testing.T, d *storetest.Database) {
		one := d.Open(t)
		by := caller(storetest.Customer(t, one, "Pilsen Print"), "token-1")
		nodes := []*idempotency.Service{idempotency.New(one, d.Ring), idempotency.New(d.Open(t), d.Ring)}
		var firsts atomic.Int64
		var group sync.WaitGroup
		for n := range 20 {
			group.Go(func() {
				_, first, err := nodes[n%2].Begin(context.WithoutCancel(t.Context()), by, "key", []byte("r"))
				if first {
					firsts.Add(1)
				}
				if err != nil && !errors.Is(err, cardinal.ErrConflict) {
					t.Errorf("%v", err)
				}
			})
		}
		group.Wait()
		if firsts.Load() != 1 {
			t.Errorf("%d were first", firsts.Load())
		}
	})
}
