package credential

import (
	"context"
	"slices"

	"cardinal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
)

// How often a day a caller may be told that a PIN was in use before or is
// taken: each time tells something about a live PIN (spec: pins). Self-service
// has the user's own limit instead.
const (
	probesOfUser   = 10
	probesByCaller = 100
)

// The kinds of daily counts.
const (
	countPIN    = "pin"
	countNumber = "card-number"
	countProbe  = "pin-probe"
)

// Attempt runs do, which may use Apply, so that its refusal undoes what it wrote
// but still counts and is logged. The refusal, an Error for the caller to see,
// is the first result; the second ends the transaction.
func (d *Door) Attempt(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, do func() error) (refused, err error) {
	err = tx.Savepoint(ctx, do)
	if err == nil || isFault(err) {
		return nil, err
	}
	d.logRefusal(ctx, by, user, err)
	return err, d.CountProbe(ctx, tx, by, user, err)
}

// attemptOwn is Attempt in self-service, whose own daily limit has counted
// already. That a caller acts on themselves is no reason: whoever may write
// credentials could try out the PINs of others on their own account.
func (d *Door) attemptOwn(ctx context.Context, t *task, do func(*task) error) (refused, err error) {
	t.own = true
	err = t.tx.Savepoint(ctx, func() error { return do(t) })
	if isFault(err) {
		return nil, err
	}
	return err, nil
}

// isFault tells what ends a transaction from a refusal.
func isFault(err error) bool {
	switch cardinal.CodeOf(err) {
	case cardinal.CodeInternal, cardinal.CodeUnavailable, cardinal.CodeStorageFull:
		return true
	}
	return false
}

func (d *Door) logRefusal(ctx context.Context, by Acting, user cardinal.User, refused error) {
	if by.Caller.Kind != cardinal.CallerToken || cardinal.CodeOf(refused) != cardinal.CodePolicyViolation {
		return
	}
	d.log.WarnContext(ctx, "PIN refused", "requestId", by.Caller.RequestID, "customer", setting.CustomerName.In(by.Settings),
		"customerId", string(by.Caller.Customer),
		"username", user.Username, "caller", by.Caller.Actor(), "violations", cardinal.ViolationCodes(cardinal.ViolationsOf(refused)))
}

// CountProbe counts a refusal that tells about a live PIN against the user's and
// the caller's day; other refusals are not counted. Attempt does it by itself:
// this is for a dry run, whose Attempts leave no trace.
func (d *Door) CountProbe(ctx context.Context, tx *store.Tx, by Acting, user cardinal.User, refused error) error {
	told := slices.ContainsFunc(cardinal.ViolationsOf(refused), func(v cardinal.Violation) bool {
		return v.Code == cardinal.ViolationReused || v.Code == cardinal.ViolationNotAvailable
	})
	if !told {
		return nil
	}
	for _, probe := range probes(tx, by, user) {
		if _, err := tx.CountChange(ctx, probe.key, probe.most); err != nil {
			return err
		}
	}
	return nil
}

// probesLeft refuses the caller who was told about live PINs too often today,
// before another one is compared.
func (t *task) probesLeft(ctx context.Context) error {
	if t.own {
		return nil
	}
	for _, probe := range probes(t.tx, Acting{t.caller, t.values}, t.user) {
		used, err := t.tx.ChangeCount(ctx, probe.key)
		if err != nil {
			return err
		}
		if used >= probe.most {
			return cardinal.Errorf(cardinal.CodeRateLimited,
				"Too many PINs that cannot be used were tried today. Have a PIN generated, or try again tomorrow.")
		}
	}
	return nil
}

// CopyProbes makes to count what from has counted today of refusals that told
// the caller about live PINs, of the user's and in all.
func (d *Door) CopyProbes(ctx context.Context, from, to *store.Tx, by Acting, user cardinal.User) error {
	for _, probe := range probes(from, by, user) {
		used, err := from.ChangeCount(ctx, probe.key)
		if err != nil {
			return err
		}
		have, err := to.ChangeCount(ctx, probe.key)
		if err != nil {
			return err
		}
		for ; have < used; have++ {
			if _, err := to.CountChange(ctx, probe.key, probe.most); err != nil {
				return err
			}
		}
	}
	return nil
}

type probe struct {
	key  store.ChangeKey
	most int
}

func probes(tx *store.Tx, by Acting, user cardinal.User) []probe {
	day := today(tx, by.Settings)
	return []probe{
		{store.ChangeKey{Customer: user.Customer, Subject: store.UserSubject(user.ID), Kind: countProbe, Day: day}, probesOfUser},
		{store.ChangeKey{Customer: user.Customer, Subject: by.Caller.Actor(), Kind: countProbe, Day: day}, probesByCaller},
	}
}

// today is the calendar day in the customer's time zone.
func today(tx *store.Tx, values setting.Values) string {
	return tx.Now().In(setting.Location(values)).Format("2006-01-02")
}
