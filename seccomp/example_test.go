package seccomp_test

import (
	"fmt"
	"log"
	"os"
	"syscall"

	"github.com/narrow-sandbox/narrow/seccomp"
)

// The rules of a filter that libseccomp's users will know, as a policy.
func ExampleBuilder_Export() {
	b := seccomp.New(seccomp.Errno(syscall.EPERM)).Arch("x86_64", "aarch64")
	b.Add(seccomp.Allow(), "read")
	b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.LessEqual, 2))
	b.Add(seccomp.Allow(), "openat", seccomp.Masked("flags", 3, 0)) // O_ACCMODE is O_RDONLY
	b.Add(seccomp.KillProcess(), "ptrace")
	if err := b.Export(os.Stdout, "policy"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// language 1
	// policy filter
	// arch x86_64, aarch64
	// default errno EPERM
	// allow read
	// allow write(fd <= 2)
	// allow openat(flags & 0x3 == 0)
	// kill-process ptrace
}

// Everything that is wrong is told before anything is installed.
func ExampleBuilder_Load() {
	b := seccomp.New(seccomp.KillProcess()).Arch("x86_64")
	b.Add(seccomp.Allow(), "raed")
	_, err := b.Load()
	fmt.Println(err)
	// Output: example_test.go:36:1: unknown call "raed"; expected a system call, a @set or *; did you mean "read"?
}
