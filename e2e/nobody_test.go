package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// runAsNobody runs a command of the program as a user with no rights on
// anything. Who is not root runs it as themselves. It returns
// errors.ErrUnsupported where there is no such user.
func runAsNobody(dir string, env []string, args ...string) (result, error) {
	cmd := exec.Command(program, args...)
	var out, errout bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &errout
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return result{}, fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
		uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return result{}, err
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return result{}, err
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errout.String()}, nil
}
