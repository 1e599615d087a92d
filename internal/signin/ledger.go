package signin

import (
	"slices"
	"time"

	"cardinal"
	"cardinal/internal/audit"
	"cardinal/internal/cardformat"
	"cardinal/internal/seal"
	"cardinal/internal/setting"
	"cardinal/internal/store"
	"cardinal/internal/throttle"
)

// ledger is what is known of one customer while a batch is decided, at one
// instant, and what is to be written of it afterwards. It knows of no database:
// what a try changes is seen by those after it. It belongs to one goroutine.
type ledger struct {
	ring     *seal.Ring
	customer cardinal.CustomerID
	now      time.Time
	values   setting.Values
	policy   cardinal.Policy
	lockout  throttle.Lockout
	bucket   throttle.Bucket
	// policyChanged is when the policy was last changed; known only where a PIN is on record as not meeting it.
	policyChanged time.Time

	conversions map[string]cardformat.Conversion
	counters    map[string]throttle.Counter // all that are locked; without an entry: zero
	holders     map[cardinal.UserID]*holder
	pins        map[store.TagKey]store.FoundPIN // of identifying tags

	changed  map[string]store.Counter                   // by subject
	refusals map[cardinal.DeviceID]store.RecordedSignIn // of devices over their budget
	entries  []entry
	locks    []lockNews
	events   []cardinal.Event

	compared      int64
	lockedUsers   int
	lockedDevices int
}

// holder is a user with what is to be written about them.
type holder struct {
	store.Holder
	first    bool // the first success is to be kept
	retagged bool // the PIN has another tag
	judged   bool // it is news whether the PIN meets the policy
}

// entry is an audit entry on its way.
type entry struct {
	caller cardinal.Caller
	audit.Entry
}

// lockNews is what a user is to be told of a lock that has begun.
type lockNews struct {
	user   cardinal.UserID
	device string
}

func newLedger(ring *seal.Ring, customer cardinal.CustomerID, values setting.Values, now time.Time) *ledger {
	return &ledger{
		ring: ring, customer: customer, now: now, values: values, policy: setting.Policy(values),
		lockout: throttle.Lockout{
			Limits: setting.SignInUserLimits.In(values), Forget: time.Duration(setting.SignInUserForgetHours.In(values)) * time.Hour,
		},
		bucket:      throttle.Bucket{Budget: setting.SignInDeviceBudget.In(values), RefillPerMinute: setting.SignInDeviceRefill.In(values)},
		conversions: map[string]cardformat.Conversion{}, counters: map[string]throttle.Counter{}, holders: map[cardinal.UserID]*holder{},
		pins: map[store.TagKey]store.FoundPIN{}, changed: map[string]store.Counter{}, refusals: map[cardinal.DeviceID]store.RecordedSignIn{},
	}
}

// put changes a counter.
func (l *ledger) put(subject string, counter throttle.Counter) {
	l.counters[subject] = counter
	l.changed[subject] = store.Counter(counter)
}

func (l *ledger) audit(caller cardinal.Caller, action, subject string, after audit.Fields) {
	l.entries = append(l.entries, entry{caller, audit.Entry{Action: action, Subject: subject, After: after}})
}

// conversion returns the conversion of that rule, and false for a rule that
// cannot be read.
func (l *ledger) conversion(rule string) (cardformat.Conversion, bool) {
	known, ok := l.conversions[rule]
	if ok {
		return known, true
	}
	parsed, err := cardformat.Parse(rule)
	if err != nil {
		return cardformat.Conversion{}, false
	}
	l.conversions[rule] = parsed
	return parsed, true
}

// convert applies the device's conversion, then the customer's. It returns the
// zero number where what was presented cannot be read as one.
func (l *ledger) convert(device cardinal.Device, presented cardinal.Secret) cardinal.CardNumber {
	text := presented.Reveal()
	for _, rule := range []string{device.Conversion, setting.CardNumberConversion.In(l.values)} {
		conversion, ok := l.conversion(rule)
		if !ok {
			return cardinal.CardNumber{}
		}
		var err error
		if text, err = conversion.Apply(text); err != nil {
			return cardinal.CardNumber{}
		}
	}
	number, err := cardinal.ParseCardNumber("number", text)
	if err != nil {
		return cardinal.CardNumber{}
	}
	return number
}

// allows reports whether a method is on at a device.
func (l *ledger) allows(method cardinal.Method, device cardinal.Device) bool {
	if !slices.Contains(setting.SignInMethods.In(l.values), method) {
		return false
	}
	if device.Methods != nil && !slices.Contains(device.Methods, method) {
		return false
	}
	return method != cardinal.MethodPIN || setting.PINIdentifiesUser.In(l.values)
}

// identifyingTags are the tags that a PIN may be found by, newest first.
func (l *ledger) identifyingTags(pin cardinal.PIN) []store.Tag {
	var tags []store.Tag
	for _, version := range l.ring.Versions() {
		if tag, ok := l.ring.IdentifyingPINTagAt(version, l.customer, pin); ok {
			tags = append(tags, store.Tag(tag))
		}
	}
	return tags
}

// findPIN finds the PIN that identifies somebody by one of the tags.
func (l *ledger) findPIN(tags []store.Tag) store.FoundPIN {
	for _, tag := range tags {
		if found := l.pins[tag.Key()]; found.ID != "" {
			return found
		}
	}
	return store.FoundPIN{}
}

// today is the subject of the customer's budget of wrong tries by PIN alone.
func (l *ledger) today() string {
	return "pin " + l.now.In(setting.Location(l.values)).Format("2006-01-02")
}
