// Commongen writes the table of common PINs that package policy embeds: those
// of the lists in its data directory and, for four and six digits, those that
// the rules of this program make (spec: pins, disallow-common). Run it with
// go generate in internal/policy after changing either.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run("data"); err != nil {
		fmt.Fprintln(os.Stderr, "commongen:", err)
		os.Exit(1)
	}
}

// run reads the lists in dir and writes the table beside them.
func run(dir string) error {
	table, err := build(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "common.table"), []byte(table), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// build returns the table: for each length from 4 on one line of all common
// PINs of that length, sorted and without separators.
func build(dir string) (string, error) {
	pins := fourDigits().union(sixDigits())
	for _, name := range []string{"common.txt", "pins-4.txt"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("read a list: %w", err)
		}
		pins.add(strings.Fields(string(text))...)
	}
	return pins.table()
}

// set is a set of PINs.
type set map[string]bool

func (s set) add(pins ...string) {
	for _, pin := range pins {
		s[pin] = true
	}
}

func (s set) union(other set) set {
	maps.Copy(s, other)
	return s
}

const (
	shortest = 4
	longest  = 64
)

func (s set) table() (string, error) {
	var lines [longest + 1]strings.Builder
	last := shortest
	for _, pin := range slices.Sorted(maps.Keys(s)) {
		if len(pin) < shortest || len(pin) > longest {
			return "", fmt.Errorf("an entry of %d characters cannot be a PIN", len(pin))
		}
		lines[len(pin)].WriteString(pin)
		last = max(last, len(pin))
	}
	var table strings.Builder
	for length := shortest; length <= last; length++ {
		table.WriteString(lines[length].String() + "\n")
	}
	return table.String(), nil
}
