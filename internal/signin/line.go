package signin

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"cardinal"
)

const (
	// lineMost is how many tries wait at most: more than are answered in time on
	// the slowest disk that serves.
	lineMost = 2048
	// batchMost is how many tries share a transaction at most: few enough that
	// those who write other things need not wait long for their turn.
	batchMost = 256
)

// waiter is a try that waits for its answer.
type waiter struct {
	caller    cardinal.Caller
	presented Try
	done      <-chan struct{} // of the request's context
	deadline  time.Time
	answer    chan answer // has room for the one answer
}

// answer is what comes of a try: a verdict, or why there is none.
type answer struct {
	verdict verdict
	err     error
}

func (w *waiter) gone() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// line is where tries wait while others are decided, first come, first served.
// The zero line is empty. Safe for concurrent use.
type line struct {
	mu      sync.Mutex
	waiting []*waiter
	served  bool // somebody serves the line until it is empty
}

// join puts a try at the end, and reports whether the line is full and, if it is
// not, whether it is now upon the caller to see that the line is served.
func (l *line) join(w *waiter) (full, serve bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= lineMost {
		return true, false
	}
	l.waiting = append(l.waiting, w)
	serve = !l.served
	l.served = true
	return false, serve
}

// leave takes a try out, and reports whether it still stood there: then nothing
// has been decided about it, and nothing will be.
func (l *line) leave(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting, w)
	if at < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, at, at+1)
	return true
}

// first returns until when the first one in the line waits; false, and the line
// is no longer served, if nobody is there.
func (l *line) first() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropGone()
	l.served = len(l.waiting) > 0
	if !l.served {
		return time.Time{}, false
	}
	return l.waiting[0].deadline, true
}

// dropGone takes out whose request has ended: they cost nothing.
func (l *line) dropGone() {
	l.waiting = slices.DeleteFunc(l.waiting, func(w *waiter) bool {
		if !w.gone() {
			return false
		}
		w.answer <- answer{err: context.Canceled}
		return true
	})
}

// length is how many wait.
func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// take takes up to most tries from the front.
func (l *line) take(most int) []*waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropGone()
	taken := slices.Clone(l.waiting[:min(most, len(l.waiting))])
	l.waiting = slices.Delete(l.waiting, 0, len(taken))
	return taken
}

// putBack puts tries in front again: nothing has come of what they were taken for.
func (l *line) putBack(those []*waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.Insert(l.waiting, 0, those...)
}

// settle lets the requests that are there already come into the line before it
// is served. On one core they would otherwise only come while a commit blocks, and
// the batches would stay small. It waits for no time: a lone try goes at once.
func (l *line) settle() {
	for before := -1; ; {
		now := l.length()
		if now == before || now >= batchMost {
			return
		}
		before = now
		runtime.Gosched()
	}
}
