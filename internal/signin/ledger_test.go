package signin

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// What decides about tries is looked at here without a database.

const (
	rightPIN = "k7Qw29"
	wrongPIN = "m4Rt81"
)

// counter is a customer with three users who have numbers and PINs, and some
// devices, as the database keeps them between batches.
type counter struct {
	ring     *seal.Ring
	values   setting.Values
	now      time.Time
	counters map[string]throttle.Counter
	holders  map[cardinal.UserID]store.Holder
	compared int64
}

func newCounter(t interface{ Fatal(...any) }, settings map[string]string) *counter {
	c := &counter{
		ring: seal.New(), values: setting.Load(settings), now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
		counters: map[string]throttle.Counter{}, holders: map[cardinal.UserID]store.Holder{},
	}
	for i := range 3 {
		id := cardinal.UserID(fmt.Sprint("id", i))
		number, err := cardinal.ParseCardNumber("number", fmt.Sprint("471100", i))
		if err != nil {
			t.Fatal(err)
		}
		version, sealed, err := c.ring.SealNumber("acme", id, cardinal.Primary, number)
		if err != nil {
			t.Fatal(err)
		}
		c.holders[id] = store.Holder{
			User: cardinal.User{ID: id, Customer: "acme", Username: fmt.Sprint("user", i), Disabled: i == 2}, SignedIn: true,
			PIN: store.StoredPIN{
				PINState: cardinal.PINState{ID: "pin of " + cardinal.PINID(id), User: id}, Tag: store.Tag(c.ring.PINTag("acme", id, cardinal.NewPIN(rightPIN))),
				PolicyKnown: true, PolicyMet: true,
			},
			Numbers: []store.StoredNumber{{User: id, Slot: cardinal.Primary, Tag: store.Tag{Version: version, Sum: []byte(id)}, Sealed: sealed}},
		}
	}
	return c
}

// shown is a try as it comes in: who of the three, or nobody, by number or by name.
type shown struct {
	device   cardinal.DeviceID
	user     int // 3: nobody
	byNumber bool
	right    bool
}

// batch decides about tries in one batch, and keeps what it changes.
func (c *counter) batch(t interface{ Fatal(...any) }, all []shown) []verdict {
	l := newLedger(c.ring, "acme", c.values, c.now)
	maps.Copy(l.counters, c.counters)
	for id, h := range c.holders {
		l.holders[id] = &holder{Holder: h}
	}
	var verdicts []verdict
	for _, s := range all {
		made := s.try(l)
		v, err := made.decide()
		if err != nil {
			t.Fatal(err)
		}
		verdicts = append(verdicts, v)
	}
	maps.Copy(c.counters, l.counters)
	for id, h := range l.holders {
		c.holders[id] = h.Holder
	}
	c.compared += l.compared
	return verdicts
}

func (s shown) try(l *ledger) *try {
	pin := cardinal.NewPIN(map[bool]string{true: rightPIN, false: wrongPIN}[s.right])
	made := &try{ledger: l, device: cardinal.Device{ID: s.device, Name: string(s.device)}, Try: Try{PIN: &pin}}
	if s.byNumber {
		number := cardinal.NewToken(fmt.Sprint("471100", s.user)).Secret
		made.Number = &number
	} else {
		name := fmt.Sprint("user", s.user)
		made.Username = &name
	}
	made.read()
	if id := cardinal.UserID(fmt.Sprint("id", s.user)); s.user < 3 {
		made.owner = id
		if s.byNumber {
			made.tag = l.holders[id].Numbers[0].Tag
		}
	}
	made.name()
	return made
}

// TestSharingChangesNothing: tries that share a transaction end as they would one
// after the other, each alone, and leave the same behind.
func TestSharingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := map[string]string{
			setting.SignInUserLimits.Key:   `[{"wrong":2,"lockSeconds":30},{"wrong":4,"lockSeconds":60},{"wrong":6,"lockSeconds":0}]`,
			setting.SignInDeviceBudget.Key: fmt.Sprint(rapid.SampledFrom([]int{-1, 2, 5, 30}).Draw(t, "budget")),
		}
		together := newCounter(t, settings)
		apart := &counter{
			ring: together.ring, values: together.values, now: together.now,
			counters: map[string]throttle.Counter{}, holders: maps.Clone(together.holders),
		}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			var all []shown
			for range rapid.IntRange(1, 12).Draw(t, "tries") {
				all = append(all, shown{
					device: cardinal.DeviceID(rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(t, "device")),
					user:   rapid.IntRange(0, 3).Draw(t, "user"), byNumber: rapid.Bool().Draw(t, "by number"), right: rapid.IntRange(0, 4).Draw(t, "right") == 0,
				})
			}
			verdicts := together.batch(t, all)
			for i, s := range all {
				if alone := apart.batch(t, []shown{s}); alone[0] != verdicts[i] {
					t.Fatalf("try %d of a batch ends as %+v, alone as %+v", i, verdicts[i], alone[0])
				}
			}
			if !maps.Equal(together.counters, apart.counters) || together.compared != apart.compared {
				t.Fatalf("after a batch: %v, %d compared; one by one: %v, %d", together.counters, together.compared, apart.counters, apart.compared)
			}
			pause := time.Duration(rapid.IntRange(0, 90).Draw(t, "pause")) * time.Second
			together.now, apart.now = together.now.Add(pause), apart.now.Add(pause)
		}
	})
}

// TestTheFifthLocksWithinABatch: of a hundred wrong tries in one batch five are
// compared, and the right PIN does not pass after them.
func TestTheFifthLocksWithinABatch(t *testing.T) {
	c := newCounter(t, nil)
	var all []shown
	for i := range 100 {
		all = append(all, shown{device: cardinal.DeviceID(fmt.Sprint("d", i%20)), byNumber: i%2 == 0, right: i >= 5 && i%3 == 0})
	}
	for i, v := range c.batch(t, all) {
		want := cardinal.OutcomeWrongPIN
		if i >= 5 {
			want = cardinal.OutcomeLocked
		}
		if v.outcome != want || v.person.PINExpiresAt != (time.Time{}) {
			t.Errorf("try %d ends as %s, want %s", i, v.outcome, want)
		}
	}
	if c.compared != 5 {
		t.Errorf("%d PINs were compared", c.compared)
	}
}

// TestWhoMovedIsLookedForAgain: nothing is decided about somebody who is gone, or
// whose number is another's, since they were found.
func TestWhoMovedIsLookedForAgain(t *testing.T) {
	c := newCounter(t, nil)
	l := newLedger(c.ring, "acme", c.values, c.now)
	for id, h := range c.holders {
		l.holders[id] = &holder{Holder: h}
	}
	gone := shown{device: "d", user: 0, right: true}.try(l)
	moved := shown{device: "d", user: 1, byNumber: true, right: true}.try(l)
	there := shown{device: "d", user: 1, right: true}.try(l)
	delete(l.holders, "id0")
	l.holders["id1"].Numbers = nil
	for name, c := range map[string]struct {
		*try
		again bool
	}{"gone": {gone, true}, "moved": {moved, true}, "there": {there, false}} {
		v, err := c.decide()
		if err != nil || v.again != c.again || c.again && v.outcome != "" {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	if len(l.changed) > 0 || l.compared != 1 {
		t.Errorf("what was not decided has changed %v, and %d PINs were compared", l.changed, l.compared)
	}
}
