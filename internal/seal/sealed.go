package seal

import (
	"cardinal"
)

// Seal encrypts plaintext with AES-256-GCM and a random nonce (RFC 5116) under
// the current version, which it returns. To open it, the same customer,
// purpose and binding are needed: bind what says where the value stands, so
// that it does not open anywhere else. A key is good for 2³² seals.
func (r *Ring) Seal(customer cardinal.CustomerID, purpose Purpose, binding, plaintext []byte) (version int, sealed []byte) {
	k := r.key(keyID{r.Current(), useSeal, purpose, customer})
	return r.Current(), k.aead.Seal(nil, nil, plaintext, binding)
}

// Open returns what was sealed. It fails with an Error of CodeInternal, which
// says nothing of the content, if the ring does not hold the version or if
// customer, purpose, binding or a byte is not as it was.
func (r *Ring) Open(customer cardinal.CustomerID, purpose Purpose, version int, binding, sealed []byte) ([]byte, error) {
	k := r.key(keyID{version, useSeal, purpose, customer})
	if k == nil {
		return nil, cardinal.Errorf(cardinal.CodeInternal,
			"A stored value was sealed with version %d of the key ring, which is missing. Put the cardinal.key in place that has it.", version)
	}
	plaintext, err := k.aead.Open(nil, nil, sealed, binding)
	if err != nil {
		return nil, cardinal.Errorf(cardinal.CodeInternal,
			"A stored value does not open: it was altered or moved, or sealed with another key ring. Restore it from a backup.").Because(err)
	}
	return plaintext, nil
}

// SealNumber seals a card number as it was written, bound to the customer, the
// user and the slot. The error is of CodeInvalid, for an empty number.
func (r *Ring) SealNumber(customer cardinal.CustomerID, user cardinal.UserID, slot cardinal.Slot, number cardinal.CardNumber) (version int, sealed []byte, err error) {
	if number.IsZero() {
		return 0, nil, cardinal.Invalid("", "The card number is empty.")
	}
	version, sealed = r.Seal(customer, PurposeNumberSeal, numberBinding(customer, user, slot), []byte(number.Reveal()))
	return version, sealed, nil
}

// OpenNumber returns the number that SealNumber sealed for the same customer,
// user and slot; its errors are those of Open.
func (r *Ring) OpenNumber(customer cardinal.CustomerID, user cardinal.UserID, slot cardinal.Slot, version int, sealed []byte) (cardinal.CardNumber, error) {
	text, err := r.Open(customer, PurposeNumberSeal, version, numberBinding(customer, user, slot), sealed)
	if err != nil {
		return cardinal.CardNumber{}, err
	}
	// Not ParseCardNumber: a number that was accepted once must open even when
	// the rules for new ones have become stricter.
	var number cardinal.CardNumber
	if err := number.UnmarshalText(text); err != nil {
		return cardinal.CardNumber{}, err
	}
	return number, nil
}

func numberBinding(customer cardinal.CustomerID, user cardinal.UserID, slot cardinal.Slot) []byte {
	return appendParts(nil, string(customer), string(user), string(slot))
}
