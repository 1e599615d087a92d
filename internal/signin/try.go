package signin

import (
	"slices"
	"strconv"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/credential"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// verdict is how a try ended.
type verdict struct {
	method  cardinal.Method
	outcome cardinal.Outcome
	person  Person
	wait    time.Duration // OutcomeDeviceLocked: until the next try
	// again says that nothing was decided: the user was changed between being found
	// and being locked.
	again bool
}

// try is one try under way: what was presented, what was found before anything was
// locked, and what has come of it.
type try struct {
	*ledger
	caller cardinal.Caller
	Try
	device cardinal.Device

	method  cardinal.Method     // empty: what was presented is none
	allowed bool                // the method is on
	number  cardinal.CardNumber // as converted; zero if there is none or it could not be read
	owner   cardinal.UserID     // who has the name, the number or the PIN; empty: nobody
	tag     store.Tag           // under which the number is the owner's
	subject string              // of the counter of wrong tries
	tags    []store.Tag         // that the PIN may be found by, where that is to be known

	user    *holder // who it was found to be
	outcome cardinal.Outcome
}

// read finds out what was presented.
func (t *try) read() {
	t.method = presentedMethod(t.Try)
	t.allowed = t.method != "" && t.allows(t.method, t.device)
	if t.Number != nil {
		t.number = t.convert(t.device, *t.Number)
	}
}

// wantsOwner reports whether the try is one that may lead to somebody.
func (t *try) wantsOwner() bool {
	return t.allowed && (t.Number == nil || !t.number.IsZero())
}

// presentedMethod tells the method by what was presented, or "" where that is none.
func presentedMethod(p Try) cardinal.Method {
	number, username, pin := p.Number != nil, p.Username != nil, p.PIN != nil
	switch {
	case number && !username && pin:
		return cardinal.MethodCardPIN
	case number && !username && !pin:
		return cardinal.MethodCard
	case !number && username && pin:
		return cardinal.MethodUsernamePIN
	case !number && !username && pin:
		return cardinal.MethodPIN
	}
	return ""
}

// name sets whose tries are counted: those of the owner or, for a name or a number
// that nobody has, of itself, so that the unknown lock like the known.
func (t *try) name() {
	switch {
	case !t.wantsOwner():
	case t.owner != "":
		t.subject = store.UserSubject(t.owner)
	case t.Username != nil:
		t.subject = "name " + t.ring.AttemptTag(t.customer, "username", store.Fold(*t.Username))
	case t.Number != nil:
		t.subject = "number " + t.ring.AttemptTag(t.customer, "number", t.number.Folded())
	}
}

// subjects are the counters that must be locked before the try is decided.
func (t *try) subjects() []string {
	subjects := []string{store.DeviceSubject(t.device.ID)}
	if t.wantsOwner() && t.method == cardinal.MethodPIN {
		subjects = append(subjects, t.today())
	}
	if t.subject != "" {
		subjects = append(subjects, t.subject)
	}
	return subjects
}

// decide decides about a try whose counters are held, within the budget of its
// device.
func (t *try) decide() (verdict, error) {
	if t.moved() {
		return verdict{again: true}, nil
	}
	subject := store.DeviceSubject(t.device.ID)
	spent := t.bucket.Refilled(t.counters[subject], t.now)
	if empty, wait := t.bucket.Empty(spent); empty {
		t.refuseDevice()
		return verdict{method: t.method, outcome: cardinal.OutcomeDeviceLocked, wait: wait}, nil
	}
	outcome, err := t.run()
	if err != nil {
		return verdict{}, err
	}
	if cost := t.cost(outcome); cost > 0 {
		spent = t.bucket.Spend(spent, cost)
		t.put(subject, spent)
		if empty, _ := t.bucket.Empty(spent); empty {
			t.lockedDevices++
		}
	}
	t.outcome = outcome
	if outcome != cardinal.OutcomeSuccess {
		t.happened(cardinal.EventSignInFailed, map[string]string{"device": t.device.Name, "method": string(t.method), "outcome": string(outcome)})
	}
	return verdict{method: t.method, outcome: outcome, person: t.person()}, nil
}

// happened queues an event about who it was found to be.
func (t *try) happened(what cardinal.EventType, attributes map[string]string) {
	e := cardinal.Event{Customer: t.customer, Type: what, Attributes: attributes}
	if t.user != nil {
		e.User = t.user.ID
	}
	t.events = append(t.events, e)
}

// moved reports whether the owner or their number went away before the counter
// was locked, or a PIN came that nobody in this batch was found by.
func (t *try) moved() bool {
	if t.method == cardinal.MethodPIN {
		if found := t.findPIN(t.tags); found.ID != "" && t.holders[found.User] == nil {
			return true
		}
	}
	if t.owner == "" {
		return false
	}
	owner := t.holders[t.owner]
	if owner == nil {
		return true
	}
	has := func(n store.StoredNumber) bool { return n.Tag.Key() == t.tag.Key() }
	return t.Number != nil && !slices.ContainsFunc(owner.Numbers, has)
}

// cost is what an outcome takes from the device's budget: wrong tries only.
func (t *try) cost(outcome cardinal.Outcome) throttle.Cost {
	switch outcome {
	case cardinal.OutcomeSuccess, cardinal.OutcomeMethodOff, cardinal.OutcomeLocked:
		return 0
	case cardinal.OutcomeUnknown, cardinal.OutcomeInvalid:
		if t.Number != nil {
			return throttle.UnknownCard
		}
	}
	return throttle.WrongTry
}

// run finds out who it is, and compares.
func (t *try) run() (cardinal.Outcome, error) {
	switch {
	case t.method == "":
		return cardinal.OutcomeInvalid, nil
	case !t.allowed:
		return cardinal.OutcomeMethodOff, nil
	case t.method == cardinal.MethodPIN:
		return t.runPINAlone()
	case !t.wantsOwner():
		return cardinal.OutcomeInvalid, nil
	}
	t.user = t.holders[t.owner]
	counter := t.counters[t.subject]
	locked := counter.Locked(t.now)
	outcome := t.compare(!locked)
	switch {
	case locked:
		return cardinal.OutcomeLocked, nil
	case outcome == cardinal.OutcomeSuccess:
		return outcome, t.succeed()
	}
	t.fail(counter)
	return outcome, nil
}

// compare compares the PIN. Where it may not, or there is nobody or no PIN, it
// does the same work with nothing to find.
func (t *try) compare(may bool) cardinal.Outcome {
	if t.method == cardinal.MethodCard {
		switch {
		case t.user == nil:
			return cardinal.OutcomeUnknown
		case t.user.Disabled:
			return cardinal.OutcomeDisabled
		}
		return cardinal.OutcomeSuccess
	}
	stored := store.StoredPIN{Tag: store.Tag{Version: t.ring.Current()}}
	if t.user != nil && t.user.PIN.ID != "" && may {
		stored = t.user.PIN
		t.compared++
	}
	matches := credential.Matches(t.ring, t.customer, stored, *t.PIN)
	switch {
	case t.user == nil:
		return cardinal.OutcomeUnknown
	case t.user.PIN.ID == "":
		return cardinal.OutcomeNoPIN
	case !matches:
		return cardinal.OutcomeWrongPIN
	case t.user.Disabled:
		return cardinal.OutcomeDisabled
	case !t.user.PIN.Live(t.now):
		return cardinal.OutcomeExpired
	}
	return cardinal.OutcomeSuccess
}

// fail counts a wrong try. That a lock has begun is news for the user, if the
// settings want them told: once at each step, and past the last step, where every
// wrong try locks again, no more.
func (t *try) fail(counter throttle.Counter) {
	counter = t.lockout.Wrong(counter, t.now)
	t.put(t.subject, counter)
	if !counter.Locked(t.now) || t.user == nil {
		return
	}
	after := audit.Fields{"wrongTries": counter.Wrong, "lockedUntil": counter.LockedUntil.Format(time.RFC3339)}
	t.audit(t.caller, "user.locked", "user "+t.user.Username, after)
	t.happened(cardinal.EventUserLocked, map[string]string{"device": t.device.Name, "wrong-tries": strconv.FormatInt(counter.Wrong, 10)})
	t.lockedUsers++
	step := func(l cardinal.LockLimit) bool { return int64(l.Wrong) == counter.Wrong }
	if slices.ContainsFunc(t.lockout.Limits, step) {
		t.locks = append(t.locks, lockNews{t.user.ID, t.caller.Name})
	}
}

func (t *try) person() Person {
	if t.user == nil {
		return Person{}
	}
	person := Person{Username: t.user.Username, FullName: t.user.FullName, Email: t.user.Email}
	if t.user.PIN.Live(t.now) {
		person.PINExpiresAt, person.NewPINRequired = t.user.PIN.ExpiresAt, t.user.PIN.NewRequired
	}
	return person
}

// record is what is put on record of a try, without an identifier.
func (t *try) record() store.RecordedSignIn {
	r := store.RecordedSignIn{DeviceID: t.device.ID, SignIn: cardinal.SignIn{
		Customer: t.customer, Time: t.now, Device: t.device.Name, Method: t.method, Outcome: t.outcome, NumberEnd: t.number.End(), Count: 1,
	}}
	if t.user != nil {
		r.UserID, r.Username = t.user.ID, t.user.Username
	}
	return r
}

// refuseDevice counts the refusals of a minute in one row.
func (t *try) refuseDevice() {
	row, counted := t.refusals[t.device.ID]
	if !counted {
		row = store.RecordedSignIn{DeviceID: t.device.ID, SignIn: cardinal.SignIn{
			Customer: t.customer, Time: t.now.Truncate(time.Minute), Device: t.device.Name, Outcome: cardinal.OutcomeDeviceLocked,
		}}
	}
	row.Count++
	t.refusals[t.device.ID] = row
}

// runPINAlone signs in by the PIN's own tag, within the customer's budget of
// wrong tries a day.
func (t *try) runPINAlone() (cardinal.Outcome, error) {
	budget, spent := setting.SignInPINPerDay.In(t.values), t.counters[t.today()]
	if budget >= 0 && spent.Wrong >= int64(budget) {
		return cardinal.OutcomeMethodOff, nil
	}
	found := t.findPIN(t.tags)
	t.compared++
	if found.ID == "" {
		t.spendPINBudget(spent)
		return cardinal.OutcomeWrongPIN, nil
	}
	// As they are under the lock: the PIN may have changed since it was found.
	t.user = t.holders[found.User]
	counter := t.counters[store.UserSubject(found.User)]
	switch {
	case t.user.PIN.ID != found.ID:
		t.spendPINBudget(spent)
		return cardinal.OutcomeWrongPIN, nil
	case counter.Locked(t.now):
		return cardinal.OutcomeLocked, nil
	case t.user.Disabled:
		return cardinal.OutcomeDisabled, nil
	case !t.user.PIN.Live(t.now):
		return cardinal.OutcomeExpired, nil
	}
	t.subject = store.UserSubject(found.User)
	return cardinal.OutcomeSuccess, t.succeed()
}

// spendPINBudget counts a wrong try by PIN alone; the try that uses the budget
// up is told to the administrators in the audit log.
func (t *try) spendPINBudget(spent throttle.Counter) {
	spent.Wrong++
	spent.ChangedAt = t.now
	if spent.Wrong == int64(setting.SignInPINPerDay.In(t.values)) {
		t.audit(t.caller, "sign-in.pin-budget-spent", "method pin", audit.Fields{"wrongTries": spent.Wrong})
	}
	t.put(t.today(), spent)
}
