package seal

import (
	"crypto/hmac"
	"slices"

	"cardinal"
)

// CheckValue tells whether a ring holds the very key of a version without
// telling the key. It is stored in the database.
type CheckValue struct {
	Version int
	Sum     []byte // 32 bytes
}

// Check returns the check value of every version, newest first: what to store
// beside the data that is written with this ring.
func (r *Ring) Check() []CheckValue {
	values := make([]CheckValue, 0, len(r.state().roots))
	for i := range r.state().roots {
		tag, _ := r.macAt(r.state().roots[i].version, "", PurposeCheck)
		values = append(values, CheckValue(tag))
	}
	return values
}

// Verify returns nil if the ring holds the key of every stored check value; it
// may hold more, and nothing stored fits every ring. Otherwise the Error, of
// CodeInvalid, says which file to put in place.
func (r *Ring) Verify(stored []CheckValue) error {
	var missing []int
	for _, value := range stored {
		tag, ok := r.macAt(value.Version, "", PurposeCheck)
		if !ok {
			missing = append(missing, value.Version)
			continue
		}
		if !hmac.Equal(tag.Sum, value.Sum) {
			return cardinal.Errorf(cardinal.CodeInvalid,
				"This data was written with another key ring: its key of version %d is not the one in cardinal.key. "+
					"Put the right cardinal.key in place; nothing was changed.", value.Version)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return cardinal.Errorf(cardinal.CodeInvalid,
			"This data was written with a newer or another key ring: cardinal.key has no key of version %d. "+
				"Put the right cardinal.key in place; nothing was changed.", slices.Min(missing))
	}
	return nil
}
