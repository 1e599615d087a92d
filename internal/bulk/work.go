package bulk

import (
	"context"
	"errors"
	"fmt"

	"cardinal"
	"cardinal/internal/store"
)

// worker is one run under way on this node. It is for one goroutine.
type worker struct {
	*Service
	customer cardinal.CustomerID
	id       cardinal.BulkID
	node     string // the holder of the lease: another one for each worker, even of one program
}

// errLost ends a worker whose run another one has taken over.
var errLost = errors.New("another node works on this bulk action")

// enter takes a place among the runs of this node, if there is one.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosing() || s.running == atOnce {
		return false
	}
	if s.running == 0 {
		s.idle = make(chan struct{})
	}
	s.running++
	return true
}

func (s *Service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 {
		close(s.idle)
	}
}

func (s *Service) hasPlace() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.isClosing() && s.running < atOnce
}

func (s *Service) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// begin works on a run in the background, if there is a place; otherwise
// whoever leaves one, or Resume on any node, begins with it later.
func (s *Service) begin(ctx context.Context, customer cardinal.CustomerID, id cardinal.BulkID) {
	if !s.enter() {
		return
	}
	go func() {
		over := s.inBackground(ctx, &worker{Service: s, customer: customer, id: id})
		s.leave()
		if !over {
			return // what stopped it would stop the next one too
		}
		if err := s.Resume(ctx); err != nil && !s.isClosing() {
			s.log.ErrorContext(ctx, "waiting bulk actions could not be begun", "error", err)
		}
	}()
}

// Resume begins with runs on which no node works: those that wait, and those of
// a node that has been silent for 30 seconds. Call it every few seconds.
func (s *Service) Resume(ctx context.Context) error {
	if !s.hasPlace() {
		return nil
	}
	var free []store.BulkRun
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		free, err = tx.FreeBulkRuns(ctx, atOnce)
		return err
	})
	for _, run := range free {
		s.begin(context.WithoutCancel(ctx), run.Customer, run.ID)
	}
	return err
}

// inBackground works on a run until it is over, the service closes or another
// node has it, and reports whether it is over. What stops it besides leaves it
// to be resumed.
func (s *Service) inBackground(ctx context.Context, w *worker) bool {
	claimed, err := w.claim(ctx)
	if err != nil || !claimed {
		s.logFault(ctx, w.id, err)
		return false
	}
	state := Running
	for state == Running && !s.isClosing() {
		if state, err = w.step(ctx); err != nil {
			break
		}
	}
	switch {
	case errors.Is(err, errLost):
	case err != nil && cardinal.CodeOf(err) == cardinal.CodeInternal:
		// It would fail again and again: nobody is to wait for that.
		s.logFault(ctx, w.id, errors.Join(err, w.fail(ctx)))
	case err != nil:
		s.logFault(ctx, w.id, err)
	case state == Running:
		s.logFault(ctx, w.id, w.release(ctx))
	default:
		s.log.InfoContext(ctx, "bulk action over", "bulk", string(w.id), "state", string(state))
	}
	return state != Running
}

func (s *Service) logFault(ctx context.Context, id cardinal.BulkID, err error) {
	if err != nil {
		s.log.ErrorContext(ctx, "bulk action stopped", "bulk", string(id), "error", err)
	}
}

func (w *worker) claim(ctx context.Context) (bool, error) {
	claimed := false
	err := w.store.Write(ctx, func(tx *store.Tx) (err error) {
		w.node = tx.NewID()
		claimed, err = tx.ClaimBulkRun(ctx, w.id, w.node, tx.Now().Add(lease))
		return err
	})
	return claimed, err
}

func (w *worker) release(ctx context.Context) error {
	return w.store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseBulkRun(ctx, w.id, w.node) })
}

// held locks the run and makes sure that it is still this worker's.
func (w *worker) held(ctx context.Context, tx *store.Tx) (store.BulkRun, error) {
	run, err := tx.LockBulkRun(ctx, w.customer, w.id)
	if err == nil && (run.Node != w.node || State(run.State) != Running) {
		err = errLost
	}
	return run, err
}

// fail ends the run by a fault of the program.
func (w *worker) fail(ctx context.Context) error {
	return w.store.Write(ctx, func(tx *store.Tx) error {
		run, err := w.held(ctx, tx)
		if err != nil {
			return err
		}
		by, err := starterFrom(run)
		if err != nil {
			return err
		}
		run.State, run.Detail = string(Failed), "Cardinal failed; its log says why."
		return w.finish(ctx, tx, by.caller(w.customer), &run)
	})
}

// Wait waits until this node works on no run, or ctx ends.
func (s *Service) Wait(ctx context.Context) error {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for bulk actions: %w", ctx.Err())
	}
}

// Close stops the runs of this node after their batch, so that another node, or
// this one after a restart, goes on with them at once, and waits for that until
// ctx ends.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.close()
	s.mu.Unlock()
	return s.Wait(ctx)
}
