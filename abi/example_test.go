package abi_test

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// A call arrives as an audit arch, a number and six registers.
func Example() {
	regs := [6]uint64{0xffffff9c, 0x7ffd1000, 0x80241, 0o644}
	a, _ := abi.ByAudit(0xc000003e, 257)
	c, _ := a.Number(257)
	fmt.Printf("%v %s(%s), since Linux %v\n", a, c.Name, strings.Join(a.FormatArgs(c, &regs), ", "), c.Since)
	// Output: x86_64 openat(AT_FDCWD, 0x7ffd1000, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644), since Linux 2.6
}

// The same name has other numbers, values and registers elsewhere.
func ExampleArch_Call() {
	for _, name := range []string{"x86_64", "i386", "arm", "ppc"} {
		a, _ := abi.ByName(name)
		c, _ := a.Call("pread64")
		pos, _ := c.Arg("pos")
		fmt.Println(a, c.Nr, "pos in register", pos.Reg, "high word in", pos.High)
	}
	// Output:
	// x86_64 17 pos in register 3 high word in -1
	// i386 180 pos in register 3 high word in 4
	// arm 180 pos in register 4 high word in 5
	// ppc 179 pos in register 5 high word in 4
}

// An argument may be read narrower than its type says, or as another argument
// decides.
func ExampleArch_Refine() {
	a, _ := abi.ByName("x86_64")
	c, _ := a.Call("prctl")
	arg2, _ := c.Arg("arg2")
	option, _ := c.Decider(arg2)
	setMM, _ := a.Constant("PR_SET_MM")
	refined := a.Refine(c, arg2, uint64(setMM))
	fmt.Printf("%s: %d bits; %d where %s is PR_SET_MM\n", arg2.Name, arg2.Bits, refined.Bits, option.Name)
	// Output: arg2: 64 bits; 32 where option is PR_SET_MM
}
