package signin

import (
	"context"
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/cardformat"
	"cardinal/internal/credential"
	"cardinal/internal/letter"
	"cardinal/internal/notify"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// verdict is how a try ended.
type verdict struct {
	outcome cardinal.Outcome
	person  Person
	wait    time.Duration // OutcomeDeviceLocked: until the next try
}

// try is one try under way.
type try struct {
	*Service
	tx     *store.Tx
	caller cardinal.Caller
	values setting.Values
	device cardinal.Device
	Try

	method  cardinal.Method
	number  cardinal.CardNumber // as converted; zero if there is none or it could not be read
	user    cardinal.User       // zero if nobody was found
	subject string              // of the counter of wrong tries
	pin     store.StoredPIN
}

func (s *Service) decide(ctx context.Context, tx *store.Tx, caller cardinal.Caller, presented Try) (verdict, error) {
	texts, err := tx.SettingTexts(ctx, caller.Customer)
	if err != nil {
		return verdict{}, err
	}
	device, err := tx.Device(ctx, caller.Customer, caller.Device)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound || err == nil && device.Disabled {
		// It was there and enabled when its token was looked at.
		return verdict{}, cardinal.Errorf(cardinal.CodeUnauthenticated, "This device is not known or is disabled. Ask an administrator.")
	}
	if err != nil {
		return verdict{}, err
	}
	t := &try{Service: s, tx: tx, caller: caller, values: setting.Load(texts), device: device, Try: presented}
	t.number = t.convert()
	bucket := throttle.Bucket{Budget: setting.SignInDeviceBudget.In(t.values), RefillPerMinute: setting.SignInDeviceRefill.In(t.values)}
	subject := store.DeviceSubject(device.ID)
	spent, err := t.lock(ctx, subject)
	if err != nil {
		return verdict{}, err
	}
	spent = bucket.Refilled(spent, tx.Now())
	if empty, wait := bucket.Empty(spent); empty {
		return verdict{outcome: cardinal.OutcomeDeviceLocked, wait: wait}, t.recordDeviceLocked(ctx)
	}
	outcome, err := t.run(ctx)
	if err != nil {
		return verdict{}, err
	}
	if cost := t.cost(outcome); cost > 0 {
		if err := t.put(ctx, subject, bucket.Spend(spent, cost)); err != nil {
			return verdict{}, err
		}
	}
	if tx.Now().Sub(device.LastSeenAt) > time.Minute {
		if err := tx.TouchDevice(ctx, device.ID); err != nil {
			return verdict{}, err
		}
	}
	return verdict{outcome: outcome, person: t.person()}, t.record(ctx, outcome)
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

// run finds out who it is, and compares. Unknown and known users take the same
// steps: find, lock a counter, read a PIN, compute its tag.
func (t *try) run(ctx context.Context) (cardinal.Outcome, error) {
	if t.method = presentedMethod(t.Try); t.method == "" {
		return cardinal.OutcomeInvalid, nil
	}
	if !t.methodAllowed() {
		return cardinal.OutcomeMethodOff, nil
	}
	if t.method == cardinal.MethodPIN {
		return t.runPINAlone(ctx)
	}
	if t.Number != nil && t.number.IsZero() {
		return cardinal.OutcomeInvalid, nil
	}
	if err := t.find(ctx); err != nil {
		return "", err
	}
	return t.compareLocked(ctx)
}

func (t *try) compareLocked(ctx context.Context) (cardinal.Outcome, error) {
	counter, err := t.lock(ctx, t.subject)
	if err != nil {
		return "", err
	}
	if err := t.readPIN(ctx); err != nil {
		return "", err
	}
	locked := counter.Locked(t.tx.Now())
	outcome := t.compare(!locked)
	switch {
	case locked:
		return cardinal.OutcomeLocked, nil
	case outcome == cardinal.OutcomeSuccess:
		return outcome, t.succeed(ctx, counter)
	}
	return outcome, t.fail(ctx, counter)
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

func (t *try) methodAllowed() bool {
	if !slices.Contains(setting.SignInMethods.In(t.values), t.method) {
		return false
	}
	if t.device.Methods != nil && !slices.Contains(t.device.Methods, t.method) {
		return false
	}
	return t.method != cardinal.MethodPIN || setting.PINIdentifiesUser.In(t.values)
}

// find sets the user, if there is one, and the subject whose tries are counted.
func (t *try) find(ctx context.Context) error {
	var err error
	if t.Username != nil {
		t.subject = "name " + t.ring.AttemptTag(t.caller.Customer, "username", store.Fold(*t.Username))
		// What no database takes as a text is nobody's name either.
		err = cardinal.ErrNotFound
		if cardinal.CleanText(*t.Username) {
			t.user, err = t.tx.UserByName(ctx, t.caller.Customer, *t.Username)
		}
	} else {
		err = t.findByNumber(ctx)
	}
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		t.user, err = cardinal.User{}, nil
	}
	if t.user.ID != "" {
		t.subject = store.UserSubject(t.user.ID)
	}
	return err
}

func (t *try) findByNumber(ctx context.Context) error {
	t.subject = "number " + t.ring.AttemptTag(t.caller.Customer, "number", t.number.Folded())
	stored, err := t.finder(ctx, t.tx, t.caller.Customer, t.number)
	if err != nil {
		return err
	}
	t.user, err = t.tx.User(ctx, t.caller.Customer, stored.User)
	return err
}

// convert applies the device's conversion, then the customer's. It returns the
// zero number where none was presented or what was cannot be read as one.
func (t *try) convert() cardinal.CardNumber {
	if t.Number == nil {
		return cardinal.CardNumber{}
	}
	text := t.Number.Reveal()
	for _, rule := range []string{t.device.Conversion, setting.CardNumberConversion.In(t.values)} {
		conversion, err := cardformat.Parse(rule)
		if err == nil {
			text, err = conversion.Apply(text)
		}
		if err != nil {
			return cardinal.CardNumber{}
		}
	}
	number, err := cardinal.ParseCardNumber("number", text)
	if err != nil {
		return cardinal.CardNumber{}
	}
	return number
}

func (t *try) readPIN(ctx context.Context) error {
	var err error
	t.pin, err = t.tx.PIN(ctx, t.user.ID)
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return nil
	}
	return err
}

// compare decides about a try whose counter is held. Where it may not compare
// it does the same work with nothing to find.
func (t *try) compare(may bool) cardinal.Outcome {
	if t.method == cardinal.MethodCard {
		switch {
		case t.user.ID == "":
			return cardinal.OutcomeUnknown
		case t.user.Disabled:
			return cardinal.OutcomeDisabled
		}
		return cardinal.OutcomeSuccess
	}
	stored := t.pin
	if stored.ID == "" || !may {
		stored.Tag = store.Tag{Version: t.ring.Current()}
	} else {
		t.compared.Add(1)
	}
	matches := credential.Matches(t.ring, t.caller.Customer, stored, *t.PIN)
	switch {
	case t.user.ID == "":
		return cardinal.OutcomeUnknown
	case t.pin.ID == "":
		return cardinal.OutcomeNoPIN
	case !matches:
		return cardinal.OutcomeWrongPIN
	case t.user.Disabled:
		return cardinal.OutcomeDisabled
	case !t.pin.Live(t.tx.Now()):
		return cardinal.OutcomeExpired
	}
	return cardinal.OutcomeSuccess
}

func (t *try) lock(ctx context.Context, subject string) (throttle.Counter, error) {
	counter, err := t.tx.LockCounter(ctx, t.caller.Customer, subject)
	return throttle.Counter(counter), err
}

func (t *try) put(ctx context.Context, subject string, counter throttle.Counter) error {
	return t.tx.SetCounter(ctx, t.caller.Customer, subject, store.Counter(counter))
}

func (t *try) fail(ctx context.Context, counter throttle.Counter) error {
	lockout := throttle.Lockout{
		Limits: setting.SignInUserLimits.In(t.values),
		Forget: time.Duration(setting.SignInUserForgetHours.In(t.values)) * time.Hour,
	}
	counter = lockout.Wrong(counter, t.tx.Now())
	if counter.Locked(t.tx.Now()) && t.user.ID != "" {
		after := audit.Fields{"wrongTries": counter.Wrong, "lockedUntil": counter.LockedUntil.Format(time.RFC3339)}
		entry := audit.Entry{Action: "user.locked", Subject: "user " + t.user.Username, After: after}
		if err := audit.Record(t.tx, t.caller, entry); err != nil {
			return err
		}
		if err := t.tellOfLock(ctx, lockout, counter); err != nil {
			return err
		}
	}
	return t.put(ctx, t.subject, counter)
}

// tellOfLock queues an e-mail to a user whose lock has just begun, if the settings
// want one. Past the last step, where every wrong try locks again, nobody is told
// again.
func (t *try) tellOfLock(ctx context.Context, lockout throttle.Lockout, counter throttle.Counter) error {
	step := func(l cardinal.LockLimit) bool { return int64(l.Wrong) == counter.Wrong }
	if !slices.ContainsFunc(lockout.Limits, step) {
		return nil
	}
	return notify.Tell(ctx, t.tx, t.ring, t.values, t.user, notify.News{Kind: letter.AccountLocked, Device: t.caller.Name})
}

func (t *try) person() Person {
	person := Person{Username: t.user.Username, FullName: t.user.FullName, Email: t.user.Email}
	if t.pin.Live(t.tx.Now()) {
		person.PINExpiresAt, person.NewPINRequired = t.pin.ExpiresAt, t.pin.NewRequired
	}
	return person
}

func (t *try) record(ctx context.Context, outcome cardinal.Outcome) error {
	return t.tx.AddSignIn(ctx, cardinal.SignIn{
		ID: t.tx.NewID(), Customer: t.caller.Customer, Time: t.tx.Now(), Device: t.device.Name, Method: t.method,
		Username: t.user.Username, Outcome: outcome, NumberEnd: t.number.End(),
	}, t.device.ID, t.user.ID)
}

// recordDeviceLocked counts the refusals of a minute in one row.
func (t *try) recordDeviceLocked(ctx context.Context) error {
	minute := t.tx.Now().Truncate(time.Minute)
	return t.tx.AddSignIn(ctx, cardinal.SignIn{
		ID: t.tx.IDOf("device locked "+string(t.device.ID), minute), Customer: t.caller.Customer, Time: minute,
		Device: t.device.Name, Outcome: cardinal.OutcomeDeviceLocked,
	}, t.device.ID, "")
}
