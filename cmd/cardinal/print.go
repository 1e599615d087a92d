package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"cardinal"
	"cardinal/internal/audit"
)

func printLine(t terminal, format string, args ...any) error {
	if _, err := fmt.Fprintf(t.out, format+"\n", args...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func printJSON(t terminal, value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// finding is the outcome of verifying one audit chain as programs read it.
type finding struct {
	Customer    string `json:"customer"`
	Whole       bool   `json:"whole"`
	Entries     int64  `json:"entries"`
	Head        string `json:"head"`
	FirstBroken int64  `json:"firstBroken,omitempty"`
}

func verified(findings []audit.Finding) []finding {
	list := make([]finding, len(findings))
	for i, f := range findings {
		list[i] = finding{f.Customer.Name, f.Broken == 0, f.Entries, f.Head, f.Broken}
	}
	return list
}

func printFindings(t terminal, findings []audit.Finding) error {
	for _, f := range findings {
		line := fmt.Sprintf("%s: whole, %d entries, head %s", f.Customer.Name, f.Entries, f.Head)
		if f.Broken > 0 {
			line = fmt.Sprintf("%s: BROKEN at entry %d; the %d entries before it are in order", f.Customer.Name, f.Broken, f.Entries)
		}
		if err := printLine(t, "%s", line); err != nil {
			return err
		}
	}
	return nil
}

// isTerminal returns the file of a reader that a person types into, or nil.
func isTerminal(r any) *os.File {
	file, ok := r.(*os.File)
	if ok && term.IsTerminal(int(file.Fd())) { // a file descriptor fits an int
		return file
	}
	return nil
}

// askSecret reads a secret: from a terminal without showing it and twice, and
// otherwise the first line of standard input.
func askSecret(t terminal, what string) (string, error) {
	file := isTerminal(t.in)
	if file == nil {
		return readLine(t.in, what)
	}
	first, err := typed(t, file, what+": ")
	if err != nil {
		return "", err
	}
	again, err := typed(t, file, what+" again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", cardinal.Errorf(cardinal.CodeInvalid, "The two were not the same. Nothing was changed.")
	}
	return first, nil
}

func typed(t terminal, file *os.File, prompt string) (string, error) {
	_, _ = fmt.Fprint(t.err, prompt)
	text, err := term.ReadPassword(int(file.Fd())) // a file descriptor fits an int
	_, _ = fmt.Fprintln(t.err)
	if err != nil {
		return "", fmt.Errorf("read from the terminal: %w", err)
	}
	return string(text), nil
}

func readLine(r io.Reader, what string) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", cardinal.Errorf(cardinal.CodeInvalid, "%s was expected on standard input, but it is empty.", what)
	}
	return line, nil
}

// optionalTime is null in JSON where there is no time.
func optionalTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
