package signin

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/letter"
	"cardinal/internal/metric"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// seenEvery is how exactly it is kept when a device was seen last.
const seenEvery = time.Minute

// batch is tries that share a transaction.
type batch struct {
	*Service
	tx      *store.Tx
	waiters []*waiter
	tries   []*try // in the order of the waiters; nil where the answer is there already
	results []answer
	ledgers []*ledger // of the customers, in the order of their IDs
}

func newBatch(s *Service, tx *store.Tx, waiters []*waiter) *batch {
	return &batch{Service: s, tx: tx, waiters: waiters, tries: make([]*try, len(waiters)), results: make([]answer, len(waiters))}
}

// answers are what came of the tries, in the order of the waiters.
func (b *batch) answers() []answer { return b.results }

// compared is how many PINs were compared.
func (b *batch) compared() int64 {
	var n int64
	for _, l := range b.ledgers {
		n += l.compared
	}
	return n
}

// measure counts a batch that is on record.
func (b *batch) measure() {
	b.metrics.Committed(len(b.tries))
	for _, l := range b.ledgers {
		for range l.lockedUsers {
			b.metrics.Locked(metric.User)
		}
		for range l.lockedDevices {
			b.metrics.Locked(metric.Device)
		}
	}
}

// run reads, decides and writes. Of all customers together, devices come before
// counters, counters in the order of customers and subjects, and PINs after both
// (package store says why).
func (b *batch) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.open, b.find, b.lock, b.meet} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for i, t := range b.tries {
		if t == nil {
			continue
		}
		var err error
		if b.results[i].verdict, err = t.decide(); err != nil {
			return err
		}
	}
	return b.write(ctx)
}

// of returns the tries of a customer.
func (b *batch) of(l *ledger) []*try {
	var tries []*try
	for _, t := range b.tries {
		if t != nil && t.ledger == l {
			tries = append(tries, t)
		}
	}
	return tries
}

// open reads settings and devices, and what was presented.
func (b *batch) open(ctx context.Context) error {
	byCustomer := map[cardinal.CustomerID][]int{}
	for i, w := range b.waiters {
		byCustomer[w.caller.Customer] = append(byCustomer[w.caller.Customer], i)
	}
	var due []cardinal.DeviceID
	for _, customer := range slices.Sorted(maps.Keys(byCustomer)) {
		texts, err := b.tx.SettingTexts(ctx, customer)
		if err != nil {
			return err
		}
		l := newLedger(b.ring, customer, setting.Load(texts), b.tx.Now())
		b.ledgers = append(b.ledgers, l)
		seen, err := b.admit(ctx, l, byCustomer[customer])
		if err != nil {
			return err
		}
		due = append(due, seen...)
	}
	slices.Sort(due)
	for _, id := range due {
		if err := b.tx.TouchDevice(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// admit makes tries of those waiters whose device is there, enabled, and has the
// token that was presented. It returns the devices of which it is to be written
// that they were seen.
func (b *batch) admit(ctx context.Context, l *ledger, those []int) ([]cardinal.DeviceID, error) {
	ids := map[cardinal.DeviceID]bool{}
	for _, i := range those {
		ids[b.waiters[i].caller.Device] = true
	}
	devices, err := b.tx.DevicesByID(ctx, l.customer, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	due := map[cardinal.DeviceID]bool{}
	for _, i := range those {
		w := b.waiters[i]
		device, ok := devices[w.caller.Device]
		if !ok || device.Disabled || w.caller.Proof != "" && w.caller.Proof != string(device.TokenHash) {
			// It was there and enabled when its token was looked at.
			b.results[i].err = cardinal.Errorf(cardinal.CodeUnauthenticated, "This device is not known or is disabled. Ask an administrator.")
			continue
		}
		b.tries[i] = &try{ledger: l, caller: w.caller, Try: w.presented, device: device.Device}
		b.tries[i].caller.Name = device.Name
		b.tries[i].read()
		if l.now.Sub(device.LastSeenAt) > seenEvery {
			due[device.ID] = true
		}
	}
	return slices.Collect(maps.Keys(due)), nil
}

// find finds the owners of what was presented. Nothing is locked yet: see try.moved.
func (b *batch) find(ctx context.Context) error {
	for _, l := range b.ledgers {
		var names, numbers, alone []*try
		for _, t := range b.of(l) {
			switch {
			case !t.wantsOwner():
			case t.Number != nil:
				numbers = append(numbers, t)
			case t.method == cardinal.MethodPIN:
				alone = append(alone, t)
			// What no database takes as a text is nobody's name either.
			case cardinal.CleanText(*t.Username):
				names = append(names, t)
			}
		}
		if err := b.findNames(ctx, l, names); err != nil {
			return err
		}
		if err := b.findNumbers(ctx, l, numbers); err != nil {
			return err
		}
		if err := b.findPINs(ctx, l, alone); err != nil {
			return err
		}
		for _, t := range alone {
			t.owner = t.findPIN(t.tags).User
		}
		for _, t := range b.of(l) {
			t.name()
		}
	}
	return nil
}

func (b *batch) findNames(ctx context.Context, l *ledger, tries []*try) error {
	if len(tries) == 0 {
		return nil
	}
	names := make([]string, len(tries))
	for i, t := range tries {
		names[i] = *t.Username
	}
	users, err := b.tx.UsersByNames(ctx, l.customer, names)
	if err != nil {
		return err
	}
	for i, t := range tries {
		t.owner = users[i]
	}
	return nil
}

func (b *batch) findNumbers(ctx context.Context, l *ledger, tries []*try) error {
	if len(tries) == 0 {
		return nil
	}
	numbers := make([]cardinal.CardNumber, len(tries))
	for i, t := range tries {
		numbers[i] = t.number
	}
	owners, err := b.finder(ctx, b.tx, l.customer, numbers)
	if err != nil {
		return err
	}
	for i, t := range tries {
		t.owner, t.tag = owners[i].User, owners[i].Tag
	}
	return nil
}

// findPINs finds whom the PINs of these tries identify.
func (b *batch) findPINs(ctx context.Context, l *ledger, tries []*try) error {
	if len(tries) == 0 {
		return nil
	}
	var tags []store.Tag
	for _, t := range tries {
		t.tags = t.identifyingTags(*t.PIN)
		tags = append(tags, t.tags...)
	}
	found, err := b.tx.PINsByTags(ctx, l.customer, tags)
	if err != nil {
		return err
	}
	for i, tag := range tags {
		l.pins[tag.Key()] = found[i]
	}
	return nil
}

// lock locks all counters, those of one customer after those of another.
func (b *batch) lock(ctx context.Context) error {
	for _, l := range b.ledgers {
		distinct := map[string]bool{}
		for _, t := range b.of(l) {
			for _, subject := range t.subjects() {
				distinct[subject] = true
			}
		}
		if len(distinct) == 0 {
			continue
		}
		locked, err := b.tx.LockCounters(ctx, l.customer, slices.Sorted(maps.Keys(distinct)))
		if err != nil {
			return err
		}
		for subject, counter := range locked {
			l.counters[subject] = throttle.Counter(counter)
		}
	}
	return nil
}

// meet reads the owners as they are under the lock, with their PINs and numbers.
func (b *batch) meet(ctx context.Context) error {
	for _, l := range b.ledgers {
		tries := slices.DeleteFunc(b.of(l), func(t *try) bool { return !t.wantsOwner() })
		if len(tries) == 0 {
			continue
		}
		owners := map[cardinal.UserID]bool{}
		for _, t := range tries {
			if t.owner != "" {
				owners[t.owner] = true
			}
		}
		holders, err := b.tx.Holders(ctx, l.customer, slices.Collect(maps.Keys(owners)))
		if err != nil {
			return err
		}
		below := false
		for id, h := range holders {
			l.holders[id] = &holder{Holder: h}
			below = below || h.PIN.PolicyKnown && !h.PIN.PolicyMet
		}
		if below {
			if l.policyChanged, err = b.tx.PolicyChangedAt(ctx, l.customer); err != nil {
				return err
			}
		}
		if err := b.findPINs(ctx, l, movingTags(tries)); err != nil {
			return err
		}
	}
	return nil
}

// movingTags are the tries whose PINs are to identify from now on, if nobody
// else's does.
func movingTags(tries []*try) []*try {
	return slices.DeleteFunc(tries, func(t *try) bool {
		h := t.holders[t.owner]
		return !t.mayIdentify() || h == nil || h.PIN.ID == "" || h.PIN.Identifying
	})
}

// write writes what the ledgers say, and the records in the order of the tries.
func (b *batch) write(ctx context.Context) error {
	for _, l := range b.ledgers {
		if err := b.tx.SetCounters(ctx, l.customer, l.changed); err != nil {
			return err
		}
		if err := b.writeHolders(ctx, l); err != nil {
			return err
		}
		if err := b.tellOfLocks(ctx, l); err != nil {
			return err
		}
		for _, e := range l.events {
			b.tx.QueueEvent(e)
		}
		for _, e := range l.entries {
			if err := audit.Record(b.tx, e.caller, e.Entry); err != nil {
				return err
			}
		}
	}
	return b.writeRecords(ctx)
}

func (b *batch) writeHolders(ctx context.Context, l *ledger) error {
	var first []cardinal.UserID
	for _, h := range slices.SortedFunc(maps.Values(l.holders), func(a, b *holder) int { return cmp.Compare(a.ID, b.ID) }) {
		if h.retagged {
			if _, err := b.tx.RetagPIN(ctx, l.customer, h.PIN); err != nil {
				return err
			}
		}
		if h.judged {
			if err := b.tx.SetPolicyMet(ctx, h.PIN, h.PIN.PolicyMet); err != nil {
				return err
			}
		}
		if h.first {
			first = append(first, h.ID)
		}
	}
	return b.tx.MarkSignedIn(ctx, l.customer, first)
}

// tellOfLocks queues e-mails to users whose lock has just begun, if the settings
// want one.
func (b *batch) tellOfLocks(ctx context.Context, l *ledger) error {
	for _, news := range l.locks {
		user, err := b.tx.User(ctx, l.customer, news.user)
		if err != nil {
			return err
		}
		if err := notify.Tell(ctx, b.tx, b.ring, l.values, user, notify.News{Kind: letter.AccountLocked, Device: news.device}); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) writeRecords(ctx context.Context) error {
	var refusals, records []store.RecordedSignIn
	for _, l := range b.ledgers {
		for id, row := range l.refusals {
			row.ID = b.tx.IDOf("device locked "+string(id), row.Time)
			refusals = append(refusals, row)
		}
	}
	for _, t := range b.tries {
		if t != nil && t.outcome != "" {
			record := t.record()
			record.ID = b.tx.NewID()
			records = append(records, record)
		}
	}
	if err := b.tx.CountSignIns(ctx, refusals); err != nil {
		return err
	}
	return b.tx.AddSignIns(ctx, records)
}
