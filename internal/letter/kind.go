package letter

import (
	"slices"
	"strings"

	"cardinal"
)

// Kind is what an e-mail is about; it decides which variables a template has
// (spec: messaging).
type Kind string

// The kinds. Their names are part of the API and of stored templates.
const (
	PINExpiration       Kind = "pin-expiration"
	PINIssued           Kind = "pin-issued"
	PINChanged          Kind = "pin-changed"
	PINRemoved          Kind = "pin-removed"
	NewPINWanted        Kind = "new-pin-wanted"
	CardNumberGenerated Kind = "card-number-generated"
	AccountLocked       Kind = "account-locked"
	Invitation          Kind = "invitation"
	PasswordReset       Kind = "password-reset"
	Custom              Kind = "custom" // sent by rules
)

// Kinds returns all kinds in the order in which pages list them.
func Kinds() []Kind {
	return []Kind{PINExpiration, PINIssued, PINChanged, PINRemoved, NewPINWanted, CardNumberGenerated,
		AccountLocked, Invitation, PasswordReset, Custom}
}

// ParseKind returns the kind of that name, or an Error of CodeInvalid.
func ParseKind(name string) (Kind, error) {
	if k := Kind(name); slices.Contains(Kinds(), k) {
		return k, nil
	}
	return "", cardinal.Invalid("kind", "There is no such kind of e-mail. Choose one from the list.")
}

// The names of variables, as they stand between braces.
const (
	varUsername      = "username"
	varFullName      = "full-name"
	varCustomerName  = "customer-name"
	varPINExpiration = "pinExpiration"
	varPIN           = "pin"
	varCardNumber    = "card-number"
	varSlot          = "slot"
	varTime          = "time"
	varDevice        = "device"
	varLink          = "link"
	varValidUntil    = "validUntil"

	eventPrefix = "event."
)

// Variables returns the names that a template of the kind can use. Custom ones
// have the attributes of the event too, as event.NAME.
func (k Kind) Variables() []string {
	return append([]string{varUsername, varFullName, varCustomerName}, k.own()...)
}

func (k Kind) own() []string {
	switch k {
	case PINExpiration:
		return []string{varPINExpiration}
	case PINIssued:
		return []string{varPIN, varPINExpiration}
	case PINChanged, AccountLocked:
		return []string{varTime, varDevice}
	case PINRemoved, NewPINWanted:
		return []string{varTime}
	case CardNumberGenerated:
		return []string{varCardNumber, varSlot}
	case Invitation, PasswordReset:
		return []string{varLink, varValidUntil}
	}
	return nil
}

// needed is the variable without which a letter of the kind is of no use: a PIN
// or a link is told nowhere else.
func (k Kind) needed() string {
	switch k {
	case PINIssued:
		return varPIN
	case Invitation, PasswordReset:
		return varLink
	}
	return ""
}

func (k Kind) takes(name string) bool {
	attribute, ofEvent := strings.CutPrefix(name, eventPrefix)
	if ofEvent {
		return k == Custom && attribute != ""
	}
	return slices.Contains(k.Variables(), name)
}

// secret reports whether the value of a variable opens something by itself.
func secret(name string) bool { return name == varPIN || name == varCardNumber || name == varLink }
