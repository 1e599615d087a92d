package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cardinal"
)

// childVariable names the ring that the test binary, started as another
// process, is to load or make and print the check value of.
const childVariable = "CARDINAL_SEAL_TEST_RING"

func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	ring, err := LoadOrCreate(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("%x", ring.Check()[0].Sum)
}

func TestLoadOrCreate(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "cardinal.key")
	if _, err := Load(path); cardinal.CodeOf(err) != cardinal.CodeNotFound || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Load of no file: %v", err)
	}
	made, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names := namesIn(t, directory); !slices.Equal(names, []string{"cardinal.key"}) {
		t.Errorf("left in the directory: %v", names)
	}
	for name, read := range map[string]func(string) (*Ring, error){"Load": Load, "LoadOrCreate": LoadOrCreate, "LoadCredential": LoadCredential} {
		again, err := read(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := again.Verify(made.Check()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(text, after) {
		t.Error("reading has changed the file")
	}
}

func TestLoadOrCreateNeedsItsDirectory(t *testing.T) {
	if ring, err := LoadOrCreate(filepath.Join(t.TempDir(), "none", "cardinal.key")); ring != nil || err == nil {
		t.Errorf("ring %v, %v", ring, err)
	}
}

func TestProcessesAtOnceEndWithTheSameRing(t *testing.T) {
	for range 5 {
		directory := t.TempDir()
		path := filepath.Join(directory, "cardinal.key")
		var wait sync.WaitGroup
		var lock sync.Mutex
		rings := map[string]int{}
		add := func(sum string) {
			lock.Lock()
			defer lock.Unlock()
			rings[sum]++
		}
		start := make(chan struct{})
		for range 4 {
			wait.Go(func() {
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), childVariable+"="+path)
				<-start
				out, err := child.CombinedOutput()
				if err != nil {
					t.Errorf("child: %v: %s", err, out)
				}
				add(string(out))
			})
		}
		for range 8 {
			wait.Go(func() {
				<-start
				ring, err := LoadOrCreate(path)
				if err != nil {
					t.Error(err)
					return
				}
				add(fmt.Sprintf("%x", ring.Check()[0].Sum))
			})
		}
		close(start)
		wait.Wait()
		if len(rings) != 1 {
			t.Fatalf("%d rings: %v", len(rings), rings)
		}
		if names := namesIn(t, directory); !slices.Equal(names, []string{"cardinal.key"}) {
			t.Errorf("left in the directory: %v", names)
		}
	}
}

// Unlike the test above, every caller has seen that there is no file.
func TestCreateNeverReplacesARing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	first := New()
	for _, ring := range []*Ring{first, New(), New()} {
		if err := create(path, ring); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Verify(first.Check()); err != nil {
		t.Error(err)
	}
}

func TestOpenFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	if _, err := LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[fs.FileMode]struct{ load, credential bool }{
		0o600: {true, true},
		0o400: {true, true},
		0o700: {true, true},
		0o640: {false, true},
		0o440: {false, true},
		0o620: {false, true},
		0o604: {false, false},
		0o602: {false, false},
		0o601: {false, false},
		0o644: {false, false},
		0o666: {false, false},
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			read func(string) (*Ring, error)
			ok   bool
		}{"Load": {Load, want.load}, "LoadOrCreate": {LoadOrCreate, want.load}, "LoadCredential": {LoadCredential, want.credential}} {
			ring, err := test.read(path)
			switch {
			case test.ok && err != nil:
				t.Errorf("%s with mode %o: %v", name, mode, err)
			case !test.ok && (ring != nil || cardinal.CodeOf(err) != cardinal.CodeInvalid || !strings.Contains(err.Error(), "chmod 600")):
				t.Errorf("%s with mode %o: %v", name, mode, err)
			}
		}
	}
}

func TestGarbageIsRefusedAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	garbage := "MC4CAQAwBQYDK2VwBCIEIA somebody's secret\n" + strings.Repeat("x", maxRingSize)
	for _, text := range []string{"", garbage[:30], garbage} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ring, err := LoadOrCreate(path)
		if ring != nil || cardinal.CodeOf(err) != cardinal.CodeMalformed || !strings.Contains(err.Error(), path) ||
			strings.Contains(err.Error(), "MC4C") || strings.Contains(err.Error(), "xx") {
			t.Errorf("LoadOrCreate = %v, %v", ring, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Error("the file is another one")
		}
	}
}

func TestDirectoryIsNoRing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if ring, err := LoadOrCreate(path); ring != nil || cardinal.CodeOf(err) != cardinal.CodeInvalid {
		t.Errorf("ring %v, %v", ring, err)
	}
}

func TestRotate(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "cardinal.key")
	if _, err := Rotate(path); cardinal.CodeOf(err) != cardinal.CodeNotFound {
		t.Errorf("Rotate of no file: %v", err)
	}
	if names := namesIn(t, directory); len(names) > 0 {
		t.Errorf("left in the directory: %v", names)
	}
	before, err := LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	pin := cardinal.NewPIN("4711")
	tag := before.PINTag("acme", "anna", pin)

	link := filepath.Join(directory, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if ring, err := Rotate(path); err != nil || ring.Current() != 2 {
		t.Fatalf("Rotate: %v", err)
	}
	ring, err := Rotate(link)
	if err != nil {
		t.Fatalf("through a link: %v", err)
	}
	stored, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(stored.state().roots, ring.state().roots) || !slices.Equal(stored.Versions(), []int{3, 2, 1}) {
		t.Errorf("stored versions %v", stored.Versions())
	}
	if !stored.PINMatches("acme", "anna", tag, pin) || stored.PINTag("acme", "anna", pin).Version != 3 {
		t.Error("the ring does not know its old tags, or does not make new ones")
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names := namesIn(t, directory); !slices.Equal(names, []string{"cardinal.key", "link"}) {
		t.Errorf("left in the directory: %v", names)
	}
}

func TestRotateRefusesABrokenRingAndKeepsIt(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "cardinal.key")
	if err := os.WriteFile(path, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path); cardinal.CodeOf(err) != cardinal.CodeMalformed {
		t.Errorf("Rotate: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "broken" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if names := namesIn(t, directory); !slices.Equal(names, []string{"cardinal.key"}) {
		t.Errorf("left in the directory: %v", names)
	}
}

// Every rotation that reports success must be in the file at the end: data
// may have been written with its key.
func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	if _, err := LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var lock sync.Mutex
	var done []*Ring
	for range 8 {
		wait.Go(func() {
			for range 5 {
				ring, err := Rotate(path)
				if err != nil {
					if cardinal.CodeOf(err) != cardinal.CodeConflict {
						t.Error(err)
					}
					continue
				}
				lock.Lock()
				done = append(done, ring)
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	if len(done) == 0 {
		t.Fatal("no rotation succeeded")
	}
	stored, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range done {
		if err := stored.Verify(ring.Check()); err != nil {
			t.Error(err)
		}
	}
	if stored.Current() != len(done)+1 {
		t.Errorf("%d rotations, version %d", len(done), stored.Current())
	}
}

func TestInterruptedRotationIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cardinal.key")
	if _, err := LoadOrCreate(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path); cardinal.CodeOf(err) != cardinal.CodeConflict || !strings.Contains(err.Error(), path+".new") {
		t.Errorf("Rotate: %v", err)
	}
	if err := os.Remove(path + ".new"); err != nil {
		t.Fatalf("the file of the other rotation is gone: %v", err)
	}
	if _, err := Rotate(path); err != nil {
		t.Error(err)
	}
}

func namesIn(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
