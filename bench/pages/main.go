// Pages measures how long the server works on every page with many people in the
// database, and how much a page transfers. The pages are drawn from the table of
// routes, so that none can be forgotten; each is asked for in turn by an
// administrator who is operator too, in one process, without a network. A page
// above what is promised (100 ms at the 95th percentile, 20 ms for the list of
// users with a search; 30 KB a page, 250 KB at the first visit) ends the program
// with exit code 1.
//
//	go run ./bench/pages [-users N] [-sign-ins N] [-visits N] [-database postgres://…]
//
// Without -database it measures SQLite in a temporary directory; with it, a
// database that is empty at first and is not emptied afterwards.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	c := config{}
	flag.IntVar(&c.users, "users", 100_000, "people in the database")
	flag.IntVar(&c.signIns, "sign-ins", 300_000, "sign-ins on record, over thirty days")
	flag.IntVar(&c.visits, "visits", 100, "visits of each page, in turn with the others")
	flag.StringVar(&c.database, "database", "", "an empty PostgreSQL database; none: SQLite")
	flag.StringVar(&c.only, "only", "", "only pages whose name has this in it")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "bench/pages:", err)
		os.Exit(1)
	}
}

type config struct {
	users, signIns, visits int
	database               string
	only                   string
}

// What is promised (spec: web, habits).
const (
	pageWithin   = 100 * time.Millisecond
	searchWithin = 20 * time.Millisecond
	laterBytes   = 30 << 10
	firstBytes   = 250 << 10
)

var errPromise = errors.New("a page is above what is promised")

func run(ctx context.Context, c config) (err error) {
	s, err := newSite(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	pages, err := s.pages()
	if err != nil {
		return err
	}
	if err := s.visit(ctx, pages, c.visits); err != nil {
		return err
	}
	first, err := s.firstVisit(ctx)
	if err != nil {
		return err
	}
	return report(pages, first)
}
