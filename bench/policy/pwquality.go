package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed pwquality.c.txt
var pwqualitySource []byte

// errNotInstalled says what the comparison needs.
var errNotInstalled = errors.New("a C compiler and libpwquality are needed; on Debian: apt-get install gcc libc6-dev libpwquality-dev cracklib-runtime")

// pwquality is the compiled program that times libpwquality.
type pwquality struct{ directory string }

// buildPwquality compiles the program in a directory of its own.
func buildPwquality() (*pwquality, error) {
	directory, err := os.MkdirTemp("", "bench-policy-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	library := &pwquality{directory}
	source := filepath.Join(directory, "pwquality.c")
	if err := os.WriteFile(source, pwqualitySource, 0o600); err != nil {
		library.remove()
		return nil, fmt.Errorf("write the program: %w", err)
	}
	if output, err := exec.Command("cc", "-O2", "-o", library.program(), source, "-lpwquality").CombinedOutput(); err != nil {
		library.remove()
		return nil, fmt.Errorf("%w\n%s%w", errNotInstalled, output, err)
	}
	return library, nil
}

func (l *pwquality) program() string { return filepath.Join(l.directory, "pwquality") }

func (l *pwquality) remove() { _ = os.RemoveAll(l.directory) }

// The three ways to ask, with about as many rounds as take as long.

func (l *pwquality) withUsername(w *workload) func() (sample, error) {
	return func() (sample, error) { return l.measure(w, "0", w.owner.Username, 400) }
}

func (l *pwquality) withDictionary(w *workload) func() (sample, error) {
	return func() (sample, error) { return l.measure(w, "1", w.owner.Username, 2) }
}

func (l *pwquality) withNothing(w *workload) func() (sample, error) {
	return func() (sample, error) { return l.measure(w, "0", "", 4000) }
}

func (l *pwquality) measure(w *workload, dictionary, username string, rounds int) (sample, error) {
	var pins bytes.Buffer
	for _, pin := range w.pins {
		pins.WriteString(pin.Reveal() + "\n")
	}
	command := exec.Command(l.program(), dictionary, username, strconv.Itoa(rounds))
	command.Stdin = &pins
	output, err := command.Output()
	if err != nil {
		return sample{}, fmt.Errorf("run the program: %w", err)
	}
	var s sample
	if _, err := fmt.Sscan(string(output), &s.nanoseconds, &s.accepted); err != nil {
		return sample{}, fmt.Errorf("read its figures: %w", err)
	}
	return s, nil
}
