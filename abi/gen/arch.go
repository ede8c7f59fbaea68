package main

// arch is what the generator knows of an architecture beside its tables.
type arch struct {
	name      string
	ident     string  // in names of Go variables
	column    string  // in syscalls.tsv
	base      uint32  // added to the numbers there
	audit     uint32  // include/uapi/linux/audit.h: AUDIT_ARCH_*
	word      int     // bits of long
	register  int     // bits of an argument register
	bigEndian bool    // include/uapi/linux/audit.h: no __AUDIT_ARCH_LE
	evenPairs bool    // a 64-bit argument begins at an even register (syscall(2), "Architecture calling conventions")
	numberBit uint32  // arch/x86/include/uapi/asm/unistd.h: __X32_SYSCALL_BIT
	born      version // the first Linux with this ABI; no call there is older
	goarch    string  // whose constants golang.org/x/sys/unix has
}

// arches is in the order that a reader expects. Births: x86_64, arm EABI and
// ppc64 came with 2.5/2.6 releases, x32 with 3.4, aarch64 3.7, ppc64le 3.13,
// riscv64 4.15, loongarch64 5.19 (kernelnewbies.org names them in its notes).
var arches = []arch{
	{name: "x86_64", ident: "X8664", column: "x86_64", audit: 0xc000003e, word: 64, register: 64, born: version{2, 6}, goarch: "amd64"},
	{name: "x32", ident: "X32", column: "x32", base: 1 << 30, audit: 0xc000003e, word: 32, register: 64, numberBit: 1 << 30, born: version{3, 4}, goarch: "amd64"},
	{name: "i386", ident: "I386", column: "i386", audit: 0x40000003, word: 32, register: 32, goarch: "386"},
	{name: "aarch64", ident: "AArch64", column: "aarch64", audit: 0xc00000b7, word: 64, register: 64, born: version{3, 7}, goarch: "arm64"},
	{name: "arm", ident: "ARM", column: "arm", audit: 0x40000028, word: 32, register: 32, evenPairs: true, born: version{2, 6}, goarch: "arm"},
	{name: "riscv64", ident: "RISCV64", column: "riscv64", audit: 0xc00000f3, word: 64, register: 64, born: version{4, 15}, goarch: "riscv64"},
	{name: "ppc", ident: "PPC", column: "ppc", audit: 0x00000014, word: 32, register: 32, evenPairs: true, bigEndian: true, born: version{2, 2}, goarch: "ppc"},
	{name: "ppc64", ident: "PPC64", column: "ppc64", audit: 0x80000015, word: 64, register: 64, bigEndian: true, born: version{2, 6}, goarch: "ppc64"},
	{name: "ppc64le", ident: "PPC64LE", column: "ppc64", audit: 0xc0000015, word: 64, register: 64, born: version{3, 13}, goarch: "ppc64le"},
	{name: "s390x", ident: "S390X", column: "s390x", audit: 0x80000016, word: 64, register: 64, bigEndian: true, born: version{2, 4}, goarch: "s390x"},
	{name: "loongarch64", ident: "LoongArch64", column: "loongarch64", audit: 0xc0000102, word: 64, register: 64, born: version{5, 19}, goarch: "loong64"},
	{name: "mips", ident: "MIPS", column: "mips", base: 4000, audit: 0x00000008, word: 32, register: 32, evenPairs: true, bigEndian: true, born: version{2, 0}, goarch: "mips"},
	{name: "mipsel", ident: "MIPSEL", column: "mips", base: 4000, audit: 0x40000008, word: 32, register: 32, evenPairs: true, born: version{2, 0}, goarch: "mipsle"},
	{name: "mips64", ident: "MIPS64", column: "mips64", base: 5000, audit: 0x80000008, word: 64, register: 64, bigEndian: true, born: version{2, 4}, goarch: "mips64"},
	{name: "mips64el", ident: "MIPS64EL", column: "mips64", base: 5000, audit: 0xc0000008, word: 64, register: 64, born: version{2, 4}, goarch: "mips64le"},
}
