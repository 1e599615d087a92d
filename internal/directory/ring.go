package directory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cardinal"
	"cardinal/internal/credential"
	"cardinal/internal/directory/people"
)

// Lines that exchange numbers in a closed ring are applied together at the
// ring's last line (spec: import). A line can be part of a ring if nothing
// speaks against it but that its numbers are other users', and if it gives up a
// number itself. Such lines are held back; each time another one comes, those
// that it depends on are followed. Lines whose ring is still open at the end, or
// that there is no room for, are refused as they would have been at once.
const (
	// heldMost bounds the memory of lines held back, in bytes: more than 10,000
	// lines as they usually are. Past it the oldest is refused.
	heldMost = 8 << 20
	// ringMost bounds the lines of a ring, which share a transaction.
	ringMost = 1000
)

// heldLine is a line that could be part of a ring.
type heldLine struct {
	line
	user    cardinal.UserID
	refused error
	blocked []blockade
}

// blockade is a number that a line wants and that is in somebody's slot.
type blockade struct {
	number cardinal.CardNumber
	owner  cardinal.UserID
	slot   cardinal.Slot
}

// gives reports whether the line empties or refills a slot.
func (h *heldLine) gives(slot cardinal.Slot) bool {
	return slices.ContainsFunc(h.fields.Credentials.Numbers, func(c credential.NumberChange) bool { return c.Slot == slot })
}

// size is about what the line takes in memory.
func (h *heldLine) size() int {
	return 1024 + len(h.Username) + len(h.FullName.Value) + len(h.Email.Value) + len(h.Department.Value) + len(h.Notes.Value)
}

// held are the lines held back: at most one for each user.
type held struct {
	order  []*heldLine // oldest first, with gaps where a line has gone
	byUser map[cardinal.UserID]*heldLine
	bytes  int
}

// clone copies what a transaction that is run again must not find changed.
func (h *held) clone() *held {
	if len(h.byUser) == 0 {
		return &held{byUser: map[cardinal.UserID]*heldLine{}}
	}
	c := &held{byUser: maps.Clone(h.byUser), bytes: h.bytes}
	for _, l := range h.order {
		if h.byUser[l.user] == l {
			c.order = append(c.order, l)
		}
	}
	return c
}

func (h *held) remove(l *heldLine) {
	if h.byUser[l.user] == l {
		delete(h.byUser, l.user)
		h.bytes -= l.size()
	}
}

// between reports whether a line held back stands between two lines.
func (h *held) between(first, last int) bool {
	i, _ := slices.BinarySearchFunc(h.order, first, func(l *heldLine, line int) int { return l.Line - line })
	for _, l := range h.order[i:] {
		if l.Line >= last {
			break
		}
		if h.byUser[l.user] == l {
			return true
		}
	}
	return false
}

// hold keeps a line back, in place of an earlier one of the same user's.
func (b *batch) hold(l *heldLine) {
	if earlier := b.held.byUser[l.user]; earlier != nil {
		b.release(earlier)
	}
	b.held.order = append(b.held.order, l)
	b.held.byUser[l.user] = l
	b.held.bytes += l.size()
	for b.held.bytes > heldMost {
		oldest := b.held.order[0]
		b.held.order = b.held.order[1:]
		if b.held.byUser[oldest.user] == oldest {
			b.release(oldest)
		}
	}
}

// release refuses a line that was held back.
func (b *batch) release(l *heldLine) {
	b.held.remove(l)
	b.decide(l.Refuse(reasons(l.refused)))
}

// releaseAll refuses what is still held back when the import is over.
func (b *batch) releaseAll() {
	for _, l := range b.held.order {
		if b.held.byUser[l.user] == l {
			b.release(l)
		}
	}
}

// exchange closes a ring with a refused line, or holds the line back. It reports
// false where the line can be part of no ring.
func (b *batch) exchange(ctx context.Context, l line, user cardinal.User, refused error) (bool, error) {
	if user.ID == "" || !onlyTaken(refused) {
		return false, nil
	}
	h := &heldLine{line: l, user: user.ID, refused: refused}
	present, err := b.tx.Numbers(ctx, user.ID)
	if err != nil {
		return false, err
	}
	gives := false
	for _, n := range present {
		gives = gives || h.gives(n.Slot)
	}
	if !gives {
		return false, nil
	}
	if h.blocked, err = b.blockades(ctx, h); err != nil || len(h.blocked) == 0 {
		return false, err
	}
	ring := b.ring(h)
	if ring != nil {
		closed, err := b.closeRing(ctx, ring, user)
		if err != nil || closed {
			return closed, err
		}
	}
	b.hold(h)
	return true, nil
}

// onlyTaken reports whether all that speaks against a line is that its numbers
// are somebody's.
func onlyTaken(refused error) bool {
	violations := cardinal.ViolationsOf(refused)
	return len(violations) > 0 && !slices.ContainsFunc(violations, func(v cardinal.Violation) bool {
		return v.Code != cardinal.ViolationTaken || !strings.HasSuffix(v.Field, "CardNumber")
	})
}

// blockades finds whose the numbers are that a line wants.
func (b *batch) blockades(ctx context.Context, h *heldLine) ([]blockade, error) {
	var blocked []blockade
	for _, change := range h.fields.Credentials.Numbers {
		if change.Number.IsZero() {
			continue
		}
		found, err := b.door.FindNumber(ctx, b.tx, b.by.Caller.Customer, change.Number)
		switch {
		case cardinal.CodeOf(err) == cardinal.CodeNotFound:
		case err != nil:
			return nil, err
		case found.User != h.user:
			blocked = append(blocked, blockade{change.Number, found.User, found.Slot})
		}
	}
	return blocked, nil
}

// ring follows the lines that last depends on. It returns them all if those whose
// numbers they want have one each; otherwise nil. They are rings that share
// lines, and last is in each: one without it was closed when its own last line
// came. Whether they give up the very slots that are wanted shows when they are
// applied.
func (b *batch) ring(last *heldLine) []*heldLine {
	members := []*heldLine{last}
	of := map[cardinal.UserID]bool{last.user: true}
	for i := 0; i < len(members); i++ {
		for _, block := range members[i].blocked {
			if of[block.owner] {
				continue
			}
			giver := b.held.byUser[block.owner]
			if giver == nil || len(members) == ringMost {
				return nil
			}
			of[block.owner] = true
			members = append(members, giver)
		}
	}
	return members
}

// closeRing applies the lines of a ring, all or none of them.
func (b *batch) closeRing(ctx context.Context, ring []*heldLine, user cardinal.User) (bool, error) {
	slices.SortFunc(ring, func(x, y *heldLine) int { return x.Line - y.Line })
	for _, l := range ring {
		now, err := b.blockades(ctx, l)
		if err != nil || !slices.EqualFunc(now, l.blocked, sameBlockade) {
			return false, err // a number has moved since: no line waits for that
		}
	}
	refused, err := b.door.Attempt(ctx, b.tx, b.by, user, func() error { return b.applyRing(ctx, ring) })
	if err != nil || refused != nil {
		return false, err
	}
	for _, l := range ring {
		b.held.remove(l)
		b.decide(people.LineResult{Line: l.Line, Username: l.Username, Result: people.Updated})
	}
	return true, nil
}

func sameBlockade(x, y blockade) bool { return x.owner == y.owner && x.slot == y.slot }

// applyRing empties the slots that change, those of all lines, before it fills
// any of them.
func (b *batch) applyRing(ctx context.Context, ring []*heldLine) error {
	users := make([]cardinal.User, len(ring))
	for i, l := range ring {
		var err error
		if users[i], err = b.tx.LockUser(ctx, b.by.Caller.Customer, l.user); err != nil {
			return err
		}
		empty := credential.Change{Numbers: slices.Clone(l.fields.Credentials.Numbers)}
		for n := range empty.Numbers {
			empty.Numbers[n].Number = cardinal.CardNumber{}
		}
		if _, err := b.door.Apply(ctx, b.tx, b.by, users[i], empty); err != nil {
			return err
		}
	}
	for i, l := range ring {
		if _, err := b.accounts.UpdateIn(ctx, b.tx, b.by, users[i], l.fields); err != nil {
			return err
		}
	}
	return nil
}
