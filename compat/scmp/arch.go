package scmp

import (
	"runtime"

	"github.com/narrow-sandbox/narrow/abi"
)

// Token names an architecture to libseccomp: its AUDIT_ARCH value, but for x32,
// which the kernel does not tell from x86_64 by that.
type Token uint32

// Native is the token that stands for the architecture that runs.
const Native Token = 0

// The tokens (seccomp.h: SCMP_ARCH_*).
const (
	X86         Token = 0x40000003
	X86_64      Token = 0xc000003e
	X32         Token = 0x4000003e
	ARM         Token = 0x40000028
	AARCH64     Token = 0xc00000b7
	LOONGARCH64 Token = 0xc0000102
	M68K        Token = 0x00000004
	MIPS        Token = 0x00000008
	MIPS64      Token = 0x80000008
	MIPS64N32   Token = 0xa0000008
	MIPSEL      Token = 0x40000008
	MIPSEL64    Token = 0xc0000008
	MIPSEL64N32 Token = 0xe0000008
	PARISC      Token = 0x0000000f
	PARISC64    Token = 0x8000000f
	PPC         Token = 0x00000014
	PPC64       Token = 0x80000015
	PPC64LE     Token = 0xc0000015
	RISCV64     Token = 0xc00000f3
	S390        Token = 0x00000016
	S390X       Token = 0x80000016
	SH          Token = 0x4000002a
	SHEB        Token = 0x0000002a
)

// arch is what libseccomp knows of an architecture.
type arch struct {
	token  Token
	name   string
	column int
	base   int32 // the table counts from here on
	bit    int32 // marks the numbers
	abi    *abi.Arch

	// The calls that stand for those of sockets and of System V's IPC, or 0:
	// a rule for such a call is one for either form.
	socketcall, ipc int32
}

const x32Bit = 0x40000000

// arches are all of them. The multiplexers' numbers are those of numbers.tsv.
var arches = [...]arch{
	{token: X86, name: "x86", column: columnX86, abi: known("i386"), socketcall: 102, ipc: 117},
	{token: X86_64, name: "x86_64", column: columnX86_64, abi: known("x86_64")},
	{token: X32, name: "x32", column: columnX32, bit: x32Bit, abi: known("x32")},
	{token: ARM, name: "arm", column: columnARM, abi: known("arm")},
	{token: AARCH64, name: "aarch64", column: columnAARCH64, abi: known("aarch64")},
	{token: LOONGARCH64, name: "loongarch64", column: columnLOONGARCH64, abi: known("loongarch64")},
	{token: M68K, name: "m68k", column: columnM68K, abi: other("m68k", M68K, 32), socketcall: 102, ipc: 117},
	{token: MIPS, name: "mips", column: columnMIPS, base: 4000, abi: known("mips"), socketcall: 4102, ipc: 4117},
	{token: MIPSEL, name: "mipsel", column: columnMIPS, base: 4000, abi: known("mipsel"), socketcall: 4102, ipc: 4117},
	{token: MIPS64, name: "mips64", column: columnMIPS64, base: 5000, abi: known("mips64")},
	{token: MIPSEL64, name: "mipsel64", column: columnMIPS64, base: 5000, abi: known("mips64el")},
	{token: MIPS64N32, name: "mips64n32", column: columnMIPS64N32, base: 6000, abi: other("mips64n32", MIPS64N32, 32)},
	{token: MIPSEL64N32, name: "mipsel64n32", column: columnMIPS64N32, base: 6000, abi: other("mipsel64n32", MIPSEL64N32, 32)},
	{token: PARISC, name: "parisc", column: columnPARISC, abi: other("parisc", PARISC, 32)},
	{token: PARISC64, name: "parisc64", column: columnPARISC64, abi: other("parisc64", PARISC64, 64)},
	{token: PPC, name: "ppc", column: columnPPC, abi: known("ppc"), socketcall: 102, ipc: 117},
	{token: PPC64, name: "ppc64", column: columnPPC64, abi: known("ppc64"), socketcall: 102, ipc: 117},
	{token: PPC64LE, name: "ppc64le", column: columnPPC64, abi: known("ppc64le"), socketcall: 102, ipc: 117},
	{token: RISCV64, name: "riscv64", column: columnRISCV64, abi: known("riscv64")},
	{token: S390, name: "s390", column: columnS390, abi: other("s390", S390, 32), socketcall: 102, ipc: 117},
	{token: S390X, name: "s390x", column: columnS390X, abi: known("s390x"), socketcall: 102, ipc: 117},
	{token: SH, name: "sh", column: columnSH, abi: other("sh", SH, 32), socketcall: 102, ipc: 117},
	{token: SHEB, name: "sheb", column: columnSH, abi: other("sheb", SHEB, 32), socketcall: 102, ipc: 117},
}

// known is an architecture that the language knows, too.
func known(name string) *abi.Arch {
	a, ok := abi.ByName(name)
	if !ok {
		panic("scmp: abi has no " + name) // a test looks at all of the table
	}
	return a
}

// other is an architecture that only libseccomp knows.
func other(name string, t Token, word int) *abi.Arch {
	return &abi.Arch{Name: name, Audit: uint32(t), Word: word, Register: word, BigEndian: t&0x40000000 == 0}
}

// find returns the architecture, nil if there is none.
func find(t Token) *arch {
	if t == Native {
		t = NativeToken()
	}
	for i := range arches {
		if arches[i].token == t {
			return &arches[i]
		}
	}
	return nil
}

// NativeToken is the token of the architecture that this program is made for,
// or 0 if libseccomp does not know it.
func NativeToken() Token {
	switch runtime.GOARCH {
	case "386":
		return X86
	case "amd64":
		return X86_64
	case "arm":
		return ARM
	case "arm64":
		return AARCH64
	case "loong64":
		return LOONGARCH64
	case "mips":
		return MIPS
	case "mipsle":
		return MIPSEL
	case "mips64":
		return MIPS64
	case "mips64le":
		return MIPSEL64
	case "ppc64":
		return PPC64
	case "ppc64le":
		return PPC64LE
	case "riscv64":
		return RISCV64
	case "s390x":
		return S390X
	}
	return Native
}

// Valid reports whether there is such an architecture; Native is one.
func (t Token) Valid() bool { return find(t) != nil }

// String is libseccomp's name of the architecture.
func (t Token) String() string {
	if a := find(t); a != nil {
		return a.name
	}
	return "UNKNOWN"
}

// wide reports whether arguments are compared as 64 bits.
func (a *arch) wide() bool { return a.abi.Word == 64 }
