package directory

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// spoolChunk is how many bytes of a file are sealed at a time.
const spoolChunk = 64 << 10

// spool keeps a file until it is imported: on disk, for memory must not grow with
// it, and sealed under a key that is in memory only, for the file may hold PINs
// and passwords. It has no name where the system allows that, so that nothing is
// left behind. Write it to its end, then read it, again if need be. For one
// goroutine at a time.
type spool struct {
	file   *os.File
	aead   cipher.AEAD
	chunk  []byte // in clear: what is to be sealed, or is still to be read
	sealed []byte
	number uint64 // of the next chunk, and its nonce: the key is used for this file alone
	last   bool   // reading: the last chunk was opened
	ends   int    // writing: how many line ends were taken
	cut    bool   // writing: the last byte was no line end
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "cardinal-import-*")
	if err != nil {
		return nil, fmt.Errorf("keep the file: %w", err)
	}
	_ = os.Remove(file.Name()) // where an open file cannot be removed, close does it
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the program instead
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &spool{file: file, aead: aead, chunk: make([]byte, 0, spoolChunk)}, nil
}

// Write takes the next bytes of the file.
func (s *spool) Write(p []byte) (int, error) {
	written := 0
	s.ends += bytes.Count(p, []byte{'\n'})
	if len(p) > 0 {
		s.cut = p[len(p)-1] != '\n' && p[len(p)-1] != 0
	}
	for len(p) > 0 {
		if len(s.chunk) == spoolChunk {
			if err := s.seal(0); err != nil {
				return written, err
			}
		}
		n := min(len(p), spoolChunk-len(s.chunk))
		s.chunk = append(s.chunk, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, nil
}

// seal writes the chunk; mark is 1 for the last one, so that a file that was cut
// off does not pass for a whole one.
func (s *spool) seal(mark byte) error {
	s.sealed = s.aead.Seal(s.sealed[:0], s.nonce(), s.chunk, []byte{mark})
	clear(s.chunk)
	s.chunk = s.chunk[:0]
	if _, err := s.file.Write(s.sealed); err != nil {
		return fmt.Errorf("keep the file: %w", err)
	}
	return nil
}

func (s *spool) nonce() []byte {
	nonce := make([]byte, s.aead.NonceSize())
	binary.BigEndian.PutUint64(nonce, s.number)
	s.number++
	return nonce
}

// lines is about how many lines the file has: it is counted before anybody knows
// what encoding the file is in.
func (s *spool) lines() int {
	if s.cut {
		return s.ends + 1
	}
	return s.ends
}

// rewind ends the writing: what is read from now on is the file.
func (s *spool) rewind() error {
	if err := s.seal(1); err != nil {
		return err
	}
	return s.again()
}

// again begins the reading anew.
func (s *spool) again() error {
	s.number, s.last, s.chunk = 0, false, nil
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the kept file: %w", err)
	}
	return nil
}

// Read gives the file back after rewind.
func (s *spool) Read(p []byte) (int, error) {
	for len(s.chunk) == 0 {
		if s.last {
			return 0, io.EOF
		}
		if err := s.open(); err != nil {
			return 0, fmt.Errorf("read the kept file: %w", err)
		}
	}
	n := copy(p, s.chunk)
	s.chunk = s.chunk[n:]
	return n, nil
}

func (s *spool) open() error {
	s.sealed = s.sealed[:cap(s.sealed)]
	if whole := spoolChunk + s.aead.Overhead(); len(s.sealed) < whole {
		s.sealed = make([]byte, whole)
	}
	n, err := io.ReadFull(s.file, s.sealed[:spoolChunk+s.aead.Overhead()])
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF // the end of a spool is its last chunk
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	nonce := s.nonce()
	plain, err := s.aead.Open(s.chunk[:0:0], nonce, s.sealed[:n], []byte{0})
	if err != nil {
		s.last = true
		plain, err = s.aead.Open(nil, nonce, s.sealed[:n], []byte{1})
	}
	s.chunk = plain
	return err
}

// close forgets the file.
func (s *spool) close() error {
	err := s.file.Close()
	_ = os.Remove(s.file.Name()) // gone already, save where an open file cannot be removed
	return err
}
