//go:build !unix

package store

import "context"

// queue is nothing where the system has no such lock: programs that write one
// file then poll, as SQLite does.
type queue struct{}

func openQueue(string) (*queue, error) { return &queue{}, nil }

func (*queue) enter(context.Context) error { return nil }

func (*queue) leave() {}

// awaited is always true: nobody can tell.
func (*queue) awaited() bool { return true }

func (*queue) close() error { return nil }
