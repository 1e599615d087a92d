//go:build unix

package seal

import (
	"os"
	"syscall"
)

// keepOwner gives file the owner of the one at path, so that a rotation run by
// root leaves a ring that the service can read.
func keepOwner(file *os.File, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	return file.Chown(int(owner.Uid), int(owner.Gid))
}
