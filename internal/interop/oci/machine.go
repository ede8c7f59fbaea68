package oci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// Options are the machine, the kernel and the container that a profile is read
// for. The zero value is this machine's architecture (x86_64 where it has
// none), the newest kernel that the tables know, and no capability.
type Options struct {
	Arch         *abi.Arch
	Kernel       abi.Version
	Capabilities []string // the bounding set, with or without CAP_
}

func (o *Options) fill() {
	if o.Arch == nil {
		o.Arch = abi.Native()
	}
	if o.Arch == nil {
		o.Arch, _ = abi.ByName("x86_64")
	}
	if o.Kernel == (abi.Version{}) {
		o.Kernel = abi.Current()
	}
	caps := make([]string, len(o.Capabilities))
	for i, c := range o.Capabilities {
		caps[i] = "CAP_" + strings.TrimPrefix(strings.ToUpper(c), "CAP_")
	}
	o.Capabilities = caps
}

// seccompArches are libseccomp's names of architectures, without SCMP_ARCH_.
var seccompArches = map[string]string{
	"X86": "i386", "X86_64": "x86_64", "X32": "x32", "ARM": "arm", "AARCH64": "aarch64",
	"MIPS": "mips", "MIPS64": "mips64", "MIPSEL": "mipsel", "MIPSEL64": "mips64el",
	"PPC": "ppc", "PPC64": "ppc64", "PPC64LE": "ppc64le", "S390X": "s390x", "RISCV64": "riscv64", "LOONGARCH64": "loongarch64",
}

// dockerArches are the names that includes and excludes use.
var dockerArches = map[string]string{
	"i386": "x86", "x86_64": "amd64", "x32": "x32", "arm": "arm", "aarch64": "arm64", "mips": "mips", "mips64": "mips64",
	"mipsel": "mipsel", "mips64el": "mipsel64", "ppc": "ppc", "ppc64": "ppc64", "ppc64le": "ppc64le",
	"s390x": "s390x", "riscv64": "riscv64", "loongarch64": "loongarch64",
}

// unknownTo are libseccomp's architectures that narrow has no tables for. A
// policy without them leaves their calls to `else`.
var unknownTo = []string{"MIPS64N32", "MIPSEL64N32", "S390", "PARISC", "PARISC64", "M68K", "SH", "SHEB"}

// arches are the ABIs that the filter is for: the machine's own first.
func (p *profile) arches(o *Options) (arches []*abi.Arch, left []string, err error) {
	names := p.Architectures
	if len(names) > 0 && len(p.ArchMap) > 0 {
		return nil, nil, fmt.Errorf("it has both architectures and archMap")
	}
	for _, m := range p.ArchMap {
		if seccompArches[strings.TrimPrefix(m.Architecture, "SCMP_ARCH_")] == o.Arch.Name {
			names = append([]string{m.Architecture}, m.SubArchitectures...)
			break
		}
	}
	arches = []*abi.Arch{o.Arch} // libseccomp's native one is always there
	for _, name := range names {
		short := strings.TrimPrefix(name, "SCMP_ARCH_")
		a, ok := abi.ByName(seccompArches[short])
		switch {
		case ok && !slices.Contains(arches, a):
			arches = append(arches, a)
		case !ok && slices.Contains(unknownTo, short):
			left = append(left, name)
		case !ok:
			return nil, nil, fmt.Errorf("unknown architecture %q", name)
		}
	}
	return arches, left, nil
}

// applies reports whether a rule is for this machine, kernel and container, as
// Docker decides it.
func (s *syscalls) applies(o *Options) (bool, error) {
	arch := dockerArches[o.Arch.Name]
	has := func(c string) bool { return slices.Contains(o.Capabilities, c) }
	young, err := o.reaches(s.Includes.MinKernel)
	if err != nil {
		return false, err
	}
	spared, err := o.reaches(s.Excludes.MinKernel)
	if err != nil {
		return false, err
	}
	excluded := slices.Contains(s.Excludes.Arches, arch) || slices.ContainsFunc(s.Excludes.Caps, has) || s.Excludes.MinKernel != "" && spared
	included := len(s.Includes.Arches) == 0 || slices.Contains(s.Includes.Arches, arch)
	for _, c := range s.Includes.Caps {
		included = included && has(c)
	}
	return !excluded && included && young, nil
}

// reaches reports whether the kernel is of a version, such as 4.8, or later.
func (o *Options) reaches(version string) (bool, error) {
	if version == "" {
		return true, nil
	}
	v, err := ParseVersion(version)
	return !o.Kernel.Before(v), err
}

// ParseVersion reads a kernel's version, such as 4.8 or 6.12.1-rc3; what comes
// after the second number does not count.
func ParseVersion(text string) (abi.Version, error) {
	var v abi.Version
	if n, err := fmt.Sscanf(text, "%d.%d", &v.Major, &v.Minor); n != 2 {
		return v, fmt.Errorf("%q is no version of Linux; expected one such as 6.12 (%v)", text, err)
	}
	return v, nil
}
