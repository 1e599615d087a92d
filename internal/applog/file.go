package applog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cardinal"
)

const (
	present = "cardinal.log" // the file that is written; rotated ones are cardinal-TIME.log
	block   = 64 << 10       // bytes that are read at a time
	parsing = 3              // reading a whole line costs so many times more than passing over it
	// clockSlack is by how much lines may be out of the order of their times.
	clockSlack = time.Minute
)

// walk goes backwards through the files of a log.
type walk struct {
	sieve
	most  int
	reach int64 // bytes that may still be looked through
	found Found
	last  time.Time // of the line that was looked at last
	over  bool      // everything before is older than from
}

// files walks from the cursor to the oldest file. A cursor whose file has been
// rotated out of existence is the end.
func (w *walk) files(ctx context.Context, dir, cursor string) error {
	names, err := list(dir)
	if err != nil {
		return err
	}
	mark, end, err := parseCursor(cursor)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := w.file(filepath.Join(dir, name), &mark, end)
		if errors.Is(err, fs.ErrNotExist) {
			continue // rotated away since the directory was read
		}
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if done || w.over {
			return nil
		}
	}
	return nil
}

// list returns the names of the log's files, newest first.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	var rotated []string
	there := false
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case !entry.Type().IsRegular():
		case name == present:
			there = true
		case strings.HasPrefix(name, "cardinal-") && strings.HasSuffix(name, ".log"):
			rotated = append(rotated, name)
		}
	}
	slices.Sort(rotated) // their names hold the times of their rotation
	if there {
		rotated = append(rotated, present)
	}
	if len(rotated) == 0 {
		return nil, cardinal.Errorf(cardinal.CodeNotFound, "There is no log file on this machine.")
	}
	slices.Reverse(rotated)
	return rotated, nil
}

// file walks through one file and reports whether the page is done. Files
// before the marked one are skipped; files are told by their first line, since
// rotation renames them.
func (w *walk) file(path string, mark *string, end int64) (done bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	first, err := firstLine(file)
	if err != nil || first == nil {
		return false, err
	}
	own := fingerprint(first)
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	if *mark != "" {
		if *mark != own {
			return false, nil
		}
		*mark, size = "", min(size, end)
	}
	if begins := parse(first, false).Time; !w.To.IsZero() && begins.After(w.To.Add(clockSlack)) {
		return false, nil
	}
	return w.backwards(&backReader{file: file, end: size}, own)
}

// backwards walks through the lines of a file, last to first.
func (w *walk) backwards(r *backReader, own string) (bool, error) {
	for {
		text, cut, ok, err := r.line()
		if err != nil || !ok {
			return false, err
		}
		if w.look(text, cut); w.over {
			return true, nil
		}
		full := len(w.found.Lines) == w.most
		if w.reach -= r.length; full || w.reach <= 0 {
			w.found.Next = own + "-" + strconv.FormatInt(r.end, 10)
			if !full {
				w.found.SearchedTo = w.last
			}
			return true, nil
		}
	}
}

// look takes the line if it passes.
func (w *walk) look(text []byte, cut bool) {
	at, level, known := glance(text)
	worth := w.worth(text, level, known)
	var line Line
	if worth || !known {
		line = parse(text, cut)
		at = line.Time
		w.reach -= parsing * int64(len(text))
	}
	if !at.IsZero() {
		w.last = at
		w.over = !w.From.IsZero() && at.Before(w.From.Add(-clockSlack))
	}
	if worth && w.passes(line) {
		w.found.Lines = append(w.found.Lines, line)
	}
}

// firstLine returns the first line of a file, or its first bytes where that is
// long; nil if there is not a whole line yet.
func firstLine(file io.ReaderAt) ([]byte, error) {
	start := make([]byte, 4096)
	n, err := file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if line, _, whole := bytes.Cut(start[:n], []byte("\n")); whole || n == len(start) {
		return line, nil
	}
	return nil, nil
}

// markLength is how many bytes tell the files of a log apart.
const markLength = 8

func fingerprint(first []byte) string {
	sum := sha256.Sum256(first)
	return hex.EncodeToString(sum[:markLength])
}

func parseCursor(cursor string) (mark string, end int64, err error) {
	if cursor == "" {
		return "", 0, nil
	}
	mark, offset, _ := strings.Cut(cursor, "-")
	sum, notHex := hex.DecodeString(mark)
	end, notNumber := strconv.ParseInt(offset, 10, 64)
	if notHex != nil || len(sum) != markLength || notNumber != nil || end < 0 {
		return "", 0, cardinal.Invalid("cursor", "This is not a place in the log. Begin again with the newest lines.")
	}
	return mark, end, nil
}

// backReader reads the lines of a file from its end, with one block in memory.
// Lines that are not ended yet are left out.
type backReader struct {
	file   io.ReaderAt
	end    int64 // where the line that was read last begins
	length int64 // of that line
	block  []byte
	start  int64 // where block begins in the file
	opened bool
}

// line returns the line before end, with at most LineMost bytes, until the next
// call; ok is false at the beginning of the file.
func (r *backReader) line() (text []byte, cut, ok bool, err error) {
	if !r.opened {
		// What stands behind the last line feed is still being written.
		at, err := r.feed(r.end)
		if err != nil || at < 0 {
			return nil, false, false, err
		}
		r.opened, r.end = true, at+1
	}
	if r.end == 0 {
		return nil, false, false, nil
	}
	feed, err := r.feed(r.end - 1)
	if err != nil {
		return nil, false, false, err
	}
	begin, stop := feed+1, r.end-1
	r.length, r.end = stop+1-begin, begin
	if stop-begin > LineMost {
		stop, cut = begin+LineMost, true
	}
	text, err = r.bytes(begin, stop)
	return text, cut, true, err
}

// feed returns where the last line feed before a place is, -1 if there is none.
func (r *backReader) feed(before int64) (int64, error) {
	for before > 0 {
		if before <= r.start || before > r.start+int64(len(r.block)) {
			if err := r.load(max(0, before-block), before); err != nil {
				return 0, err
			}
		}
		if i := bytes.LastIndexByte(r.block[:before-r.start], '\n'); i >= 0 {
			return r.start + int64(i), nil
		}
		before = r.start
	}
	return -1, nil
}

// bytes returns what stands between two places, from the block if it is there.
func (r *backReader) bytes(begin, stop int64) ([]byte, error) {
	if begin >= r.start && stop <= r.start+int64(len(r.block)) {
		return r.block[begin-r.start : stop-r.start], nil
	}
	text := make([]byte, stop-begin)
	if _, err := r.file.ReadAt(text, begin); err != nil {
		return nil, err
	}
	return text, nil
}

func (r *backReader) load(begin, stop int64) error {
	if cap(r.block) < block {
		r.block = make([]byte, block)
	}
	r.block, r.start = r.block[:stop-begin], begin
	_, err := r.file.ReadAt(r.block, begin)
	return err
}
