//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// queue is where the programs that write one SQLite file wait for one another.
// SQLite itself lets them poll, so that a long import on the command line would
// starve the server's sign-ins for as long as it runs; locks of the system's
// wake whoever waits. Whoever writes holds turn; whoever is next waits for it
// with next in hand, so that a program that has just written cannot write again
// before. It is about taking turns alone: that there is one writer rests on
// SQLite's own lock.
type queue struct{ next, turn *os.File }

func openQueue(path string) (*queue, error) {
	next, err := openLock(path + ".next")
	if err != nil {
		return nil, err
	}
	turn, err := openLock(path + ".turn")
	if err != nil {
		return nil, errors.Join(err, next.Close())
	}
	return &queue{next, turn}, nil
}

func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return file, nil
}

// enter waits until it is this program's turn, or until ctx ends.
func (q *queue) enter(ctx context.Context) error {
	if err := takeLock(ctx, q.next); err != nil {
		return err
	}
	defer dropLock(q.next)
	return takeLock(ctx, q.turn)
}

// leave lets the next program write.
func (q *queue) leave() { dropLock(q.turn) }

// awaited reports whether another program waits for its turn, for whoever has
// the turn: that program has next in hand.
func (q *queue) awaited() bool {
	err := flock(q.next, syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		dropLock(q.next)
	}
	return errors.Is(err, syscall.EWOULDBLOCK)
}

func (q *queue) close() error { return errors.Join(q.next.Close(), q.turn.Close()) }

func takeLock(ctx context.Context, file *os.File) error {
	err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(file, syscall.LOCK_EX) }()
	select {
	case err := <-locked:
		return err
	case <-ctx.Done():
		// A lock that comes when nobody waits for it any more is passed on.
		go func() {
			if <-locked == nil {
				dropLock(file)
			}
		}()
		return ctx.Err()
	}
}

// dropLock cannot fail for an open file; with a closed one the lock has gone already.
func dropLock(file *os.File) { _ = flock(file, syscall.LOCK_UN) }

// flock holds the file open for as long as it waits, so that a lock that nobody
// waits for any more cannot fall on another file with its number.
func flock(file *os.File, how int) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return fmt.Errorf("take turns at the database: %w", err)
	}
	var failure error
	err = conn.Control(func(fd uintptr) {
		for {
			failure = syscall.Flock(int(fd), how) // a file descriptor fits an int
			if !errors.Is(failure, syscall.EINTR) {
				return
			}
		}
	})
	if err = errors.Join(err, failure); err != nil {
		return fmt.Errorf("take turns at the database: %w", err)
	}
	return nil
}
