package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTableIsUpToDate fails where a list or a rule changed without go generate.
func TestTableIsUpToDate(t *testing.T) {
	got, err := os.ReadFile("../data/common.table")
	if err != nil {
		t.Fatal(err)
	}
	want, err := build("../data")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("data/common.table is not what commongen makes; run go generate in internal/policy")
	}
}

func TestRunWritesSortedLinesByLength(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"common.txt": "zebra\napple\nelevenchars\n", "pins-4.txt": "9713\n9713\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join(dir, "common.table"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(table), "\n")
	if len(lines) != 9 || lines[1] != "applezebra" || lines[3] != "" || lines[7] != "elevenchars" || lines[8] != "" {
		t.Errorf("lines by length: %.40q", lines)
	}
	if strings.Count(lines[0], "9713") != 1 || len(lines[0])%4 != 0 {
		t.Error("the PINs of four digits are not written once each")
	}
}

func TestRefusesWhatIsNoPIN(t *testing.T) {
	for _, entry := range []string{"abc", strings.Repeat("a", 65)} {
		if _, err := (set{entry: true}).table(); err == nil {
			t.Errorf("%d characters are taken", len(entry))
		}
	}
	if err := run(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without lists: %v", err)
	}
}
