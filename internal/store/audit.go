package store

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"cardinal"
	"cardinal/internal/store/db"
)

// AuditHead is the end of a customer's audit chain: the number and the MAC of
// the last entry, 0 and empty before the first.
type AuditHead struct {
	Number int64
	MAC    []byte
}

// ChainedEntry is an audit entry with its place in the chain.
type ChainedEntry struct {
	cardinal.AuditEntry
	KeyVersion int
	MAC        []byte
}

// LockAuditHead reads the head and makes other writers of the chain wait.
func (tx *Tx) LockAuditHead(ctx context.Context, id cardinal.CustomerID) (AuditHead, error) {
	row, err := tx.q.LockAuditHead(ctx, string(id))
	return AuditHead{row.Number, row.Mac}, found(err, "customer")
}

// AuditHead reads the head.
func (tx *Tx) AuditHead(ctx context.Context, id cardinal.CustomerID) (AuditHead, error) {
	row, err := tx.q.AuditHead(ctx, string(id))
	return AuditHead{row.Number, row.Mac}, found(err, "customer")
}

// MoveAuditHead sets the head after entries were added.
func (tx *Tx) MoveAuditHead(ctx context.Context, id cardinal.CustomerID, head AuditHead) error {
	err := tx.q.MoveAuditHead(ctx, db.MoveAuditHeadParams{CustomerID: string(id), Number: head.Number, Mac: head.MAC})
	if err != nil {
		return fmt.Errorf("write audit head: %w", err)
	}
	return nil
}

// AddAuditEntry writes one entry of the chain.
func (tx *Tx) AddAuditEntry(ctx context.Context, id cardinal.CustomerID, e ChainedEntry) error {
	err := tx.q.InsertAuditEntry(ctx, db.InsertAuditEntryParams{
		CustomerID: string(id), Number: e.Number, Time: millis(e.Time), Actor: e.Actor, Action: e.Action, Subject: e.Subject,
		Before: e.Before, After: e.After, Address: e.Address, KeyVersion: int64(e.KeyVersion), Mac: e.MAC,
	})
	if err != nil {
		return fmt.Errorf("write audit entry: %w", err)
	}
	return nil
}

// auditRows is how many entries one statement writes: each statement costs as
// much as several rows.
const auditRows = 8

// AddAuditEntries writes entries of the chain, in order.
func (tx *Tx) AddAuditEntries(ctx context.Context, id cardinal.CustomerID, entries []ChainedEntry) error {
	for ; len(entries) >= auditRows; entries = entries[auditRows:] {
		args := make([]any, 0, auditRows*auditColumns)
		for _, e := range entries[:auditRows] {
			args = append(args, string(id), e.Number, millis(e.Time), e.Actor, e.Action, e.Subject, e.Before, e.After, e.Address,
				int64(e.KeyVersion), e.MAC)
		}
		if _, err := tx.work.ExecContext(ctx, insertAuditRows(), args...); err != nil {
			return fmt.Errorf("write audit entries: %w", err)
		}
	}
	for _, e := range entries {
		if err := tx.AddAuditEntry(ctx, id, e); err != nil {
			return err
		}
	}
	return nil
}

// auditColumns is how many columns an entry has.
const auditColumns = 11

// insertAuditRows is the statement of queries/audit.sql for auditRows rows.
var insertAuditRows = sync.OnceValue(func() string {
	return insertRows("audit_entries (customer_id, number, time, actor, action, subject, before, after, address, key_version, mac)", auditRows, auditColumns)
})

// insertRows is the statement that inserts so many rows of so many columns at once.
func insertRows(into string, rows, columns int) string {
	var text strings.Builder
	text.WriteString("INSERT INTO " + into + " VALUES ")
	for i := range rows * columns {
		switch {
		case i == 0:
			text.WriteString("(")
		case i%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	text.WriteString(")")
	return text.String()
}

func chainedEntry(r db.AuditEntry) ChainedEntry {
	return ChainedEntry{
		AuditEntry: cardinal.AuditEntry{
			Number: r.Number, Time: fromMillis(r.Time), Actor: r.Actor, Action: r.Action, Subject: r.Subject,
			Before: r.Before, After: r.After, Address: r.Address,
		},
		KeyVersion: int(r.KeyVersion), MAC: r.Mac,
	}
}

// AuditChain lists entries after a number, in the order of the chain.
func (tx *Tx) AuditChain(ctx context.Context, id cardinal.CustomerID, after int64, most int) ([]ChainedEntry, error) {
	rows, err := tx.q.AuditEntriesUp(ctx, db.AuditEntriesUpParams{CustomerID: string(id), After: after, Most: int32(most)})
	return each(rows, err, "audit entries", chainedEntry)
}

// AuditEntries lists entries before a number, newest first; subject narrows the
// list unless it is empty.
func (tx *Tx) AuditEntries(ctx context.Context, id cardinal.CustomerID, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
	rows, err := tx.q.AuditEntriesDown(ctx, db.AuditEntriesDownParams{
		CustomerID: string(id), BeforeNumber: before, Subject: subject, Most: int32(most),
	})
	return each(rows, err, "audit entries", func(r db.AuditEntry) cardinal.AuditEntry { return chainedEntry(r).AuditEntry })
}
