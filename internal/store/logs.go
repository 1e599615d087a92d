package store

import (
	"context"
	"math"
	"strings"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// SignInQuery narrows a list of sign-ins. The zero query has them all.
type SignInQuery struct {
	Before      string          // an identifier: only those before it; empty begins with the newest
	Since       string          // an identifier: it and those after it; empty goes back to the oldest
	Begin, End  time.Time       // from Begin to before End; a zero time is open
	User        cardinal.UserID // only this user's; empty: everybody's
	Username    string          // exactly, as it was recorded; not with User
	Outcome     cardinal.Outcome
	RefusedOnly bool   // all outcomes but success
	Device      string // exactly the name that was recorded
	NumberEnd   string // the last characters of the number, without regard to case
}

// far is the end of a time range that is open.
func far(at time.Time) int64 {
	if at.IsZero() {
		return math.MaxInt64
	}
	return millis(at)
}

// idAt sorts before every identifier made at that instant or later, and after
// those made a millisecond or more before it.
func idAt(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	var id [16]byte
	ms := uint64(max(0, at.UnixMilli())) << 16
	for i := range 8 {
		id[i] = byte(ms >> (56 - 8*i))
	}
	return idText(id)
}

// clockSlack is by how much an identifier may be later than its record, where
// the clock was put back.
const clockSlack = time.Minute

// within narrows the identifiers to the time range, so that nothing outside is
// read: those of a record are not before its time, and hardly after it.
func (q SignInQuery) within() SignInQuery {
	q.Before = before(q.Before)
	if !q.End.IsZero() {
		q.Before = min(q.Before, idAt(q.End.Add(clockSlack)))
	}
	q.Since = max(q.Since, idAt(q.Begin))
	return q
}

// FarSignIn returns the identifier and the time of the sign-in that is so many
// after the newest of a query, whatever its other conditions; "" if there are not
// so many. It is how far a search may look in one step.
func (tx *Tx) FarSignIn(ctx context.Context, c cardinal.CustomerID, q SignInQuery, steps int) (string, time.Time, error) {
	q = q.within()
	var row db.SignInFarRow
	var err error
	if q.User == "" {
		row, err = tx.q.SignInFar(ctx, db.SignInFarParams{CustomerID: string(c), Before: q.Before, Since: q.Since, Far: int32(steps)})
	} else {
		var of db.SignInOfUserFarRow
		of, err = tx.q.SignInOfUserFar(ctx, db.SignInOfUserFarParams{
			CustomerID: string(c), UserID: string(q.User), Before: q.Before, Since: q.Since, Far: int32(steps),
		})
		row = db.SignInFarRow(of)
	}
	err = found(err, "sign-in")
	if cardinal.CodeOf(err) == cardinal.CodeNotFound {
		return "", time.Time{}, nil
	}
	return row.ID, fromMillis(row.Time), err
}

// SearchSignIns lists the sign-ins that a query asks for, newest first. It reads
// all of them between Since and Before until it has enough: see FarSignIn.
func (tx *Tx) SearchSignIns(ctx context.Context, c cardinal.CustomerID, q SignInQuery, most int) ([]cardinal.SignIn, error) {
	q = q.within()
	not := ""
	if q.RefusedOnly {
		not = string(cardinal.OutcomeSuccess)
	}
	if q.User == "" {
		rows, err := tx.q.SearchSignIns(ctx, db.SearchSignInsParams{
			CustomerID: string(c), Before: q.Before, Since: q.Since, BeginTime: millis(q.Begin), EndTime: far(q.End), Outcome: string(q.Outcome),
			NotOutcome: not, Device: q.Device, Username: q.Username, NumberEnd: strings.ToLower(q.NumberEnd), Most: int32(most),
		})
		return each(rows, err, "sign-ins", signIn)
	}
	rows, err := tx.q.SearchSignInsOfUser(ctx, db.SearchSignInsOfUserParams{
		CustomerID: string(c), UserID: string(q.User), Before: q.Before, Since: q.Since, BeginTime: millis(q.Begin), EndTime: far(q.End),
		Outcome: string(q.Outcome), NotOutcome: not, Device: q.Device, NumberEnd: strings.ToLower(q.NumberEnd), Most: int32(most),
	})
	return each(rows, err, "sign-ins", signIn)
}

// AuditQuery narrows a list of audit entries. The zero query has them all.
type AuditQuery struct {
	Before     int64 // only numbers below; 0 begins with the newest
	Since      int64 // this number and those above
	Begin, End time.Time
	Action     string // exactly
	About      string // exactly, as in "user anna"
	Actor      string // part of who did it
	Subject    string // part of what it was done to
	Text       string // part of subject, fields, address or action
}

// SearchAuditEntries lists the entries that a query asks for, newest first. It
// reads all between Since and Before until it has enough, or with About only
// those about that.
func (tx *Tx) SearchAuditEntries(ctx context.Context, c cardinal.CustomerID, q AuditQuery, most int) ([]cardinal.AuditEntry, error) {
	if q.Before == 0 {
		q.Before = math.MaxInt64
	}
	if q.About != "" {
		rows, err := tx.q.SearchAuditEntriesAbout(ctx, db.SearchAuditEntriesAboutParams{
			CustomerID: string(c), About: q.About, BeforeNumber: q.Before, BeginTime: millis(q.Begin), EndTime: far(q.End),
			Action: q.Action, Actor: pattern(q.Actor), Text: pattern(q.Text), Most: int32(most),
		})
		return each(rows, err, "audit entries", plainEntry)
	}
	rows, err := tx.q.SearchAuditEntries(ctx, db.SearchAuditEntriesParams{
		CustomerID: string(c), BeforeNumber: q.Before, SinceNumber: q.Since, BeginTime: millis(q.Begin), EndTime: far(q.End),
		Action: q.Action, Actor: pattern(q.Actor), Subject: pattern(q.Subject), Text: pattern(q.Text), Most: int32(most),
	})
	return each(rows, err, "audit entries", plainEntry)
}

func plainEntry(r db.AuditEntry) cardinal.AuditEntry { return chainedEntry(r).AuditEntry }

// pattern is contains, but nothing for nothing.
func pattern(text string) string {
	if text == "" {
		return ""
	}
	return contains(Fold(text))
}

// AuditTime returns when the entry of that number was made.
func (tx *Tx) AuditTime(ctx context.Context, c cardinal.CustomerID, number int64) (time.Time, error) {
	at, err := tx.q.AuditTime(ctx, db.AuditTimeParams{CustomerID: string(c), Number: number})
	return fromMillis(at), found(err, "audit entry")
}
