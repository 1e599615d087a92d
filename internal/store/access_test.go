package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"cardinal"
	"cardinal/internal/store"
	"cardinal/internal/storetest"
)

func testAPITokens(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	d.Clock.Set(someTime())
	var written []cardinal.APIToken
	n.write(func(ctx context.Context, tx *store.Tx) error {
		for i, expires := range []time.Time{{}, someTime().UTC().Add(time.Hour), {}} {
			token := cardinal.APIToken{ID: cardinal.TokenID(tx.NewID()), Customer: c, Name: "žádost " + string(rune('A'+i)), Role: cardinal.RoleProvisioner, CreatedBy: "console", CreatedAt: tx.Now(), ExpiresAt: expires}
			written = append(written, token)
			if err := tx.AddAPIToken(ctx, token, []byte(token.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	again := written[0]
	again.ID, again.Name = "another", "ŽÁDOST a"
	taken(t, n.refusal(cardinal.CodeConflict, func(ctx context.Context, tx *store.Tx) error {
		return tx.AddAPIToken(ctx, again, []byte("another"))
	}), "name")
	again.Customer = storetest.Customer(t, n.Store, "not of "+t.Name()).ID
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddAPIToken(ctx, again, []byte("another")) })
	n.read(func(ctx context.Context, tx *store.Tx) error {
		byHash, err := tx.APITokenByHash(ctx, []byte(written[1].ID))
		same(t, written[1], byHash)
		byID, idErr := tx.APIToken(ctx, c, written[0].ID)
		same(t, written[0], byID)
		page, pageErr := tx.APITokens(ctx, c, "", 2)
		same(t, written[:2], page)
		rest, restErr := tx.APITokens(ctx, c, written[1].ID, 2)
		same(t, written[2:], rest)
		return first(err, idErr, pageErr, restErr)
	})
	for _, at := range []time.Time{someTime().Add(time.Minute), someTime()} {
		d.Clock.Set(at)
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchAPIToken(ctx, written[0].ID) })
	}
	foreign := written[0]
	foreign.Customer = "other"
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.APIToken(ctx, "other", written[0].ID)
		return err
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAPIToken(ctx, foreign) })
	n.write(func(ctx context.Context, tx *store.Tx) error {
		used, err := tx.APIToken(ctx, c, written[0].ID)
		same(t, someTime().UTC().Add(time.Minute), used.LastUsedAt)
		return first(err, tx.DeleteAPIToken(ctx, written[0]))
	})
	n.refused(cardinal.CodeNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.APITokenByHash(ctx, []byte(written[0].ID))
		return err
	})
}

func testSessions(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	users := storetest.Users(t, n.Store, c, "anna", "bert")
	add := func(id string, u cardinal.User) store.Session {
		s := store.Session{ID: cardinal.SessionID(id), User: u, CreatedAt: d.Clock.Now(), SeenAt: d.Clock.Now(), ConfirmedAt: d.Clock.Now(), Address: "::1", UserAgent: "Žába/1"}
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.AddSession(ctx, s, []byte("secret of "+id)) })
		return s
	}
	alive := func(want ...string) {
		t.Helper()
		got := []string{}
		n.read(func(ctx context.Context, tx *store.Tx) error {
			for _, id := range []string{"a1", "a2", "a3", "b1"} {
				s, err := tx.SessionByToken(ctx, []byte("secret of "+id))
				if err == nil {
					got = append(got, string(s.ID))
				} else {
					wantCode(t, err, cardinal.CodeNotFound)
				}
			}
			return nil
		})
		same(t, want, got)
	}
	one := add("a1", users[0])
	add("a2", users[0])
	add("b1", users[1])
	d.Clock.Add(time.Minute)
	add("a3", users[0])
	d.Clock.Add(-30 * time.Second)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchSession(ctx, "a1") })
	d.Clock.Add(-time.Minute)
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchSession(ctx, "a1") })
	n.read(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.SessionByToken(ctx, []byte("secret of a1"))
		one.SeenAt = one.CreatedAt.Add(30 * time.Second)
		same(t, one, got)
		return err
	})
	alive("a1", "a2", "a3", "b1")
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.EndSession(ctx, "other", "a1") })
	alive("a1", "a2", "a3", "b1")
	for range 2 {
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.EndSession(ctx, c, "a2") })
	}
	alive("a1", "a3", "b1")
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.EndSessionsOf(ctx, users[0], "a1") })
	alive("a1", "b1")
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.EndSessionsOf(ctx, users[1], "") })
	alive("a1")
}

func TestPrune(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		now := d.Clock.Now()
		user := storetest.User(t, n.Store, c, "anna")
		for id, at := range map[string]time.Time{"old": now.Add(-3 * time.Hour), "idle": now.Add(-time.Hour), "fresh": now} {
			d.Clock.Set(at)
			n.write(func(ctx context.Context, tx *store.Tx) error {
				_, _, keyErr := tx.ClaimKey(ctx, c, store.IdempotencyKey{Caller: "c", Key: id}, []byte{1}, time.Hour)
				_, countErr := tx.CountChange(ctx, store.ChangeKey{Customer: c, Subject: id, Kind: "k", Day: at.Format("2006-01-02T15")}, 9)
				return first(tx.AddSession(ctx, store.Session{ID: cardinal.SessionID(id), User: user}, []byte(id)), keyErr, countErr)
			})
		}
		d.Clock.Set(now)
		n.write(func(ctx context.Context, tx *store.Tx) error { return tx.TouchSession(ctx, "old") })
		n.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.Prune(ctx, store.PastUse{
				Keys: now.Add(-time.Hour), Idle: now.Add(-30 * time.Minute), Absolute: now.Add(-2 * time.Hour),
				Counters: now.Add(-time.Hour), Day: now.Add(-time.Hour).Format("2006-01-02T15"),
			})
		})
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for id, want := range map[string][3]bool{"old": {false, false, false}, "idle": {true, true, false}, "fresh": {true, true, true}} {
				free, _, keyErr := tx.ClaimKey(ctx, c, store.IdempotencyKey{Caller: "c", Key: id}, []byte{1}, 9*time.Hour)
				count, countErr := tx.ChangeCount(ctx, store.ChangeKey{
					Customer: c, Subject: id, Kind: "k", Day: map[string]string{"old": "2026-03-02T09", "idle": "2026-03-02T11", "fresh": "2026-03-02T12"}[id],
				})
				_, sessionErr := tx.SessionByToken(ctx, []byte(id))
				if got := [3]bool{!free, count == 1, sessionErr == nil}; got != want {
					t.Errorf("%s: key, count and session are there: %v, want %v", id, got, want)
				}
				if err := first(keyErr, countErr); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func TestPruneCounters(t *testing.T) {
	on(t, func(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
		now := d.Clock.Now()
		counters := map[string]store.Counter{
			"old":    {Wrong: 3, ChangedAt: now.Add(-2 * time.Hour)},
			"locked": {Wrong: 15, ChangedAt: now.Add(-2 * time.Hour), LockedUntil: now.Add(time.Hour)},
			"fresh":  {Wrong: 1, ChangedAt: now},
		}
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for subject, counter := range counters {
				if _, err := tx.LockCounter(ctx, c, subject); err != nil {
					return err
				}
				if err := tx.SetCounter(ctx, c, subject, counter); err != nil {
					return err
				}
			}
			return tx.Prune(ctx, store.PastUse{Counters: now.Add(-time.Hour)})
		})
		n.write(func(ctx context.Context, tx *store.Tx) error {
			for subject, want := range map[string]int64{"old": 0, "locked": 15, "fresh": 1} {
				counter, err := tx.Counter(ctx, c, subject)
				if err != nil {
					return err
				}
				same(t, want, counter.Wrong)
			}
			return nil
		})
	})
}

func testIdempotencyKeys(t *testing.T, n node, d *storetest.Database, c cardinal.CustomerID) {
	key := store.IdempotencyKey{Caller: "token 1", Key: "k"}
	claim := func(k store.IdempotencyKey, hash string) (isFirst bool, kept store.KeptAnswer) {
		n.write(func(ctx context.Context, tx *store.Tx) (err error) {
			isFirst, kept, err = tx.ClaimKey(ctx, c, k, []byte(hash), 24*time.Hour)
			return err
		})
		return isFirst, kept
	}
	expect := func(k store.IdempotencyKey, hash string, wantFirst bool, want store.KeptAnswer) {
		t.Helper()
		isFirst, kept := claim(k, hash)
		same(t, wantFirst, isFirst)
		kept.Body = append([]byte(nil), kept.Body...) // none at all and empty are the same
		same(t, want, kept)
	}
	expect(key, "h1", true, store.KeptAnswer{})
	expect(key, "h2", false, store.KeptAnswer{RequestHash: []byte("h1"), State: "running"})
	expect(store.IdempotencyKey{Caller: "token 2", Key: "k"}, "h2", true, store.KeptAnswer{})
	answer := store.KeptAnswer{RequestHash: []byte("h1"), State: "kept", Status: 201, Body: []byte("{\x00\xff}")}
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.FinishKey(ctx, key, answer) })
	d.Clock.Add(24 * time.Hour)
	expect(key, "h1", false, answer)
	d.Clock.Add(time.Millisecond)
	expect(key, "h3", true, store.KeptAnswer{})
	expect(key, "h3", false, store.KeptAnswer{RequestHash: []byte("h3"), State: "running"})
	n.write(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseKey(ctx, key) })
	expect(key, "h4", true, store.KeptAnswer{})
}

func TestOneOfManyClaimsAKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func() *store.Store) {
		nodes := []*store.Store{open(), open()}
		c := storetest.Customer(t, nodes[0], "Pilsen Print").ID
		var claimed atomic.Int64
		all(t, 20, func(i int) error {
			var isFirst bool
			err := nodes[i%2].Write(t.Context(), func(tx *store.Tx) (err error) {
				isFirst, _, err = tx.ClaimKey(t.Context(), c, store.IdempotencyKey{Caller: "c", Key: "k"}, []byte{1}, time.Hour)
				return err
			})
			if err == nil && isFirst {
				claimed.Add(1)
			}
			return err
		})
		same(t, int64(1), claimed.Load())
	})
}
