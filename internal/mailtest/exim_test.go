package mailtest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestEximIsUnprivilegedAndGoneWithItsTest(t *testing.T) {
	var dir string
	t.Run("user", func(t *testing.T) {
		r := Exim(t)
		dir = r.dir
		info, err := os.Stat(filepath.Join(dir, "mbox"))
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
			t.Error("its files belong to root")
		}
	})
	if dir == "" {
		t.Skip("there is no Exim")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory is left behind: %v", err)
	}
}

func TestMissingProgramFailsOnlyInCI(t *testing.T) {
	for _, c := range []struct {
		ci   string
		err  error
		want string
	}{
		{"true", errMissing, "fatal"},
		{"", errMissing, "skip"},
		{"", errors.New("broken"), "fatal"},
		{"true", nil, "go on"},
	} {
		t.Setenv("CI", c.ci)
		w := &witness{TB: t, verdict: "go on"}
		must(w, c.err)
		if w.verdict != c.want {
			t.Errorf("CI=%s %v: got %s, want %s", c.ci, c.err, w.verdict, c.want)
		}
	}
}

// witness is a testing.TB that notes how a test would have ended.
type witness struct {
	testing.TB
	verdict string
}

func (w *witness) Fatal(...any) { w.verdict = "fatal" }
func (w *witness) Skip(...any)  { w.verdict = "skip" }

func TestSplitTakesAnMboxApart(t *testing.T) {
	got := split("From a@b Mon\nSubject: one\n\nText\n>From there\n\nFrom a@b Mon\nSubject: two\n\nMore\n\n")
	if len(got) != 2 || got[0].Subject != "one" || got[0].Text != "Text\nFrom there" || got[1].Subject != "two" {
		t.Errorf("got %+v", got)
	}
	if n := len(split("")); n != 0 {
		t.Errorf("an empty file holds %d messages", n)
	}
}
