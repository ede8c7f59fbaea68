//go:build linux

package kernel

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

func init() {
	trials["start"] = func() error { return tryStart("/bin/sh", denyAllBut(nil)) }
	trials["start that fails"] = func() error { return tryStart("/no/such/program", denyAllBut(nil)) }
	trials["start that is denied"] = func() error { return tryStart("/bin/sh", denyAllBut([]uint64{1, 2, 3})) }
	trials["filter that is refused"] = func() error { return tryStart("/bin/sh", func(*Image) bpf.Program { return bpf.Program{{}} }) }
}

// denyAllBut makes a filter that answers EXDEV to every execve but one: the
// image's, or one with the other pointers. (The words are little-endian's.)
func denyAllBut(others []uint64) func(*Image) bpf.Program {
	return func(image *Image) bpf.Program {
		registers := image.Registers()
		if others != nil {
			registers = [3]uint64(others)
		}
		program := bpf.Program{
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 0),
			bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, unix.SYS_EXECVE, 1, 0),
			bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ALLOW),
		}
		for i, r := range registers {
			for half := range 2 {
				program = append(program,
					bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, uint32(16+8*i+4*half)),
					bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, uint32(r>>(32*half)), 1, 0),
					bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ERRNO|uint32(unix.EXDEV)))
			}
		}
		return append(program, bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ALLOW))
	}
}

// tryStart becomes /bin/sh, or prints how that failed.
func tryStart(path string, filter func(*Image) bpf.Program) error {
	image, err := NewImage(path, []string{"sh", "-c", `echo "$0|$1|$2|$A|$B"`, "zero", "", "t w o"}, []string{"A=1", "B="})
	if err != nil {
		return err
	}
	start, err := NewStart(image, filter(image))
	if err != nil {
		return err
	}
	go func() {
		for start.State() == StartPending {
			Nanosleep(pause)
		}
		start.Release()
		for start.State() < StartFailed {
			Nanosleep(pause)
		}
		if start.State() == StartFailed {
			fmt.Println("failed:", start.Errno())
			os.Exit(0)
		}
	}()
	if err := SetNoNewPrivs(); err != nil {
		return err
	}
	fmt.Println("refused:", start.Run())
	return nil
}

const pause = 100_000

func TestStart(t *testing.T) {
	for name, want := range map[string]string{
		"start":                  "zero||t w o|1|",
		"start that fails":       "failed: no such file or directory",
		"start that is denied":   "failed: invalid cross-device link",
		"filter that is refused": "refused: seccomp: seccomp(SECCOMP_SET_MODE_FILTER): invalid argument",
	} {
		for _, nobody := range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/", nobody), func(t *testing.T) {
				if got := try(t, name, nobody); len(got) < len(want) || got[:len(want)] != want {
					t.Errorf("want %q, got %q", want, got)
				}
			})
		}
	}
}

// The addresses are not the ones of the last time, in no register.
func TestImageAddressesAreRandom(t *testing.T) {
	seen := map[uint64]bool{}
	for range 64 {
		image, err := NewImage("/bin/true", []string{"true"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range image.Registers() {
			if seen[r] || r == 0 {
				t.Fatalf("%#x again", r)
			}
			seen[r] = true
		}
	}
	if _, err := NewImage("/bin/true", []string{"a\x00b"}, nil); err == nil {
		t.Error("a NUL byte went through")
	}
}
