package signin

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"cardinal"
	"cardinal/internal/store"
)

// serve decides about those who wait, batch by batch, until nobody does.
func (s *Service) serve(ctx context.Context) {
	for {
		s.line.settle()
		deadline, ok := s.line.first()
		if !ok {
			return
		}
		s.serveNext(ctx, deadline)
		s.metrics.Waiting(s.line.length())
	}
}

// serveNext decides about the next batch. Who belongs to it is settled when its
// transaction has begun: until then those who wait can leave, and others join.
func (s *Service) serveNext(ctx context.Context, deadline time.Time) {
	var taken []*waiter
	answers, err := s.decide(ctx, deadline, func() []*waiter {
		if taken == nil {
			taken = s.line.take(batchMost)
		}
		return taken
	})
	if err != nil && taken == nil {
		if !errors.Is(err, context.DeadlineExceeded) {
			// No transaction begins: whoever waits would wait in vain.
			refuse(s.line.take(lineMost), err)
		}
		return
	}
	s.answer(ctx, taken, answers, err, deadline)
}

// answer answers those who were decided about together. Where that failed, what
// one of them brought must not fall on the others: they are decided about once
// more, in the end each alone.
func (s *Service) answer(ctx context.Context, taken []*waiter, answers []answer, err error, deadline time.Time) {
	switch code := cardinal.CodeOf(err); {
	case err == nil:
		s.answerEach(ctx, taken, answers)
	case errors.Is(err, context.DeadlineExceeded):
		s.endOf(taken, err, deadline)
	case code == cardinal.CodeUnavailable, code == cardinal.CodeStorageFull:
		refuse(taken, err)
	case len(taken) > 1:
		s.again(ctx, taken[:len(taken)/2])
		s.again(ctx, taken[len(taken)/2:])
	case code == cardinal.CodeConflict:
		// At the same moment another user's PIN got the tag that this one was to get: now it is there to be seen.
		s.onceMore(ctx, taken[0])
	default:
		refuse(taken, err)
	}
}

func (s *Service) answerEach(ctx context.Context, taken []*waiter, answers []answer) {
	for i, w := range taken {
		if answers[i].verdict.again {
			s.onceMore(ctx, w)
			continue
		}
		w.answer <- answers[i]
	}
}

// endOf ends those whose time was over; the others are in front of the line again.
func (s *Service) endOf(taken []*waiter, err error, deadline time.Time) {
	var left []*waiter
	for _, w := range taken {
		if w.deadline.After(deadline) {
			left = append(left, w)
		} else {
			refuse([]*waiter{w}, err)
		}
	}
	s.line.putBack(left)
}

// again decides about some of those who could not be decided about together.
func (s *Service) again(ctx context.Context, some []*waiter) {
	deadline := some[0].deadline
	answers, err := s.decide(ctx, deadline, func() []*waiter { return some })
	s.answer(ctx, some, answers, err, deadline)
}

// onceMore decides about a try whose user was changed by another one between
// being found and being locked. A second time it gives up.
func (s *Service) onceMore(ctx context.Context, w *waiter) {
	answers, err := s.decide(ctx, w.deadline, func() []*waiter { return []*waiter{w} })
	switch {
	case err != nil:
		refuse([]*waiter{w}, err)
	case answers[0].verdict.again:
		refuse([]*waiter{w}, cardinal.Errorf(cardinal.CodeUnavailable, "Sign-in is not possible at the moment. Try again shortly."))
	default:
		w.answer <- answers[0]
	}
}

func refuse(those []*waiter, err error) {
	for _, w := range those {
		w.answer <- answer{err: err}
	}
}

// decide decides about tries in one transaction, and returns the answers once it
// is durable. Those is asked when the transaction has begun, and again if it has
// to be run again.
func (s *Service) decide(ctx context.Context, deadline time.Time, those func() []*waiter) (answers []answer, err error) {
	defer func() {
		// Here no server catches what panics: it must not end the program.
		if p := recover(); p != nil {
			err = fmt.Errorf("sign-in: panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	var b *batch
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		b = newBatch(s, tx, those())
		return b.run(ctx)
	})
	if err != nil {
		// Whatever a driver makes of it: the time was over.
		return nil, errors.Join(err, ctx.Err())
	}
	s.compared.Add(b.compared())
	b.measure()
	return b.answers(), nil
}
