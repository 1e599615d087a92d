package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cardinal"
	"cardinal/internal/store/db"
)

// What sign-in reads and writes for many tries at once. A statement takes so
// many keys, or rows, that their number is a power of two: the texts are few, and
// each connection keeps them compiled.

// rowsAtOnce is how many keys, or rows, one statement takes at most.
const rowsAtOnce = 64

// keysIn calls read with keys, at most rowsAtOnce at once, the last one repeated up to a
// power of two. Without keys it is called once with a key that nothing has: who
// is unknown costs what somebody known costs.
func keysIn[Key any](keys []Key, read func(args []any) error) error {
	if len(keys) == 0 {
		keys = make([]Key, 1)
	}
	for some := range slices.Chunk(keys, rowsAtOnce) {
		size := 1
		for size < len(some) {
			size *= 2
		}
		args := make([]any, size, size+3)
		for i := range args {
			args[i] = some[min(i, len(some)-1)]
		}
		if err := read(args); err != nil {
			return err
		}
	}
	return nil
}

// rowsIn calls write with all rows in order, as many at once as a power of two
// up to rowsAtOnce.
func rowsIn[Row any](rows []Row, write func(some []Row) error) error {
	for size := rowsAtOnce; len(rows) > 0; {
		if len(rows) < size {
			size /= 2
			continue
		}
		if err := write(rows[:size]); err != nil {
			return err
		}
		rows = rows[size:]
	}
	return nil
}

// places returns "($1, $2, …), ($3, …)" for so many rows of so many columns.
func places(rows, columns, first int) string {
	var text strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			text.WriteString("(")
		case i%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", first+i)
	}
	text.WriteString(")")
	return text.String()
}

// sized is a statement for each number of keys or rows.
type sized map[int]string

func (s sized) of(n int) string { return s[n] }

// unnumbered is the same with ? for each argument: SQLite looks numbered ones up
// one after the other, which takes longer than all else where there are hundreds.
func (s sized) unnumbered() sized {
	texts := sized{}
	for size, text := range s {
		texts[size] = numbered().ReplaceAllString(text, "?")
	}
	return texts
}

var numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\d+`) })

func eachSize(text func(size int) string) sized {
	texts := sized{}
	for size := 1; size <= rowsAtOnce; size *= 2 {
		texts[size] = text(size)
	}
	return texts
}

// among is a statement that ends in a list of keys, after so many other arguments.
func among(text string, others int) sized {
	return eachSize(func(size int) string { return text + " IN " + places(1, size, others+1) })
}

// signInTexts are the statements of this file. Their arguments stand in the order
// of their numbers.
type signInTexts struct {
	devices, numbers, names, tags, counters, people                   sized
	lockCounters, setCounters, addSignIns, countSignIns, markSignedIn sized
}

const (
	counterColumns = "INSERT INTO counters (customer_id, subject, wrong, changed_at, locked_until) VALUES "
	signInColumns  = "INSERT INTO sign_ins (id, customer_id, time, device_id, device, method, user_id, username, outcome, number_end, tries) VALUES "
)

var signInStatements = sync.OnceValue(func() signInTexts {
	return signInTexts{
		devices:  among("SELECT * FROM devices WHERE customer_id = $1 AND id", 1),
		numbers:  among("SELECT user_id, tag FROM card_numbers WHERE customer_id = $1 AND key_version = $2 AND tag", 2),
		names:    among("SELECT id, username_key FROM users WHERE customer_id = $1 AND username_key", 1),
		tags:     among("SELECT user_id, id, tag FROM pins WHERE customer_id = $1 AND key_version = $2 AND tag", 2),
		counters: among("SELECT subject, wrong, changed_at, locked_until FROM counters WHERE customer_id = $1 AND subject", 1),
		people: among(`SELECT u.id, u.username, u.full_name, u.email, u.disabled,
  p.id, p.key_version, p.tag, p.identifying, p.generated, p.new_required, p.created_at, p.expires_at, p.policy_known, p.policy_met, p.policy_checked_at,
  a.key_version, a.tag, a.sealed, b.key_version, b.tag, b.sealed, f.user_id
FROM users u LEFT JOIN pins p ON p.user_id = u.id
LEFT JOIN card_numbers a ON a.user_id = u.id AND a.slot = 'primary' LEFT JOIN card_numbers b ON b.user_id = u.id AND b.slot = 'secondary'
LEFT JOIN first_sign_ins f ON f.user_id = u.id WHERE u.customer_id = $1 AND u.id`, 1),
		lockCounters: eachSize(func(size int) string {
			return counterColumns + places(size, 5, 1) + ` ON CONFLICT (customer_id, subject) DO UPDATE SET wrong = counters.wrong
RETURNING subject, wrong, changed_at, locked_until`
		}),
		setCounters: eachSize(func(size int) string {
			return counterColumns + places(size, 5, 1) + ` ON CONFLICT (customer_id, subject) DO UPDATE
SET wrong = excluded.wrong, changed_at = excluded.changed_at, locked_until = excluded.locked_until`
		}),
		addSignIns: eachSize(func(size int) string { return signInColumns + places(size, 11, 1) }),
		countSignIns: eachSize(func(size int) string {
			return signInColumns + places(size, 11, 1) + " ON CONFLICT (id) DO UPDATE SET tries = sign_ins.tries + excluded.tries"
		}),
		markSignedIn: eachSize(func(size int) string {
			return "INSERT INTO first_sign_ins (user_id, customer_id, time) VALUES " + places(size, 3, 1) + " ON CONFLICT (user_id) DO NOTHING"
		}),
	}
})

var unnumberedStatements = sync.OnceValue(func() signInTexts {
	t := signInStatements()
	return signInTexts{
		devices: t.devices.unnumbered(), numbers: t.numbers.unnumbered(), names: t.names.unnumbered(), tags: t.tags.unnumbered(),
		counters: t.counters.unnumbered(), people: t.people.unnumbered(), lockCounters: t.lockCounters.unnumbered(),
		setCounters: t.setCounters.unnumbered(), addSignIns: t.addSignIns.unnumbered(), countSignIns: t.countSignIns.unnumbered(),
		markSignedIn: t.markSignedIn.unnumbered(),
	}
})

func (tx *Tx) signInTexts() signInTexts {
	if tx.work.unnumbered {
		return unnumberedStatements()
	}
	return signInStatements()
}

// readAmong runs a statement for the keys and hands out its rows.
func readAmong[Key any](ctx context.Context, tx *Tx, texts sized, others []any, keys []Key, take func(*sql.Rows) error) error {
	return keysIn(keys, func(args []any) error {
		size := len(args)
		return tx.rows(ctx, texts.of(size), slices.Concat(others, args), take)
	})
}

func (tx *Tx) rows(ctx context.Context, query string, args []any, take func(*sql.Rows) error) error {
	rows, err := tx.work.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// HeldDevice is a device with the hash of its token.
type HeldDevice struct {
	cardinal.Device
	TokenHash []byte
}

// DevicesByID reads those of the devices that there are.
func (tx *Tx) DevicesByID(ctx context.Context, c cardinal.CustomerID, ids []cardinal.DeviceID) (map[cardinal.DeviceID]HeldDevice, error) {
	devices := make(map[cardinal.DeviceID]HeldDevice, len(ids))
	err := readAmong(ctx, tx, tx.signInTexts().devices, []any{string(c)}, texts(ids), func(r *sql.Rows) error {
		var row db.Device
		err := r.Scan(&row.ID, &row.CustomerID, &row.Name, &row.NameKey, &row.Methods, &row.Conversion, &row.Disabled, &row.TokenHash,
			&row.CreatedAt, &row.LastSeenAt, &row.Revision)
		if err != nil {
			return err
		}
		held := HeldDevice{TokenHash: row.TokenHash}
		held.Device, err = device(row)
		devices[held.ID] = held
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	return devices, nil
}

func texts[Text ~string](those []Text) []string {
	plain := make([]string, len(those))
	for i, one := range those {
		plain[i] = string(one)
	}
	return plain
}

// NumberOwner is who has a card number, and the tag under which it is theirs.
type NumberOwner struct {
	User cardinal.UserID // empty: nobody
	Tag  Tag
}

// OwnersOfNumbers returns who has the card number of each tag, "" for nobody, in
// the order of the tags, which may be of several versions.
func (tx *Tx) OwnersOfNumbers(ctx context.Context, c cardinal.CustomerID, tags []Tag) ([]cardinal.UserID, error) {
	found := make(map[TagKey]cardinal.UserID, len(tags))
	err := tx.byTag(ctx, tx.signInTexts().numbers, c, tags, func(r *sql.Rows, key func([]byte) TagKey) error {
		var user string
		var sum sql.RawBytes
		err := r.Scan(&user, &sum)
		found[key(sum)] = cardinal.UserID(user)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find card numbers: %w", err)
	}
	owners := make([]cardinal.UserID, len(tags))
	for i, tag := range tags {
		owners[i] = found[tag.Key()]
	}
	return owners, nil
}

// FoundPIN is a PIN that was found by its tag.
type FoundPIN struct {
	ID   cardinal.PINID // empty: none has the tag
	User cardinal.UserID
}

// PINsByTags returns which PIN has each tag, in the order of the tags.
func (tx *Tx) PINsByTags(ctx context.Context, c cardinal.CustomerID, tags []Tag) ([]FoundPIN, error) {
	found := make(map[TagKey]FoundPIN, len(tags))
	err := tx.byTag(ctx, tx.signInTexts().tags, c, tags, func(r *sql.Rows, key func([]byte) TagKey) error {
		var user, id string
		var sum sql.RawBytes
		err := r.Scan(&user, &id, &sum)
		found[key(sum)] = FoundPIN{cardinal.PINID(id), cardinal.UserID(user)}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find PINs: %w", err)
	}
	pins := make([]FoundPIN, len(tags))
	for i, tag := range tags {
		pins[i] = found[tag.Key()]
	}
	return pins, nil
}

// TagKey is a Tag that can be compared and be the key of a map.
type TagKey struct {
	version int
	sum     string
}

// Key returns the tag's key.
func (t Tag) Key() TagKey { return TagKey{t.Version, string(t.Sum)} }

// byTag runs a statement for the tags of each version.
func (tx *Tx) byTag(ctx context.Context, texts sized, c cardinal.CustomerID, tags []Tag, take func(r *sql.Rows, key func([]byte) TagKey) error) error {
	sums := map[int][][]byte{}
	for _, tag := range tags {
		sums[tag.Version] = append(sums[tag.Version], tag.Sum)
	}
	for _, version := range slices.Sorted(maps.Keys(sums)) {
		key := func(sum []byte) TagKey { return Tag{version, sum}.Key() }
		err := readAmong(ctx, tx, texts, []any{string(c), int64(version)}, sums[version], func(r *sql.Rows) error { return take(r, key) })
		if err != nil {
			return err
		}
	}
	return nil
}

// UsersByNames returns who has each username, compared without regard to case; ""
// for nobody. What no database takes as a text must not be among them.
func (tx *Tx) UsersByNames(ctx context.Context, c cardinal.CustomerID, usernames []string) ([]cardinal.UserID, error) {
	keys := make([]string, len(usernames))
	for i, username := range usernames {
		keys[i] = Fold(username)
	}
	found := make(map[string]cardinal.UserID, len(keys))
	err := readAmong(ctx, tx, tx.signInTexts().names, []any{string(c)}, keys, func(r *sql.Rows) error {
		var id, key string
		err := r.Scan(&id, &key)
		found[key] = cardinal.UserID(id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	users := make([]cardinal.UserID, len(keys))
	for i, key := range keys {
		users[i] = found[key]
	}
	return users, nil
}

// LockCounters reads the counters of subjects, the zero Counter for one that has
// none, and makes other transactions that lock them wait. The subjects must be
// rising. Where nobody else can write before the transaction ends, nothing needs
// to be locked.
func (tx *Tx) LockCounters(ctx context.Context, c cardinal.CustomerID, subjects []string) (map[string]Counter, error) {
	counters := make(map[string]Counter, len(subjects))
	take := func(r *sql.Rows) error {
		var subject string
		var wrong, changed, until int64
		err := r.Scan(&subject, &wrong, &changed, &until)
		counters[subject] = Counter{wrong, fromMillis(changed), fromMillis(until)}
		return err
	}
	var err error
	if tx.work.alone {
		err = readAmong(ctx, tx, tx.signInTexts().counters, []any{string(c)}, subjects, take)
	} else {
		// Row by row in the order given: made if it is missing, locked if not.
		err = rowsIn(subjects, func(some []string) error {
			args := make([]any, 0, 5*len(some))
			for _, subject := range some {
				args = append(args, string(c), subject, int64(0), int64(0), int64(0))
			}
			return tx.rows(ctx, tx.signInTexts().lockCounters.of(len(some)), args, take)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("lock counters: %w", err)
	}
	return counters, nil
}

// SetCounters writes counters that the transaction has locked.
func (tx *Tx) SetCounters(ctx context.Context, c cardinal.CustomerID, counters map[string]Counter) error {
	err := rowsIn(slices.Sorted(maps.Keys(counters)), func(some []string) error {
		args := make([]any, 0, 5*len(some))
		for _, subject := range some {
			n := counters[subject]
			args = append(args, string(c), subject, n.Wrong, millis(n.ChangedAt), millis(n.LockedUntil))
		}
		_, err := tx.work.ExecContext(ctx, tx.signInTexts().setCounters.of(len(some)), args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("write counters: %w", err)
	}
	return nil
}

// Holder is what sign-in needs of a user: no more of User is filled in than ID,
// Customer, Username, FullName, Email and Disabled, and of Numbers no more than
// User, Slot, Tag and Sealed.
type Holder struct {
	cardinal.User
	PIN      StoredPIN // zero ID: none; it may have expired
	Numbers  []StoredNumber
	SignedIn bool // has signed in at a device before
}

// Holders reads those of the users that there are.
func (tx *Tx) Holders(ctx context.Context, c cardinal.CustomerID, ids []cardinal.UserID) (map[cardinal.UserID]Holder, error) {
	holders := make(map[cardinal.UserID]Holder, len(ids))
	err := readAmong(ctx, tx, tx.signInTexts().people, []any{string(c)}, texts(ids), func(r *sql.Rows) error {
		h, err := scanHolder(r)
		h.Customer = c
		holders[h.ID] = h
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return holders, nil
}

// scannedPIN is a PIN that may be missing.
type scannedPIN struct {
	id                                            sql.NullString
	version                                       sql.NullInt64
	tag                                           []byte
	identifying, generated, required, known, kept sql.NullBool
	created, expires, checked                     sql.NullInt64
}

func (p scannedPIN) stored(user string) StoredPIN {
	return storedPIN(db.Pin{
		UserID: user, ID: p.id.String, KeyVersion: p.version.Int64, Tag: p.tag, Identifying: p.identifying.Bool, Generated: p.generated.Bool,
		NewRequired: p.required.Bool, CreatedAt: p.created.Int64, ExpiresAt: p.expires.Int64,
		PolicyKnown: p.known.Bool, PolicyMet: p.kept.Bool, PolicyCheckedAt: p.checked.Int64,
	})
}

func scanHolder(r *sql.Rows) (Holder, error) {
	var u db.User
	var p scannedPIN
	var versions [2]sql.NullInt64
	var numbers [2]StoredNumber
	var first sql.NullString
	err := r.Scan(&u.ID, &u.Username, &u.FullName, &u.Email, &u.Disabled,
		&p.id, &p.version, &p.tag, &p.identifying, &p.generated, &p.required, &p.created, &p.expires, &p.known, &p.kept, &p.checked,
		&versions[0], &numbers[0].Tag.Sum, &numbers[0].Sealed, &versions[1], &numbers[1].Tag.Sum, &numbers[1].Sealed, &first)
	h := Holder{User: user(u), SignedIn: first.Valid}
	if p.id.Valid {
		h.PIN = p.stored(u.ID)
	}
	for i, slot := range []cardinal.Slot{cardinal.Primary, cardinal.Secondary} {
		if versions[i].Valid {
			numbers[i].User, numbers[i].Slot, numbers[i].Tag.Version = h.ID, slot, int(versions[i].Int64)
			h.Numbers = append(h.Numbers, numbers[i])
		}
	}
	return h, err
}

// MarkSignedIn notes that users have signed in at a device, at the first success
// of each; later ones write nothing.
func (tx *Tx) MarkSignedIn(ctx context.Context, c cardinal.CustomerID, users []cardinal.UserID) error {
	users = slices.Sorted(slices.Values(users))
	err := rowsIn(users, func(some []cardinal.UserID) error {
		args := make([]any, 0, 3*len(some))
		for _, id := range some {
			args = append(args, string(id), string(c), millis(tx.now))
		}
		_, err := tx.work.ExecContext(ctx, tx.signInTexts().markSignedIn.of(len(some)), args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("write first sign-ins: %w", err)
	}
	return nil
}

// RecordedSignIn is a sign-in with whose device and which user it was; an empty
// User is unknown.
type RecordedSignIn struct {
	cardinal.SignIn
	DeviceID cardinal.DeviceID
	UserID   cardinal.UserID
}

// AddSignIns puts tries on record, each under an ID of its own.
func (tx *Tx) AddSignIns(ctx context.Context, all []RecordedSignIn) error {
	return tx.writeSignIns(ctx, tx.signInTexts().addSignIns, all)
}

// CountSignIns puts tries on record of which many may stand in one row: where an
// entry with the ID exists, Count is added to it. No ID may come twice.
func (tx *Tx) CountSignIns(ctx context.Context, all []RecordedSignIn) error {
	slices.SortFunc(all, func(a, b RecordedSignIn) int { return cmp.Compare(a.ID, b.ID) })
	return tx.writeSignIns(ctx, tx.signInTexts().countSignIns, all)
}

func (tx *Tx) writeSignIns(ctx context.Context, texts sized, all []RecordedSignIn) error {
	err := rowsIn(all, func(some []RecordedSignIn) error {
		args := make([]any, 0, 11*len(some))
		for i := range some {
			s := &some[i]
			args = append(args, s.ID, string(s.Customer), millis(s.Time), string(s.DeviceID), s.Device, string(s.Method),
				string(s.UserID), s.Username, string(s.Outcome), s.NumberEnd, s.Count)
		}
		_, err := tx.work.ExecContext(ctx, texts.of(len(some)), args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("write sign-ins: %w", err)
	}
	return nil
}
