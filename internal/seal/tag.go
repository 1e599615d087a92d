package seal

import (
	"crypto/hmac"
	"encoding/base64"

	"cardinal"
)

// Tag recognises a value without containing it: HMAC-SHA-256 under a key of
// the ring, and the version of that key. Both are stored.
type Tag struct {
	Version int
	Sum     []byte // 32 bytes
}

// MAC returns the tag of the parts, in this order, for a customer and purpose
// under the current version. How the parts are split matters.
func (r *Ring) MAC(customer cardinal.CustomerID, purpose Purpose, parts ...string) Tag {
	tag, _ := r.macAt(r.Current(), customer, purpose, parts...)
	return tag
}

// MACMatches reports in constant time whether tag is the one of the parts; it
// is false if the ring does not hold the tag's version.
func (r *Ring) MACMatches(customer cardinal.CustomerID, purpose Purpose, tag Tag, parts ...string) bool {
	k := r.key(keyID{tag.Version, useMAC, purpose, customer})
	if k == nil {
		return false
	}
	m := k.compute(parts...)
	defer k.release(m)
	return hmac.Equal(m.sum[:], tag.Sum)
}

func (r *Ring) macAt(version int, customer cardinal.CustomerID, purpose Purpose, parts ...string) (Tag, bool) {
	k := r.key(keyID{version, useMAC, purpose, customer})
	if k == nil {
		return Tag{}, false
	}
	m := k.compute(parts...)
	defer k.release(m)
	return Tag{Version: version, Sum: append([]byte(nil), m.sum[:]...)}, true
}

// PINTag returns the tag of a user's PIN under the current version. The user
// goes into it, so equal PINs of two users have unequal tags (spec: pins).
func (r *Ring) PINTag(customer cardinal.CustomerID, user cardinal.UserID, pin cardinal.PIN) Tag {
	return r.MAC(customer, PurposePINTag, string(user), pin.Reveal())
}

// PINTagAt is PINTag under a given version; false if the ring does not hold it.
func (r *Ring) PINTagAt(version int, customer cardinal.CustomerID, user cardinal.UserID, pin cardinal.PIN) (Tag, bool) {
	return r.macAt(version, customer, PurposePINTag, string(user), pin.Reveal())
}

// PINMatches reports in constant time whether tag is the PINTag of the user's
// PIN under any version; it is false if the ring does not hold the version.
func (r *Ring) PINMatches(customer cardinal.CustomerID, user cardinal.UserID, tag Tag, pin cardinal.PIN) bool {
	return r.MACMatches(customer, PurposePINTag, tag, string(user), pin.Reveal())
}

// IdentifyingPINTag returns the tag of a PIN that identifies its user, under
// the current version. Equal PINs in a customer have equal tags, so a unique
// index on customer, version and sum keeps such PINs apart (spec: pins).
func (r *Ring) IdentifyingPINTag(customer cardinal.CustomerID, pin cardinal.PIN) Tag {
	return r.MAC(customer, PurposePINIdentifyingTag, pin.Reveal())
}

// IdentifyingPINTagAt is IdentifyingPINTag under a given version, to look a
// PIN up that was tagged before a rotation; false if the ring does not hold it.
func (r *Ring) IdentifyingPINTagAt(version int, customer cardinal.CustomerID, pin cardinal.PIN) (Tag, bool) {
	return r.macAt(version, customer, PurposePINIdentifyingTag, pin.Reveal())
}

// IdentifyingPINMatches reports in constant time whether tag is the
// IdentifyingPINTag of the PIN; false if the ring does not hold its version.
func (r *Ring) IdentifyingPINMatches(customer cardinal.CustomerID, tag Tag, pin cardinal.PIN) bool {
	return r.MACMatches(customer, PurposePINIdentifyingTag, tag, pin.Reveal())
}

// HistoryTag returns the tag by which a former PIN of the user is recognised
// when it is to be set again. It is unlike the PINTag of the same PIN.
func (r *Ring) HistoryTag(customer cardinal.CustomerID, user cardinal.UserID, pin cardinal.PIN) Tag {
	return r.MAC(customer, PurposePINHistory, string(user), pin.Reveal())
}

// HistoryMatches reports in constant time whether tag is the HistoryTag of the
// user's PIN; false if the ring does not hold its version.
func (r *Ring) HistoryMatches(customer cardinal.CustomerID, user cardinal.UserID, tag Tag, pin cardinal.PIN) bool {
	return r.MACMatches(customer, PurposePINHistory, tag, string(user), pin.Reveal())
}

// NumberTags returns the tags of a card number, without regard to case, one
// for each version of the ring and newest first: store the first, look up all.
func (r *Ring) NumberTags(customer cardinal.CustomerID, number cardinal.CardNumber) []Tag {
	folded := number.Folded()
	tags := make([]Tag, 0, len(r.state().roots))
	for i := range r.state().roots {
		tag, _ := r.macAt(r.state().roots[i].version, customer, PurposeNumberTag, folded)
		tags = append(tags, tag)
	}
	return tags
}

// attemptTagSize in bytes makes accidental equality hopeless and the text 24 characters long.
const attemptTagSize = 18

// AttemptTag names an identifier that nobody has, such as a mistyped username,
// in the counters of failed sign-ins without keeping it: 24 characters of
// base64url. Kind keeps usernames and numbers apart; fold text before. After a
// rotation the names differ, so these counters start again.
func (r *Ring) AttemptTag(customer cardinal.CustomerID, kind, text string) string {
	tag := r.MAC(customer, PurposeAttempt, kind, text)
	return base64.RawURLEncoding.EncodeToString(tag.Sum[:attemptTagSize])
}

// AuditMAC returns the 32 bytes that bind an audit entry to the one before it:
// previous is that entry's MAC, nil for the first, and payload the entry's
// text. False if the ring does not hold the version.
func (r *Ring) AuditMAC(customer cardinal.CustomerID, version int, previous, payload []byte) ([]byte, bool) {
	tag, ok := r.macAt(version, customer, PurposeAudit, string(previous), string(payload))
	return tag.Sum, ok
}
