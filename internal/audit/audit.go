// Package audit keeps the record of who changed what: entries written in the
// transaction of the change, numbered without gaps in each customer and chained
// with a MAC under a key that is not in the database, from the first entry on.
// Whoever can write the database but has no key ring can therefore not change,
// insert or remove an entry unnoticed. Cutting off the newest entries together
// with the head is noticed only by comparing the head with one noted elsewhere,
// which is why Verify returns it.
package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"

	"cardinal"
	"cardinal/internal/seal"
	"cardinal/internal/store"
)

// Fields are the fields of an object before or after a change. They never hold
// a PIN, a password, a token or a whole card number; secret types stand in them
// as [redacted].
type Fields map[string]any

// Entry is what a use case says of a change; the rest is known from the caller
// and the transaction.
type Entry struct {
	Action  string // past tense, as in "pin.set"
	Subject string // as in "user anna"
	Before  Fields
	After   Fields
}

// Record queues an entry about what caller did, to be written at the commit.
func Record(tx *store.Tx, caller cardinal.Caller, e Entry) error {
	before, err := fieldsText(e.Before)
	if err != nil {
		return err
	}
	after, err := fieldsText(e.After)
	if err != nil {
		return err
	}
	tx.QueueAudit(caller.Customer, cardinal.AuditEntry{
		Actor: caller.Actor(), Action: e.Action, Subject: e.Subject, Before: before, After: after, Address: caller.Address,
	})
	return nil
}

func fieldsText(fields Fields) (string, error) {
	if len(fields) == 0 {
		return "", nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("audit entry: %w", err)
	}
	return string(text), nil
}

// Chain numbers, chains and writes queued entries; it is what the store calls
// last before a commit. Safe for concurrent use: the head's row lock orders
// transactions.
type Chain struct{ ring *seal.Ring }

// NewChain makes the chain that is keyed by ring.
func NewChain(ring *seal.Ring) *Chain { return &Chain{ring} }

// Write appends entries to the customer's chain in the caller's transaction.
func (c *Chain) Write(ctx context.Context, tx *store.Tx, customer cardinal.CustomerID, entries []cardinal.AuditEntry) error {
	head, err := tx.LockAuditHead(ctx, customer)
	if err != nil {
		return err
	}
	version := c.ring.Current()
	chained := make([]store.ChainedEntry, 0, len(entries))
	for _, entry := range entries {
		entry.Number = head.Number + 1
		mac, ok := c.ring.AuditMAC(customer, version, head.MAC, payload(entry))
		if !ok {
			return fmt.Errorf("audit: the key ring has no version %d", version)
		}
		chained = append(chained, store.ChainedEntry{AuditEntry: entry, KeyVersion: version, MAC: mac})
		head = store.AuditHead{Number: entry.Number, MAC: mac}
	}
	if err := tx.AddAuditEntries(ctx, customer, chained); err != nil {
		return err
	}
	return tx.MoveAuditHead(ctx, customer, head)
}

// payload is what the MAC covers: every field, each with its length before it,
// so that no two entries have the same payload.
func payload(e cardinal.AuditEntry) []byte {
	text := binary.BigEndian.AppendUint64(nil, uint64(e.Number))
	text = binary.BigEndian.AppendUint64(text, uint64(e.Time.UnixMilli()))
	for _, field := range []string{e.Actor, e.Action, e.Subject, e.Before, e.After, e.Address} {
		text = binary.BigEndian.AppendUint64(text, uint64(len(field)))
		text = append(text, field...)
	}
	return text
}

// Finding is the outcome of verifying one customer's chain.
type Finding struct {
	Customer cardinal.Customer
	Entries  int64  // how many entries are in order
	Head     string // the MAC of the last entry in hexadecimal, to be noted elsewhere
	// Broken is 0 where the chain is whole, else the number of the first entry
	// that is missing or does not fit.
	Broken int64
}

// Verify walks the chains of all customers. The error is about reading; what is
// broken stands in the findings.
func (c *Chain) Verify(ctx context.Context, s *store.Store) ([]Finding, error) {
	var findings []Finding
	var after cardinal.CustomerID
	for {
		var customers []cardinal.Customer
		err := s.Read(ctx, func(tx *store.Tx) (err error) {
			customers, err = tx.Customers(ctx, after, 100)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(customers) == 0 {
			return findings, nil
		}
		for _, customer := range customers {
			finding, err := c.verifyCustomer(ctx, s, customer)
			if err != nil {
				return nil, err
			}
			findings = append(findings, finding)
			after = customer.ID
		}
	}
}

func (c *Chain) verifyCustomer(ctx context.Context, s *store.Store, customer cardinal.Customer) (Finding, error) {
	finding := Finding{Customer: customer}
	// One transaction sees one state: entries written meanwhile do not look like a fault.
	err := s.Read(ctx, func(tx *store.Tx) error {
		head, err := tx.AuditHead(ctx, customer.ID)
		if cardinal.CodeOf(err) == cardinal.CodeNotFound {
			head, err = store.AuditHead{Number: -1}, nil // one that was removed fits no chain
		}
		if err != nil {
			return err
		}
		last := store.AuditHead{MAC: []byte{}}
		// From below 1, for a number that no entry can have is one that was put in.
		for after := int64(math.MinInt64); ; after = last.Number {
			entries, err := tx.AuditChain(ctx, customer.ID, after, 1000)
			if err != nil {
				return err
			}
			for _, entry := range entries {
				if !c.fits(customer.ID, last, entry) {
					finding.Broken = last.Number + 1
					return nil
				}
				last = store.AuditHead{Number: entry.Number, MAC: entry.MAC}
				finding.Entries, finding.Head = last.Number, hex.EncodeToString(last.MAC)
			}
			if len(entries) == 0 {
				break
			}
		}
		if last.Number != head.Number || !bytes.Equal(last.MAC, head.MAC) {
			finding.Broken = last.Number + 1
		}
		return nil
	})
	return finding, err
}

func (c *Chain) fits(customer cardinal.CustomerID, last store.AuditHead, e store.ChainedEntry) bool {
	mac, ok := c.ring.AuditMAC(customer, e.KeyVersion, last.MAC, payload(e.AuditEntry))
	return ok && e.Number == last.Number+1 && bytes.Equal(mac, e.MAC)
}

// List returns audit entries of the caller's customer before a number, newest
// first; 0 begins with the newest. Subject (as in "user anna") narrows the list
// unless it is empty.
func List(ctx context.Context, s *store.Store, caller cardinal.Caller, subject string, before int64, most int) ([]cardinal.AuditEntry, error) {
	if err := caller.Require(cardinal.PermReadLogs); err != nil {
		return nil, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	var entries []cardinal.AuditEntry
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		entries, err = tx.AuditEntries(ctx, caller.Customer, subject, before, most)
		return err
	})
	return entries, err
}
