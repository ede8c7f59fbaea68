package seccomp

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// ScmpArch is an architecture.
type ScmpArch uint

// The architectures.
const (
	ArchInvalid     ScmpArch = iota // no architecture: the zero value
	ArchNative                      // the one that this program runs on
	ArchX86                         // 32-bit x86
	ArchAMD64                       // 64-bit x86
	ArchX32                         // 64-bit x86 with 32-bit pointers
	ArchARM                         // 32-bit ARM
	ArchARM64                       // 64-bit ARM
	ArchMIPS                        // 32-bit MIPS
	ArchMIPS64                      // 64-bit MIPS
	ArchMIPS64N32                   // 64-bit MIPS with 32-bit pointers
	ArchMIPSEL                      // 32-bit MIPS, little endian
	ArchMIPSEL64                    // 64-bit MIPS, little endian
	ArchMIPSEL64N32                 // 64-bit MIPS with 32-bit pointers, little endian
	ArchPPC                         // 32-bit POWER
	ArchPPC64                       // 64-bit POWER, big endian
	ArchPPC64LE                     // 64-bit POWER, little endian
	ArchS390                        // 31-bit System z
	ArchS390X                       // 64-bit System z
	ArchPARISC                      // 32-bit PA-RISC
	ArchPARISC64                    // 64-bit PA-RISC
	ArchRISCV64                     // 64-bit RISC-V
	ArchLOONGARCH64                 // 64-bit LoongArch
	ArchM68K                        // 32-bit Motorola 68000
	ArchSH                          // SuperH
	ArchSHEB                        // SuperH, big endian
)

// archStart and archEnd bound the architectures.
const (
	archStart = ArchNative
	archEnd   = ArchSHEB
)

// archInfo is what an architecture is to libseccomp, and its names here: the
// first is String's, and all of them GetArchFromString takes.
type archInfo struct {
	token scmp.Token
	names []string
}

var archInfos = [archEnd + 1]archInfo{
	ArchNative:      {scmp.Native, nil},
	ArchX86:         {scmp.X86, []string{"x86"}},
	ArchAMD64:       {scmp.X86_64, []string{"amd64", "x86-64", "x86_64", "x64"}},
	ArchX32:         {scmp.X32, []string{"x32"}},
	ArchARM:         {scmp.ARM, []string{"arm"}},
	ArchARM64:       {scmp.AARCH64, []string{"arm64", "aarch64"}},
	ArchMIPS:        {scmp.MIPS, []string{"mips"}},
	ArchMIPS64:      {scmp.MIPS64, []string{"mips64"}},
	ArchMIPS64N32:   {scmp.MIPS64N32, []string{"mips64n32"}},
	ArchMIPSEL:      {scmp.MIPSEL, []string{"mipsel"}},
	ArchMIPSEL64:    {scmp.MIPSEL64, []string{"mipsel64"}},
	ArchMIPSEL64N32: {scmp.MIPSEL64N32, []string{"mipsel64n32"}},
	ArchPPC:         {scmp.PPC, []string{"ppc"}},
	ArchPPC64:       {scmp.PPC64, []string{"ppc64"}},
	ArchPPC64LE:     {scmp.PPC64LE, []string{"ppc64le"}},
	ArchS390:        {scmp.S390, []string{"s390"}},
	ArchS390X:       {scmp.S390X, []string{"s390x"}},
	ArchPARISC:      {scmp.PARISC, []string{"parisc"}},
	ArchPARISC64:    {scmp.PARISC64, []string{"parisc64"}},
	ArchRISCV64:     {scmp.RISCV64, []string{"riscv64"}},
	ArchLOONGARCH64: {scmp.LOONGARCH64, []string{"loong64", "loongarch64"}},
	ArchM68K:        {scmp.M68K, []string{"m68k"}},
	ArchSH:          {scmp.SH, []string{"sh"}},
	ArchSHEB:        {scmp.SHEB, []string{"sheb"}},
}

// GetArchFromString returns the architecture with a name such as "amd64",
// "x86_64" or "arm64", in any case.
func GetArchFromString(arch string) (ScmpArch, error) {
	name := strings.ToLower(arch)
	for a, info := range archInfos {
		for _, n := range info.names {
			if n == name {
				return ScmpArch(a), nil
			}
		}
	}
	return ArchInvalid, fmt.Errorf("cannot convert unrecognized string %q", arch)
}

// String returns the name of the architecture.
func (a ScmpArch) String() string {
	switch {
	case a == ArchNative:
		return "native"
	case a == ArchInvalid:
		return "Invalid architecture"
	case a > archEnd:
		return fmt.Sprintf("Unknown architecture %#x", uint(a))
	}
	return archInfos[a].names[0]
}

// sanitizeArch is an error for a value that is no architecture.
func sanitizeArch(in ScmpArch) error {
	if in < archStart || in > archEnd {
		return fmt.Errorf("unrecognized architecture %#x", uint(in))
	}
	return nil
}

// token is the architecture to libseccomp.
func (a ScmpArch) token() scmp.Token { return archInfos[a].token }

// archOf is the architecture with a token.
func archOf(t scmp.Token) (ScmpArch, error) {
	for a := archStart; a <= archEnd; a++ {
		if archInfos[a].token == t {
			return a, nil
		}
	}
	return ArchInvalid, fmt.Errorf("unrecognized architecture %#x", uint32(t))
}

// GetNativeArch returns the architecture that this program runs on.
func GetNativeArch() (ScmpArch, error) {
	t := scmp.NativeToken()
	if t == scmp.Native {
		return ArchInvalid, fmt.Errorf("unrecognized architecture %#x", uint32(t))
	}
	return archOf(t)
}
