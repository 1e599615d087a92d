package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
)

// oldest is the first major version that Cardinal supports.
const oldest = 15

var errMissing = errors.New("PostgreSQL 15 or newer is not installed: run scripts/prerequisites.sh")

// findPrograms returns the directory that holds initdb and postgres: the
// newest of Debian's, or else the one on the PATH. It returns errMissing if
// there is none.
func findPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	sort.Slice(found, func(i, j int) bool { return majorOf(found[i]) > majorOf(found[j]) })
	if program, err := exec.LookPath("initdb"); err == nil {
		found = append(found, filepath.Dir(program))
	}
	for _, dir := range found {
		if major := majorOf(dir); major != 0 && major < oldest {
			continue
		}
		if hasProgram(dir, "initdb") && hasProgram(dir, "postgres") {
			return dir, nil
		}
	}
	return "", errMissing
}

// majorOf reads the version out of Debian's path, and is 0 for another path.
func majorOf(dir string) int {
	major, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return 0
	}
	return major
}

func hasProgram(dir, name string) bool {
	_, err := exec.LookPath(filepath.Join(dir, name))
	return err == nil
}

// account is the identity that the server runs under. PostgreSQL refuses to
// run as root, so root lends it that of postgres or nobody.
type account struct {
	uid, gid int
	switched bool // whether it differs from that of the test process
}

func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("account %s: %w", name, err)
		}
		return account{uid: uid, gid: gid, switched: true}, nil
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

// command prepares a program under the account. It gets a session of its own,
// so that Ctrl-C at a terminal ends the test process and not the guard.
func (a account) command(dir, program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return c
}
