package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"cardinal"
)

// posix says that files have owners and modes, and that directories can be synced.
const posix = runtime.GOOS != "windows"

// The modes that make a file readable or writable by others than its owner.
const (
	otherAccounts fs.FileMode = 0o007
	groupOrOthers fs.FileMode = 0o077
)

// Load reads the ring at path. It refuses a file that the group or others have
// any access to (CodeInvalid), a missing one (CodeNotFound) and what is no
// ring (CodeMalformed); the Error says what to do.
func Load(path string) (*Ring, error) { return load(path, groupOrOthers) }

// LoadCredential is Load for a file handed in by systemd's LoadCredential=.
// There the mode's group part is the mask of an access list that names only
// the service's own account, so only access by others is refused.
func LoadCredential(path string) (*Ring, error) { return load(path, otherAccounts) }

// LoadOrCreate is Load, after making a ring of one fresh key at path if there
// is no file. When several processes start at once, one of them makes it and
// all return the same ring. The directory must exist.
func LoadOrCreate(path string) (*Ring, error) {
	ring, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if err := create(path, New()); err != nil {
		return nil, fmt.Errorf("make the key ring: %w", err)
	}
	return Load(path)
}

// Rotate adds a fresh key to the ring stored at path and returns the new ring.
// Of two rotations at once one is refused with CodeConflict. Running nodes go
// on with the ring that they loaded.
func Rotate(path string) (*Ring, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	// The name is fixed and the file must be new, so that it is the lock, too:
	// whoever made it is the only one to read, add and replace.
	pending := path + ".new"
	file, err := os.OpenFile(pending, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, cardinal.Errorf(cardinal.CodeConflict,
			"The key ring is being rotated, or a rotation was interrupted. If none is running, delete %s and try again.", pending).Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("rotate the key ring: %w", err)
	}
	rotated, err := rotateInto(file, path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(pending))
	}
	if err := syncDirectory(path); err != nil {
		return nil, fmt.Errorf("rotate the key ring: %w", err)
	}
	return rotated, nil
}

// rotateInto writes the ring at path with one more key into file, and puts
// file in its place.
func rotateInto(file *os.File, path string) (*Ring, error) {
	ring, err := Load(path)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	rotated := ring.Rotated()
	if err := errors.Join(keepOwner(file, path), writeAndClose(file, rotated)); err != nil {
		return nil, fmt.Errorf("rotate the key ring: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return nil, fmt.Errorf("rotate the key ring: %w", err)
	}
	return rotated, nil
}

func load(path string, refused fs.FileMode) (*Ring, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, cardinal.Errorf(cardinal.CodeInvalid, "%s is not a file. Name the file of the key ring.", path)
	}
	if posix && info.Mode().Perm()&refused != 0 {
		return nil, cardinal.Errorf(cardinal.CodeInvalid,
			"The key ring %s is open to other accounts of this machine. Run chmod 600 on it; "+
				"if somebody may have read it, run cardinal key rotate --compromised afterwards.", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxRingSize+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	ring, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return cardinal.Errorf(cardinal.CodeNotFound,
			"There is no key ring at %s. Put the cardinal.key of this installation there.", path).Because(err)
	}
	return cardinal.Errorf(cardinal.CodeUnavailable,
		"The key ring %s cannot be read. It must belong to the account that Cardinal runs as.", path).Because(err)
}

// create stores ring at path whole or not at all, and leaves a file that is
// there already as it is.
func create(path string, ring *Ring) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".cardinal-key-*") // makes it with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := writeAndClose(file, ring); err != nil {
		return err
	}
	// Unlike a rename, a link never takes the place of another file.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDirectory(path)
}

// writeAndClose writes the ring and waits until the disk has it.
func writeAndClose(file *os.File, ring *Ring) error {
	_, err := file.Write(ring.text())
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDirectory waits until the disk knows the name of the file at path.
func syncDirectory(path string) error {
	if !posix {
		return nil
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
