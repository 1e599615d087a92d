// Package e2e_test drives the built program from outside, as its users do: the
// command line, HTTP, the files it leaves. It owns the scenarios in
// testdata/script, the races over several processes, the walk of every way a PIN
// can come by, and the search for secrets in whatever is left behind.
//
// It imports nothing of the program; what a package does inside is that
// package's own business to test.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the path of the built program, once TestMain has built it.
var program string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cardinal-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// Scripts run the program as another user too, who must be able to reach it.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	program = filepath.Join(dir, "cardinal")
	build := exec.Command("go", "build", "-o", program, "../cmd/cardinal")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
