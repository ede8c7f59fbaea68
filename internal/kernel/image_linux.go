package kernel

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Image is the arguments of one execve at addresses that nobody can guess:
// the path, the argv array and the envp array each lie at a random place of
// their own, outside the Go heap. A filter can then let exactly this call
// through by comparing its three pointers. After the exec the memory is gone,
// nothing in the new program tells where it was, and a wrong guess is a
// denied call.
type Image struct {
	path, argv, envp uintptr
}

// NewImage lays out the arguments. The memory is never given back: the exec
// ends it. A string with a NUL byte is EINVAL.
func NewImage(path string, argv, env []string) (*Image, error) {
	var image Image
	var err error
	if image.path, err = placeStrings([]string{path}, false); err != nil {
		return nil, err
	}
	if image.argv, err = placeStrings(argv, true); err != nil {
		return nil, err
	}
	if image.envp, err = placeStrings(env, true); err != nil {
		return nil, err
	}
	return &image, nil
}

// Registers returns what the first three argument registers of the execve hold.
func (i *Image) Registers() [3]uint64 {
	return [3]uint64{uint64(i.path), uint64(i.argv), uint64(i.envp)}
}

// placeStrings puts the strings, each ended by a NUL, at a random place and
// returns its address; with pointers, that of a null-ended array of pointers
// to them.
func placeStrings(all []string, pointers bool) (uintptr, error) {
	table := uintptr(0)
	if pointers {
		table = (uintptr(len(all)) + 1) * word
	}
	size := table
	for _, s := range all {
		for i := range len(s) {
			if s[i] == 0 {
				return 0, &Error{"execve", Exec, 0, unix.EINVAL}
			}
		}
		size += uintptr(len(s)) + 1
	}
	memory, err := mapSomewhere(size)
	if err != nil {
		return 0, err
	}
	next := table
	for i, s := range all {
		if pointers {
			*(*uintptr)(unsafe.Pointer(&memory[uintptr(i)*word])) = uintptr(unsafe.Pointer(&memory[next]))
		}
		next += uintptr(copy(memory[next:], s)) + 1
	}
	return uintptr(unsafe.Pointer(&memory[0])), nil
}

// mapSomewhere maps size bytes of zeroes at a random address, not only a
// random page: a multiple of the word.
func mapSomewhere(size uintptr) ([]byte, error) {
	var seed [16]byte
	if _, err := unix.Getrandom(seed[:], 0); err != nil {
		return nil, &Error{"getrandom", Exec, 0, err}
	}
	page := uintptr(unix.Getpagesize())
	offset := uintptr(binary.NativeEndian.Uint64(seed[8:])) % page &^ (word - 1)
	hint := uintptr(binary.NativeEndian.Uint64(seed[:])) & (1<<hintBits() - 1) &^ (page - 1)
	// If the place is taken the kernel chooses another, by its own randomisation.
	// The hint is an address, not a Go pointer: hence the detour that vet accepts.
	p, err := unix.MmapPtr(-1, 0, *(*unsafe.Pointer)(unsafe.Pointer(&hint)), offset+size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, &Error{"mmap", Exec, 0, err}
	}
	return unsafe.Slice((*byte)(p), offset+size)[offset:], nil
}
