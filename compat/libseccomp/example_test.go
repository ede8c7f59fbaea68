//go:build amd64

package seccomp_test

import (
	"fmt"

	seccomp "github.com/narrow-sandbox/narrow/compat/libseccomp"
)

// A filter as libseccomp-golang's users write it: allow two calls, one of them
// only on standard output and standard error, and export what the kernel would
// run.
func Example() {
	filter, err := seccomp.NewFilter(seccomp.ActErrno.SetReturnCode(1))
	if err != nil {
		panic(err)
	}
	defer filter.Release()
	exit, err := seccomp.GetSyscallFromNameByArch("exit_group", seccomp.ArchNative)
	if err != nil {
		panic(err)
	}
	write, err := seccomp.GetSyscallFromName("write")
	if err != nil {
		panic(err)
	}
	if err := filter.AddRule(exit, seccomp.ActAllow); err != nil {
		panic(err)
	}
	for _, fd := range []uint64{1, 2} {
		condition, err := seccomp.MakeCondition(0, seccomp.CompareEqual, fd)
		if err != nil {
			panic(err)
		}
		if err := filter.AddRuleConditional(write, seccomp.ActAllow, []seccomp.ScmpCondition{condition}); err != nil {
			panic(err)
		}
	}
	program, err := filter.ExportBPFMem()
	fmt.Println(len(program)%8 == 0, err)
	fmt.Println(filter.Lint()[0])
	// Output:
	// true <nil>
	// x86_64: write: argument 0 (fd) is compared as 64 bits, and the kernel reads 32 of them: compare with MaskedEQ and a mask of 0xffffffff
}
