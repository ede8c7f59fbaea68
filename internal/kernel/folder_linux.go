package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Folder is an open folder that only this process's user can change: it is
// that user's, and neither its mode nor that of any folder above it lets
// others write. The superuser believes only what is the superuser's. Whoever
// could exchange the folder, or what it holds, could do as much without it.
type Folder struct{ fd int }

// OpenFolder opens the folder at an absolute path in which nothing is a
// symbolic link. The error is ErrUntrusted where others could change it. The
// caller closes it.
func OpenFolder(path string) (*Folder, error) { return walkFolder(path, false) }

// MakeFolder is OpenFolder, and makes what is missing of the path, for this
// user alone.
func MakeFolder(path string) (*Folder, error) { return walkFolder(path, true) }

// Close closes the folder.
func (f *Folder) Close() { Close(f.fd) }

// walkFolder goes down from the root, a part at a time, and looks at each part
// once it is open: nobody can exchange it afterwards.
func walkFolder(path string, create bool) (*Folder, error) {
	if !filepath.IsAbs(path) || path != filepath.Clean(path) {
		return nil, untrusted(path, "the path is not absolute and clean")
	}
	const flags = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Open("/", unix.O_PATH|flags, 0)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		mode := unix.O_PATH
		if last {
			mode = unix.O_RDONLY
		}
		next, err := openPart(fd, part, mode|flags, create)
		Close(fd)
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: "/" + filepath.Join(parts[:i+1]...), Err: err}
		}
		fd = next
		if err := believed(fd, "/"+filepath.Join(parts[:i+1]...), last); err != nil {
			Close(fd)
			return nil, err
		}
	}
	return &Folder{fd}, nil
}

func openPart(in int, name string, flags int, create bool) (int, error) {
	fd, err := unix.Openat(in, name, flags, 0)
	if !create || !errors.Is(err, unix.ENOENT) {
		return fd, err
	}
	if err := unix.Mkdirat(in, name, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	return unix.Openat(in, name, flags, 0)
}

// believed looks at an open folder: at the last one's mode strictly, while one
// above it may be sticky, as /tmp is, where nobody can move what is another's.
func believed(fd int, path string, last bool) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	me := uint32(os.Geteuid())
	switch {
	case last && st.Uid != me:
		return untrusted(path, "its owner is user %d, not %d", st.Uid, me)
	case st.Uid != me && st.Uid != 0:
		return untrusted(path, "its owner is user %d", st.Uid)
	case st.Mode&0o022 == 0, !last && st.Mode&unix.S_ISVTX != 0:
		return nil
	}
	return untrusted(path, "its mode is %#o", st.Mode&0o7777)
}

// Read returns a short file of the folder.
func (f *Folder) Read(name string) ([]byte, error) {
	fd, err := unix.Openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != uint32(os.Geteuid()) || st.Mode&0o022 != 0 {
		return nil, untrusted(name, "owner %d, mode %#o", st.Uid, st.Mode)
	}
	content := make([]byte, maxEntry)
	n, err := unix.Read(fd, content)
	if err != nil {
		return nil, err
	}
	return content[:n], nil
}

// Write puts a short file into the folder, whole or not at all.
func (f *Folder) Write(name string, content []byte) error {
	if err := f.prune(); err != nil {
		return err
	}
	draft := name + "." + strconv.Itoa(unix.Gettid())
	fd, err := unix.Openat(f.fd, draft, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EEXIST) { // of a process that died here, under the same number
		return unix.Unlinkat(f.fd, draft, 0)
	}
	if err != nil {
		return err
	}
	_, err = unix.Write(fd, content)
	Close(fd)
	if err == nil {
		err = unix.Renameat(f.fd, draft, f.fd, name)
	}
	if err != nil {
		_ = unix.Unlinkat(f.fd, draft, 0)
	}
	return err
}

// prune empties a folder that holds too much.
func (f *Folder) prune() error {
	fd, err := unix.Openat(f.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	dir := os.NewFile(uintptr(fd), ".")
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries)
	if len(names) < maxEntries {
		return nil
	}
	for _, name := range names {
		_ = unix.Unlinkat(f.fd, name, 0)
	}
	return err
}
