package abi

import "slices"

// x32Bit marks x32's call numbers, which arrive with x86_64's audit arch
// (arch/x86/include/uapi/asm/unistd.h: __X32_SYSCALL_BIT).
const x32Bit = 0x40000000

// Arches returns every architecture, x86_64 first.
func Arches() []*Arch { return slices.Clone(arches[:]) }

// ByName returns the architecture that a policy, the kernel, Go or Debian calls
// name: "x86_64", "amd64", "arm64", "i686", "ppc64el", ...
func ByName(name string) (*Arch, bool) {
	name = canonical(name)
	for _, a := range arches {
		if a.Name == name {
			return a, true
		}
	}
	return nil, false
}

// canonical turns the other names of an architecture into ours. They are
// uname -m's, GOARCH, Debian's and libseccomp's.
func canonical(name string) string {
	switch name {
	case "amd64", "x86-64", "x64":
		return "x86_64"
	case "amd64p32":
		return "x32"
	case "x86", "386", "i486", "i586", "i686", "ia32":
		return "i386"
	case "arm64", "armv8":
		return "aarch64"
	case "armv5", "armv5tel", "armv6", "armv6l", "armv7", "armv7l", "armel", "armhf":
		return "arm"
	case "riscv":
		return "riscv64"
	case "powerpc":
		return "ppc"
	case "powerpc64":
		return "ppc64"
	case "powerpc64le", "ppc64el":
		return "ppc64le"
	case "loong64", "loongarch":
		return "loongarch64"
	case "mipsle":
		return "mipsel"
	case "mips64le", "mipsel64":
		return "mips64el"
	}
	return name
}

// ByAudit returns the architecture of a call by seccomp_data's arch and nr: nr
// tells x32 from x86_64, which share an audit arch. It is false for an audit
// arch that the tables lack, such as that of mips64's N32.
func ByAudit(audit, nr uint32) (*Arch, bool) {
	for _, a := range arches {
		if a.Audit == audit && a.Owns(nr) {
			return a, true
		}
	}
	return nil, false
}

// Owns reports whether nr is a number of a's rather than of an ABI with the
// same audit arch: whether its bit 30 is as NumberBit says. On every
// architecture but x86_64 and x32 it is true of all numbers.
func (a *Arch) Owns(nr uint32) bool {
	return a.Audit != archX8664.Audit || nr&x32Bit == a.NumberBit
}

// Sharing returns the other ABI whose calls arrive with a's audit arch, told
// apart by NumberBit, or nil.
func (a *Arch) Sharing() *Arch {
	for _, b := range arches {
		if b != a && b.Audit == a.Audit {
			return b
		}
	}
	return nil
}

// String returns the architecture's name.
func (a *Arch) String() string { return a.Name }
