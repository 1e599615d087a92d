package cardinal

import "time"

// EventType names what has happened, as rules and integrations know it (spec: rules).
type EventType string

// The events of Cardinal itself; integrations may send others.
const (
	EventUserCreated       EventType = "user.created"
	EventUserUpdated       EventType = "user.updated"
	EventUserDisabled      EventType = "user.disabled"
	EventUserLocked        EventType = "user.locked"
	EventPINSet            EventType = "pin.set"
	EventPINRemoved        EventType = "pin.removed"
	EventPINExpiring       EventType = "pin.expiring"
	EventPINExpired        EventType = "pin.expired"
	EventCardNumberChanged EventType = "card-number.changed"
	EventSignInFailed      EventType = "sign-in.failed"
)

// Event is something that has happened. Its number is its place among the events
// of its customer, in the order in which they came true: from 1 on, without gaps.
type Event struct {
	Customer   CustomerID
	Number     int64
	Type       EventType
	Time       time.Time
	User       UserID            // whom it is about; empty: nobody who is known
	Attributes map[string]string // flat; never a PIN, a password, a token or a whole card number
}
