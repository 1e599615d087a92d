package directory

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
)

// spooled writes content to a fresh spool in pieces.
func spooled(t *testing.T, content []byte, piece int) *spool {
	t.Helper()
	s, err := newSpool()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	for rest := content; len(rest) > 0; {
		n, err := s.Write(rest[:min(piece, len(rest))])
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := s.rewind(); err != nil {
		t.Fatal(err)
	}
	return s
}

func noise(n int) []byte {
	source := rand.NewChaCha8([32]byte{1})
	content := make([]byte, n)
	_, _ = source.Read(content)
	return content
}

func TestSpoolGivesBackWhatItGot(t *testing.T) {
	for _, size := range []int{0, 1, spoolChunk - 1, spoolChunk, spoolChunk + 1, 3 * spoolChunk, 3*spoolChunk + 7} {
		for _, piece := range []int{1000, spoolChunk, 5 * spoolChunk} {
			content := noise(size)
			if err := iotest.TestReader(spooled(t, content, piece), content); err != nil {
				t.Errorf("%d bytes in pieces of %d: %v", size, piece, err)
			}
		}
	}
}

// onDisk is what the disk has of a spool.
func onDisk(t *testing.T, s *spool) []byte {
	t.Helper()
	stored, err := io.ReadAll(io.NewSectionReader(s.file, 0, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestSpoolKeepsNothingInClear(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	content := bytes.Repeat([]byte("anna,4719,correct horse battery\n"), 10_000)
	s := spooled(t, content, 4096)
	stored := onDisk(t, s)
	if len(stored) < len(content) {
		t.Fatalf("%d bytes are kept of %d", len(stored), len(content))
	}
	for _, secret := range []string{"4719", "correct horse"} {
		if bytes.Contains(stored, []byte(secret)) {
			t.Errorf("%q is on the disk", secret)
		}
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "*")); err != nil || len(left) != 0 {
		t.Errorf("files with names are left: %v, %v", left, err)
	}
}

func TestSpoolNoticesWhatWasChanged(t *testing.T) {
	content := noise(2*spoolChunk + 100)
	whole := spoolChunk + 16
	for name, change := range map[string]func(*testing.T, *spool){
		"a bit turned":    func(t *testing.T, s *spool) { overwrite(t, s, 70_000, []byte{^onDisk(t, s)[70_000]}) },
		"the end cut off": func(t *testing.T, s *spool) { truncate(t, s, int64(2*whole)) },
		"chunks swapped": func(t *testing.T, s *spool) {
			stored := onDisk(t, s)
			overwrite(t, s, 0, stored[whole:2*whole])
			overwrite(t, s, int64(whole), stored[:whole])
		},
	} {
		s := spooled(t, content, 10_000)
		change(t, s)
		if _, err := io.ReadAll(s); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: reading it ends with %v", name, err)
		}
	}
}

func overwrite(t *testing.T, s *spool, at int64, with []byte) {
	t.Helper()
	if _, err := s.file.WriteAt(with, at); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, s *spool, to int64) {
	t.Helper()
	if err := s.file.Truncate(to); err != nil {
		t.Fatal(err)
	}
}
