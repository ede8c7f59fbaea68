package asm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// constants resolves names as C headers of Linux have them, for one arch.
type constants struct{ arch *abi.Arch }

// named is a constant that does not differ between architectures.
type named struct {
	name  string
	value uint32
}

// fixed are the constants of linux/audit.h, linux/filter.h and
// linux/bpf_common.h that programs are written with, by name. Those of
// linux/seccomp.h are among abi's.
var fixed = [...]named{
	{"AUDIT_ARCH_AARCH64", 0xc00000b7},
	{"AUDIT_ARCH_ALPHA", 0xc0009026},
	{"AUDIT_ARCH_ARM", 0x40000028},
	{"AUDIT_ARCH_ARMEB", 0x00000028},
	{"AUDIT_ARCH_I386", 0x40000003},
	{"AUDIT_ARCH_IA64", 0xc0000032},
	{"AUDIT_ARCH_LOONGARCH32", 0x40000102},
	{"AUDIT_ARCH_LOONGARCH64", 0xc0000102},
	{"AUDIT_ARCH_M68K", 0x00000004},
	{"AUDIT_ARCH_MIPS", 0x00000008},
	{"AUDIT_ARCH_MIPS64", 0x80000008},
	{"AUDIT_ARCH_MIPS64N32", 0xa0000008},
	{"AUDIT_ARCH_MIPSEL", 0x40000008},
	{"AUDIT_ARCH_MIPSEL64", 0xc0000008},
	{"AUDIT_ARCH_MIPSEL64N32", 0xe0000008},
	{"AUDIT_ARCH_PARISC", 0x0000000f},
	{"AUDIT_ARCH_PARISC64", 0x8000000f},
	{"AUDIT_ARCH_PPC", 0x00000014},
	{"AUDIT_ARCH_PPC64", 0x80000015},
	{"AUDIT_ARCH_PPC64LE", 0xc0000015},
	{"AUDIT_ARCH_RISCV32", 0x400000f3},
	{"AUDIT_ARCH_RISCV64", 0xc00000f3},
	{"AUDIT_ARCH_S390", 0x00000016},
	{"AUDIT_ARCH_S390X", 0x80000016},
	{"AUDIT_ARCH_SH", 0x0000002a},
	{"AUDIT_ARCH_SHEL", 0x4000002a},
	{"AUDIT_ARCH_SPARC", 0x00000002},
	{"AUDIT_ARCH_SPARC64", 0x8000002b},
	{"AUDIT_ARCH_X86_64", 0xc000003e},
	{"AUDIT_ARCH_XTENSA", 0x0000005e},
	{"BPF_A", 0x10},
	{"BPF_ABS", 0x20},
	{"BPF_ADD", 0x00},
	{"BPF_ALU", 0x04},
	{"BPF_AND", 0x50},
	{"BPF_B", 0x10},
	{"BPF_DIV", 0x30},
	{"BPF_H", 0x08},
	{"BPF_IMM", 0x00},
	{"BPF_IND", 0x40},
	{"BPF_JA", 0x00},
	{"BPF_JEQ", 0x10},
	{"BPF_JGE", 0x30},
	{"BPF_JGT", 0x20},
	{"BPF_JMP", 0x05},
	{"BPF_JSET", 0x40},
	{"BPF_K", 0x00},
	{"BPF_LD", 0x00},
	{"BPF_LDX", 0x01},
	{"BPF_LEN", 0x80},
	{"BPF_LSH", 0x60},
	{"BPF_MEM", 0x60},
	{"BPF_MISC", 0x07},
	{"BPF_MOD", 0x90},
	{"BPF_MSH", 0xa0},
	{"BPF_MUL", 0x20},
	{"BPF_NEG", 0x80},
	{"BPF_OR", 0x40},
	{"BPF_RET", 0x06},
	{"BPF_RSH", 0x70},
	{"BPF_ST", 0x02},
	{"BPF_STX", 0x03},
	{"BPF_SUB", 0x10},
	{"BPF_TAX", 0x00},
	{"BPF_TXA", 0x80},
	{"BPF_W", 0x00},
	{"BPF_X", 0x08},
	{"BPF_XOR", 0xa0},
	{"SKF_AD_OFF", 0xfffff000},
	{"SKF_LL_OFF", 0xffe00000},
	{"SKF_NET_OFF", 0xfff00000},
	{"__X32_SYSCALL_BIT", 0x40000000},
}

// value finds a name: __NR_ and SYS_ for call numbers, the constants above,
// and those that arguments take.
func (c constants) value(name []byte) (int64, string, string) {
	for _, prefix := range [...]string{"__NR_", "SYS_"} {
		if call, ok := bytes.CutPrefix(name, []byte(prefix)); ok {
			return c.call(string(call))
		}
	}
	text := string(name)
	if i, ok := slices.BinarySearchFunc(fixed[:], text, func(n named, text string) int { return strings.Compare(n.name, text) }); ok {
		return int64(fixed[i].value), "", ""
	}
	if value, ok := c.arch.Constant(text); ok {
		return value, "", ""
	}
	if abi.KnownConstant(text) {
		return 0, fmt.Sprintf("%s has no constant %s", c.arch, cut(name)), ""
	}
	return 0, "unknown constant " + cut(name), ""
}

// call finds the number of a call.
func (c constants) call(name string) (int64, string, string) {
	if call, ok := c.arch.Call(name); ok {
		return int64(call.Nr), "", ""
	}
	what := fmt.Sprintf("%s has no call %s", c.arch, cut([]byte(name)))
	if abi.KnownCall(name) {
		return 0, what, "another arch has it; .arch NAME chooses the arch"
	}
	return 0, what, ""
}

// suggest says what a mistyped name may have been meant for, or "".
func (c constants) suggest(name []byte) string {
	text := string(name)
	for _, prefix := range [...]string{"__NR_", "SYS_"} {
		if call, ok := strings.CutPrefix(text, prefix); ok {
			return didYouMean(c.nearestCall(prefix, call))
		}
	}
	if _, ok := c.arch.Call(text); ok {
		return "a call's number is __NR_" + text
	}
	for _, prefix := range [...]string{"SECCOMP_RET_", "AUDIT_ARCH_"} {
		if _, what, _ := c.value([]byte(prefix + strings.ToUpper(text))); what == "" {
			return didYouMean(prefix + strings.ToUpper(text))
		}
	}
	return didYouMean(c.nearestConstant(text))
}

// nearestCall is the call of the arch whose name is nearest, behind prefix.
func (c constants) nearestCall(prefix, name string) string {
	n := newNearest(name)
	for _, call := range c.arch.Calls() {
		n.try(call.Name)
	}
	if n.best == "" {
		return ""
	}
	return prefix + n.best
}

// nearestConstant is the constant whose name is nearest.
func (c constants) nearestConstant(name string) string {
	n := newNearest(name)
	for i := range fixed {
		n.try(fixed[i].name)
	}
	for _, known := range c.arch.ConstantNames() {
		n.try(known)
	}
	return n.best
}
