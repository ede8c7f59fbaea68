package profiles_test

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// TestAttackOwnExecve goes for the one execve that the filter lets through: the
// start's own, known by its three pointers. Whoever knows them can map memory
// there and name another program; Landlock must then refuse it.
func TestAttackOwnExecve(t *testing.T) {
	needRoot(t)
	eachUser(t, func(t *testing.T, who user) {
		v := newVictim(t, feature{args: tcp()}.open(t, who, inInit))
		v.injector = attach(t, v.pid)
		defer func() { v.detach() }()
		pointers := ownExecve(v.filter())
		if len(pointers) == 0 {
			t.Fatal("the filter lets no execve through; memcached would not have started")
		}
		for _, program := range []string{"/bin/sh", "/usr/bin/env"} {
			for _, p := range pointers {
				v.plant(p, program)
				if o := v.call(unix.SYS_EXECVE, p[0], p[1], p[2]); o.String() != "EACCES" {
					t.Errorf("execve of %s by the pointers %x: %v, want EACCES", program, p, o)
				}
				if o := v.call(unix.SYS_GETPID); o.failed() {
					t.Fatalf("getpid afterwards: %v", o)
				}
			}
		}
	})
}

// plant maps zeroed pages where the pointers go, and writes a path to the
// first; argv and envp then begin with NULL.
func (v *victim) plant(pointers [3]uint64, path string) {
	v.t.Helper()
	for _, p := range pointers {
		o := v.call(unix.SYS_MMAP, p&^4095, 2*4096, pageRW, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED, -1, 0)
		if o.failed() {
			v.t.Fatalf("a page at %x: %v", p, o)
		}
	}
	if _, err := unix.PtracePokeData(v.tid, uintptr(pointers[0]), append([]byte(path), 0)); err != nil {
		v.t.Fatal(err)
	}
}

// ownExecve finds the pointers for which a program lets execve through, among
// the constants that it compares the halves of the first three arguments with.
func ownExecve(program bpf.Program) [][3]uint64 {
	vm, err := bpf.NewVM(program)
	if err != nil {
		return nil
	}
	words := compared(program)
	var found [][3]uint64
	var data = bpf.Data{Nr: unix.SYS_EXECVE, Arch: unix.AUDIT_ARCH_X86_64}
	var search func(i int)
	search = func(i int) {
		if i == 3 {
			if value, _ := vm.Run(&data); bpf.Action(value) == bpf.RetAllow {
				found = append(found, [3]uint64(data.Args[:3]))
			}
			return
		}
		for _, high := range words[2*i+1] {
			for _, low := range words[2*i] {
				data.Args[i] = uint64(high)<<32 | uint64(low)
				search(i + 1)
			}
		}
	}
	search(0)
	return found
}

// compared lists what each half of the first three arguments is compared with;
// of the low ones only what could be an address.
func compared(program bpf.Program) (words [6][]uint32) {
	half := -1
	for _, i := range program {
		switch {
		case i.Class() == bpf.LD:
			half = (int(i.K) - bpf.OffArgs) / 4
		case i.Class() == bpf.JMP && half >= 0 && half < len(words) && i.K > 0xff && !slices.Contains(words[half], i.K):
			words[half] = append(words[half], i.K)
		}
	}
	return words
}
