package ladder

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Load is how a server is asked.
type Load struct {
	Connections int
	Duration    time.Duration
	Wrong       float64 // the share of wrong PINs, 0 to 1
	// Now is the clock that answers are timed by; it must be a monotonic one.
	Now func() time.Time
}

// Result is what came of a load. Refused counts right PINs that were answered 401,
// and Passed wrong ones that were answered 200: of a server that compares, both are 0.
type Result struct {
	Rate            float64 // answers a second
	P50, P99        time.Duration
	CPU             time.Duration // that the server used for an answer; 0: not known
	Answers         int
	Refused, Passed int
	Statuses        map[int]int
}

// People are who signs in, and where.
type People struct {
	Tokens  []string // of the devices
	Numbers []string
	PINs    []string // of the same people
}

const wrongPIN = "0000000"

// request is the bytes of one try of somebody.
func (p People) request(buffer []byte, random *rand.Rand, right bool) []byte {
	who := random.IntN(len(p.Numbers))
	pin := p.PINs[who]
	if !right {
		pin = wrongPIN
	}
	var body [160]byte
	text := append(body[:0], `{"number":"`...)
	text = append(append(text, p.Numbers[who]...), `","pin":"`...)
	text = append(append(text, pin...), `"}`...)
	buffer = append(buffer[:0], "POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer "...)
	buffer = append(buffer, p.Tokens[random.IntN(len(p.Tokens))]...)
	buffer = append(buffer, "\r\nContent-Length: "...)
	buffer = strconv.AppendInt(buffer, int64(len(text)), 10)
	return append(append(buffer, "\r\n\r\n"...), text...)
}

// Run asks the server at an address for as long as the load says, each connection
// the next thing as soon as it has its answer.
func (l Load) Run(ctx context.Context, address string, people People) (Result, error) {
	tallies := make([]tally, l.Connections)
	faults := make([]error, l.Connections)
	began := l.Now()
	var all sync.WaitGroup
	for i := range l.Connections {
		all.Go(func() { tallies[i], faults[i] = l.one(ctx, address, people, began.Add(l.Duration)) })
	}
	all.Wait()
	took := l.Now().Sub(began)
	for _, err := range faults { // one tells as much as all
		if err != nil {
			return Result{}, fmt.Errorf("ask %s: %w", address, err)
		}
	}
	r := Result{Statuses: map[int]int{}}
	var waits []time.Duration
	for _, t := range tallies {
		waits = append(waits, t.waits...)
		r.Refused += t.refused
		r.Passed += t.passed
		for status, n := range t.statuses {
			r.Statuses[status] += n
		}
	}
	if len(waits) == 0 {
		return r, nil
	}
	slices.Sort(waits)
	r.Answers, r.Rate = len(waits), float64(len(waits))/took.Seconds()
	r.P50, r.P99 = waits[len(waits)/2], waits[len(waits)*99/100]
	return r, nil
}

// tally is what one connection saw.
type tally struct {
	waits           []time.Duration
	refused, passed int
	statuses        map[int]int
}

func (l Load) one(ctx context.Context, address string, people People, until time.Time) (tally, error) {
	t := tally{statuses: map[int]int{}}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return t, err
	}
	defer func() { _ = conn.Close() }()                           // every answer has been read
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // who comes next need not be a secret
	answers := bufio.NewReaderSize(conn, 8<<10)
	var buffer []byte
	for now := l.Now(); now.Before(until) && ctx.Err() == nil; {
		right := random.Float64() >= l.Wrong
		buffer = people.request(buffer, random, right)
		if _, err := conn.Write(buffer); err != nil {
			return t, err
		}
		status, err := readAnswer(answers)
		if err != nil {
			return t, err
		}
		end := l.Now()
		t.waits = append(t.waits, end.Sub(now))
		now = end
		t.statuses[status]++
		switch {
		case right && status == 401:
			t.refused++
		case !right && status == 200:
			t.passed++
		}
	}
	return t, nil
}

var (
	errAnswer     = errors.New("the answer is no HTTP with a length")
	contentLength = []byte("content-length:")
)

// readAnswer reads one answer of HTTP/1.1 to its end and returns its status.
func readAnswer(r *bufio.Reader) (int, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errAnswer
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, errAnswer
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if len(line) > len(contentLength) && bytes.EqualFold(line[:len(contentLength)], contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return 0, errAnswer
			}
		}
	}
	if length < 0 {
		return 0, errAnswer
	}
	if _, err := r.Discard(length); err != nil {
		return 0, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return status, nil
}
