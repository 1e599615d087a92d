package cardinal

import "time"

// Method is what a user presents at a device (spec: sign-in).
type Method string

// The methods.
const (
	MethodCard        Method = "card"         // number alone
	MethodCardPIN     Method = "card-pin"     // number and PIN
	MethodUsernamePIN Method = "username-pin" // username and PIN
	MethodPIN         Method = "pin"          // PIN alone, where PINs identify users
)

// Methods returns all methods.
func Methods() []Method {
	return []Method{MethodCard, MethodCardPIN, MethodUsernamePIN, MethodPIN}
}

// Device is a printer, release station or terminal that signs users in.
type Device struct {
	ID       DeviceID
	Customer CustomerID
	Name     string // unique in the customer, compared without regard to case
	// Methods narrows the customer's setting signin.methods; nil means all of them.
	Methods []Method
	// Conversion is applied to the numbers this device reads, before the
	// customer's; empty means only the customer's. See package cardformat.
	Conversion string
	Disabled   bool
	CreatedAt  time.Time
	LastSeenAt time.Time // zero: never
	Revision   int64
}

// Outcome says how a sign-in ended.
type Outcome string

// The outcomes. All but OutcomeSuccess and OutcomeDeviceLocked are one answer
// to the device; only the record tells them apart.
const (
	OutcomeSuccess      Outcome = "success"
	OutcomeWrongPIN     Outcome = "wrong-pin"
	OutcomeNoPIN        Outcome = "no-pin"
	OutcomeExpired      Outcome = "pin-expired"
	OutcomeUnknown      Outcome = "unknown"
	OutcomeDisabled     Outcome = "disabled"
	OutcomeLocked       Outcome = "locked"
	OutcomeMethodOff    Outcome = "method-off"
	OutcomeDeviceLocked Outcome = "device-locked"
	OutcomeInvalid      Outcome = "invalid" // the combination presented is no method, or not readable as a number
)

// SignIn is the record of one try at a device, or of the refusals of one
// minute while the device was over its budget. It never holds a PIN.
type SignIn struct {
	ID        string
	Customer  CustomerID
	Time      time.Time
	Device    string // the device's name at the time
	Method    Method
	Username  string // if known
	Outcome   Outcome
	NumberEnd string // last four characters of the number as converted
	Count     int64  // 1, or how many refusals the row stands for
}

// APIToken is the credential of a program that calls the API; never the token
// itself.
type APIToken struct {
	ID         TokenID
	Customer   CustomerID
	Name       string // unique in the customer, compared without regard to case: audit entries name the token by it
	Role       Role
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: does not expire
	LastUsedAt time.Time // zero: never
}

// AuditEntry says who changed what, when and from where. Before and After are
// JSON objects of the fields that changed; neither ever holds a PIN, a
// password, a token or a whole number.
type AuditEntry struct {
	Number  int64 // 1, 2, 3, … without gaps in each customer
	Time    time.Time
	Actor   string // as Caller.Actor says
	Action  string // past tense: "pin.set", "user.created", "setting.changed"
	Subject string // what it was done to: "user anna", "setting pin.min-length"
	Before  string // JSON object, or empty
	After   string // JSON object, or empty
	Address string
}

// LockLimit is one step of a lockout: after so many wrong tries, so long a lock.
type LockLimit struct {
	Wrong       int `json:"wrong"`       // 1–1000 tries in all
	LockSeconds int `json:"lockSeconds"` // 0–604800; 0 means until an administrator unlocks
}
