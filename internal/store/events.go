package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cardinal"
	"cardinal/internal/store/db"
)

// QueueEvent keeps an event until the commit, when it is numbered and written with
// the others; its time is the transaction's and its number is given then. The head
// of the customer's events is locked after that of the audit entries, as the last.
func (tx *Tx) QueueEvent(e cardinal.Event) {
	e.Time = tx.now
	tx.events = append(tx.events, e)
}

// flushEvents locks the heads of several customers in one order.
func (tx *Tx) flushEvents(ctx context.Context) error {
	byCustomer := map[cardinal.CustomerID][]cardinal.Event{}
	for _, e := range tx.events {
		byCustomer[e.Customer] = append(byCustomer[e.Customer], e)
	}
	for _, customer := range slices.Sorted(maps.Keys(byCustomer)) {
		events := byCustomer[customer]
		last, err := tx.q.MoveEventHead(ctx, db.MoveEventHeadParams{CustomerID: string(customer), Number: int64(len(events))})
		if err != nil {
			return fmt.Errorf("number events: %w", err)
		}
		if err := tx.addEvents(ctx, last-int64(len(events)), events); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	return nil
}

// How many events one statement writes, and the columns of each.
const (
	eventRows    = 8
	eventColumns = 6
)

// insertEventRows is the statement of queries/events.sql for eventRows rows.
var insertEventRows = sync.OnceValue(func() string {
	return insertRows("events (customer_id, number, type, time, user_id, attributes)", eventRows, eventColumns)
})

// addEvents writes events of one customer with the numbers after that one.
func (tx *Tx) addEvents(ctx context.Context, number int64, events []cardinal.Event) error {
	rows := make([]db.InsertEventParams, len(events))
	for i, e := range events {
		text, err := attributesText(e.Attributes)
		if err != nil {
			return err
		}
		rows[i] = db.InsertEventParams{
			CustomerID: string(e.Customer), Number: number + 1 + int64(i), Type: string(e.Type), Time: millis(e.Time), UserID: string(e.User), Attributes: text,
		}
	}
	for ; len(rows) >= eventRows; rows = rows[eventRows:] {
		args := make([]any, 0, eventRows*eventColumns)
		for _, r := range rows[:eventRows] {
			args = append(args, r.CustomerID, r.Number, r.Type, r.Time, r.UserID, r.Attributes)
		}
		if _, err := tx.work.ExecContext(ctx, insertEventRows(), args...); err != nil {
			return fmt.Errorf("insert events: %w", err)
		}
	}
	for _, r := range rows {
		if err := tx.q.InsertEvent(ctx, r); err != nil {
			return fmt.Errorf("insert event: %w", err)
		}
	}
	return nil
}

func attributesText(attributes map[string]string) (string, error) {
	if len(attributes) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return "", fmt.Errorf("attributes: %w", err)
	}
	return string(text), nil
}

// Events lists the events of a customer after a number, in order.
func (tx *Tx) Events(ctx context.Context, c cardinal.CustomerID, after int64, most int) ([]cardinal.Event, error) {
	rows, err := tx.q.EventsUp(ctx, db.EventsUpParams{CustomerID: string(c), After: after, Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	events := make([]cardinal.Event, len(rows))
	for i, r := range rows {
		events[i] = cardinal.Event{
			Customer: c, Number: r.Number, Type: cardinal.EventType(r.Type), Time: fromMillis(r.Time), User: cardinal.UserID(r.UserID),
		}
		if err := json.Unmarshal([]byte(r.Attributes), &events[i].Attributes); err != nil {
			return nil, fmt.Errorf("attributes of event %d: %w", r.Number, err)
		}
	}
	return events, nil
}

// ForgetEvents deletes the oldest events of a customer, up to the first one that
// is not from before the time, at most so many, and returns how many they were.
func (tx *Tx) ForgetEvents(ctx context.Context, c cardinal.CustomerID, before time.Time, most int) (int, error) {
	oldest, err := tx.Events(ctx, c, 0, most)
	if err != nil {
		return 0, err
	}
	if end := slices.IndexFunc(oldest, func(e cardinal.Event) bool { return !e.Time.Before(before) }); end >= 0 {
		oldest = oldest[:end]
	}
	if len(oldest) == 0 {
		return 0, nil
	}
	rows, err := tx.q.ForgetEvents(ctx, db.ForgetEventsParams{CustomerID: string(c), Last: oldest[len(oldest)-1].Number})
	if err != nil {
		return 0, fmt.Errorf("forget events: %w", err)
	}
	return int(rows), nil
}
