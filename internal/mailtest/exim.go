package mailtest

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	_ "embed" // for the configuration
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cardinal/internal/mailsink"
)

//go:embed exim.conf
var eximConf string

// guard ends the server when its standard input does: with the test process,
// however that ends.
const guard = `"$@" & server=$!; cat >/dev/null; kill $server; wait $server; rm -rf "$0"`

var errMissing = errors.New("Exim is not installed: run scripts/prerequisites.sh")

// Relay is a running Exim. It offers STARTTLS, and PLAIN after that, which it
// insists on.
type Relay struct {
	Host     string // "127.0.0.1"
	Port     int
	Roots    *x509.CertPool
	Username string
	Password string
	Later    string // a recipient that it puts off with 451
	Nobody   string // a recipient that it refuses with 550

	dir   string
	owner *user.User
}

// Exim starts Debian's Exim unprivileged on a free loopback port, to be
// stopped when t ends. Where it is not installed it skips t, or fails it if
// CI=true.
func Exim(t testing.TB) *Relay {
	t.Helper()
	program, err := findExim()
	must(t, err)
	r := &Relay{Host: "127.0.0.1", Username: "cardinal", Password: rand.Text(), Later: "later@example.org", Nobody: "nobody@example.org"}
	must(t, r.prepare(t))
	t.Cleanup(func() { _ = os.RemoveAll(r.dir) })
	must(t, r.start(t, program))
	return r
}

// must ends the test: a missing program is a reason to skip, except where CI
// promises to have everything.
func must(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

func findExim() (string, error) {
	for _, name := range []string{"exim4", "/usr/sbin/exim4"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errMissing
}

// prepare writes what the server reads, into a directory that belongs to the
// account it runs under.
func (r *Relay) prepare(t testing.TB) (err error) {
	if r.owner, err = user.Current(); err == nil && os.Geteuid() == 0 {
		r.owner, err = user.Lookup("nobody")
	}
	if err != nil {
		return fmt.Errorf("account for Exim: %w", err)
	}
	//nolint:usetesting // the account may not enter the directories that testing makes
	if r.dir, err = os.MkdirTemp("", "cardinal-exim-"); err != nil {
		return fmt.Errorf("directory for Exim: %w", err)
	}
	if r.Port, err = freePort(); err != nil {
		return err
	}
	a := NewAuthority(t)
	r.Roots = a.Roots
	certificate, key := a.PEM(t, r.Host)
	conf := strings.NewReplacer(
		"@DIR@", r.dir, "@PORT@", strconv.Itoa(r.Port), "@UID@", r.owner.Uid, "@GID@", r.owner.Gid,
		"@USERNAME@", r.Username, "@PASSWORD@", r.Password,
		"@LATER@", localPart(r.Later), "@NOBODY@", localPart(r.Nobody),
	).Replace(eximConf)
	for name, content := range map[string][]byte{"exim.conf": []byte(conf), "cert.pem": certificate, "key.pem": key, "mbox": nil} {
		if err := os.WriteFile(filepath.Join(r.dir, name), content, 0o600); err != nil {
			return fmt.Errorf("files of Exim: %w", err)
		}
	}
	for _, name := range []string{"spool", "log"} {
		if err := os.Mkdir(filepath.Join(r.dir, name), 0o700); err != nil {
			return fmt.Errorf("directories of Exim: %w", err)
		}
	}
	return r.handOver()
}

func (r *Relay) ids() (uid, gid int, err error) {
	uid, err = strconv.Atoi(r.owner.Uid)
	if err != nil {
		return 0, 0, fmt.Errorf("account of Exim: %w", err)
	}
	gid, err = strconv.Atoi(r.owner.Gid)
	if err != nil {
		return 0, 0, fmt.Errorf("account of Exim: %w", err)
	}
	return uid, gid, nil
}

// handOver gives the files to the account, if it is another one.
func (r *Relay) handOver() error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := r.ids()
	if err != nil {
		return err
	}
	return filepath.WalkDir(r.dir, func(name string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(name, uid, gid))
	})
}

func (r *Relay) start(t testing.TB, program string) error {
	var said bytes.Buffer
	c := exec.Command("/bin/sh", "-c", guard, r.dir, program, "-C", filepath.Join(r.dir, "exim.conf"), "-bdf")
	c.Dir, c.Stdout, c.Stderr = r.dir, &said, &said
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		uid, gid, err := r.ids()
		if err != nil {
			return err
		}
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	life, err := c.StdinPipe()
	if err != nil {
		return fmt.Errorf("guard of Exim: %w", err)
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("start Exim: %w", err)
	}
	t.Cleanup(func() {
		_ = life.Close()
		_ = c.Wait() // with the status of a server that was killed
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if probe, err := net.Dial("tcp", net.JoinHostPort(r.Host, strconv.Itoa(r.Port))); err == nil {
			return probe.Close()
		}
	}
	return fmt.Errorf("Exim does not answer after %s: %s", patience, r.Log())
}

// Await returns the delivered messages as soon as there are n, and fails t if
// that takes more than ten seconds. They may have overtaken one another, and
// their envelopes are not known.
func (r *Relay) Await(t testing.TB, n int) []mailsink.Received {
	t.Helper()
	var got []mailsink.Received
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		mbox, err := os.ReadFile(filepath.Join(r.dir, "mbox"))
		if err != nil {
			t.Fatal(err)
		}
		if got = split(string(mbox)); len(got) >= n {
			return got
		}
	}
	t.Fatalf("%d of %d messages were delivered: %s", len(got), n, r.Log())
	return nil
}

// Log returns what the server wrote to its main log so far.
func (r *Relay) Log() string {
	log, err := os.ReadFile(filepath.Join(r.dir, "log", "mainlog"))
	if err != nil {
		return err.Error()
	}
	return string(log)
}

// split takes an mbox apart: a line "From …" after an empty one begins a
// message, and is written ">From …" inside of one.
func split(mbox string) (messages []mailsink.Received) {
	pieces := strings.Split("\n\n"+mbox, "\n\nFrom ")
	for _, piece := range pieces[1:] {
		_, raw, _ := strings.Cut(piece, "\n")
		messages = append(messages, mailsink.Read([]byte(strings.ReplaceAll(raw, "\n>From ", "\nFrom "))))
	}
	return messages
}

func localPart(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return local
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port for Exim: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
