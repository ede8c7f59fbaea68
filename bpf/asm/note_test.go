package asm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestListing: what is known on each path, and where paths of different calls
// and arches meet.
func TestListing(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"two arches that share code", `
			ld [arch]
			jeq #AUDIT_ARCH_X86_64, amd64
			jne #AUDIT_ARCH_I386, bad
			ld [nr]
			jeq #5, open
			jeq #295, openat
			ja deny
		amd64:	ld [nr]
			jge #0x40000000, bad
			jeq #2, open
			jeq #257, openat
			jgt #434, deny, ok
		open:	ld [args[1]]
			ja test
		openat:	ld [args[2]]
		test:	and #O_ACCMODE
			jeq #O_RDONLY, ok
		deny:	ret #SECCOMP_RET_ERRNO|ENOSYS
		ok:	ret #SECCOMP_RET_ALLOW
		bad:	ret #SECCOMP_RET_KILL_PROCESS
		`, `
   0          ld [4]                          ; arch
   1          jeq #0xc000003e, L7             ; arch == x86_64
   2          jne #0x40000003, L19            ; arch != i386
   3          ld [0]                          ; nr
   4          jeq #5, L12                     ; nr == open
   5          jeq #295, L14                   ; nr == openat
   6          ja L17
   7  L7:     ld [0]                          ; nr
   8          jge #0x40000000, L19            ; nr >= 0x40000000 (x32)
   9          jeq #2, L12                     ; nr == open
  10          jeq #257, L14                   ; nr == openat
  11          jgt #434, L17, L18              ; nr > pidfd_open
  12  L12:    ld [24]                         ; flags
  13          ja L15
  14  L14:    ld [32]                         ; flags
  15  L15:    and #3
  16          jeq #0, L18
  17  L17:    ret #0x50026                    ; errno ENOSYS
  18  L18:    ret #0x7fff0000                 ; allow
  19  L19:    ret #0x80000000                 ; kill-process
`},
		{"big endian, a dead path, each action", `
			ld [arch]
			jne #AUDIT_ARCH_S390X, else
			ld [nr]
			jne #4, else
			ld [20]
			jeq #7, trap
			ld [16]
			jset #1, trace
			jeq #4, log, notify
			ret #SECCOMP_RET_TRAP|7
		trap:	ret #SECCOMP_RET_TRAP
		trace:	ret #SECCOMP_RET_TRACE|5
		log:	ret #SECCOMP_RET_LOG
		notify:	ret #SECCOMP_RET_USER_NOTIF
		else:	ld [nr]
			jeq #4, capped, x32
		capped:	ret #SECCOMP_RET_ERRNO|5000
		x32:	ret #0x12340000
		`, `
   0          ld [4]                          ; arch
   1          jne #0x80000016, L14            ; arch != s390x
   2          ld [0]                          ; nr
   3          jne #4, L14                     ; nr != write
   4          ld [20]                         ; fd
   5          jeq #7, L10                     ; write: fd == 7
   6          ld [16]                         ; fd.hi
   7          jset #1, L11                    ; write: fd.hi & 1 != 0
   8          jeq #4, L12, L13                ; write: fd.hi == 4
   9          ret #0x30007                    ; never runs
  10  L10:    ret #0x30000                    ; trap
  11  L11:    ret #0x7ff00005                 ; trace 5
  12  L12:    ret #0x7ffc0000                 ; log
  13  L13:    ret #0x7fc00000                 ; notify
  14  L14:    ld [0]                          ; nr
  15          jne #4, L17                     ; nr != 4
  16          ret #0x51388                    ; errno 4095
  17  L17:    ret #0x12340000                 ; kill-process: no action of Linux
`},
		{"x32 and several calls with one argument", `
			ld [arch]
			jne #AUDIT_ARCH_X86_64, bad
			ld [nr]
			jeq #0x40000201, x32
			jeq #0, fd
			jeq #1, fd
			jge #60, bad
			jge #59, exec, bad
		fd:	ld [args[0]]
			jgt #2, bad, ok
		x32:	ld [args[0]]
			jgt #2, bad, ok
		exec:	ld [args[0].hi]
			jeq #0, ok
		bad:	ret #0
		ok:	ret #SECCOMP_RET_ALLOW
		`, `
   0          ld [4]                          ; arch
   1          jne #0xc000003e, L14            ; arch != x86_64
   2          ld [0]                          ; nr
   3          jeq #0x40000201, L10            ; nr == x32 rt_sigreturn
   4          jeq #0, L8                      ; nr == read
   5          jeq #1, L8                      ; nr == write
   6          jge #60, L14                    ; nr >= exit
   7          jge #59, L12, L14               ; nr >= execve
   8  L8:     ld [16]                         ; fd
   9          jgt #2, L14, L15                ; fd > 2
  10  L10:    ld [16]                         ; args[0].lo
  11          jgt #2, L14, L15                ; rt_sigreturn: args[0].lo > 2
  12  L12:    ld [20]                         ; filename.hi
  13          jeq #0, L15                     ; execve: filename.hi == 0
  14  L14:    ret #0                          ; kill-thread
  15  L15:    ret #0x7fff0000                 ; allow
`},
		{"a packet filter", `
			ldh [12]
			jne #0x800, drop
			ldb [23]
			ldxb 4*([14]&0xf)
			ld proto
			jlt x, drop
			ret #96
			ret #-1
			.insn 0x15, 9, 9, 0
			.insn 0xfff, 1, 2, 3
		drop:	ret #0
		`, `
   0          ldh [12]
   1          jne #2048, L10
   2          ldb [23]
   3          ldxb 4*([14]&0xf)
   4          ld proto
   5          jlt x, L10
   6          ret #0x60                       ; accept up to 96 bytes
   7          ret #0xffffffff                 ; never runs
   8          .insn 0x15, 9, 9, 0x0           ; never runs
   9          .insn 0xfff, 1, 2, 0x3          ; unknown opcode
  10  L10:    ret #0                          ; drop
`},
	} {
		a, err := Assemble(c.name, []byte(c.source), Options{For: Socket})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if diff := cmp.Diff(c.want, "\n"+Listing(a.Program)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestGroupedFlags: flags joined by | are in parentheses behind an &.
func TestGroupedFlags(t *testing.T) {
	p, err := Read(Asm, "x", []byte(`
		.arch x86_64
		ld [arch]
		jne #AUDIT_ARCH_X86_64, bad
		ld [nr]
		jne #__NR_openat, bad
		ld [args[2]]
		jset #O_CREAT|O_TRUNC, bad
		and #O_CREAT|O_EXCL
		jeq #O_CREAT|O_EXCL, bad
		jeq #O_CREAT, bad
		ret #0
	bad:	ret #1
	`))
	if err != nil {
		t.Fatal(err)
	}
	lines := Lines(p)
	for pc, want := range map[int]string{
		5: "openat: flags & (O_CREAT|O_TRUNC) != 0",
		7: "openat: flags & (O_CREAT|O_EXCL) == O_CREAT|O_EXCL",
		8: "openat: flags & (O_CREAT|O_EXCL) == O_CREAT",
	} {
		if lines[pc].Note != want {
			t.Errorf("%d: %s, want %s", pc, lines[pc].Note, want)
		}
	}
}

// TestMacroNotes: each line of the C macros says what it tests, and where it
// leads.
func TestMacroNotes(t *testing.T) {
	source := `
		ld [arch]
		jne #AUDIT_ARCH_X86_64, bad
		ld [nr]
		jeq x, bad
		ja next
	next:	jset #1, bad
		jlt #3, bad
		ret #SECCOMP_RET_ERRNO|EPERM
	bad:	ret #0
	`
	a, err := Assemble("x", []byte(source), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `
BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x4),                        /*    0: A = arch */
BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 0, 6),          /*    1: if arch == x86_64 then 2, else 8 */
BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0x0),                        /*    2: A = nr */
BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0x0, 4, 0),                 /*    3: if A == X then 8, else 4 */
BPF_STMT(BPF_JMP | BPF_JA, 0x0),                                /*    4: go to 5 */
BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1, 2, 0),                /*    5: if nr & 1 != 0 then 8, else 6 */
BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x3, 0, 1),                 /*    6: if nr >= close then 7, else 8 */
BPF_STMT(BPF_RET | BPF_K, 0x50001),                             /*    7: errno EPERM */
BPF_STMT(BPF_RET | BPF_K, 0x0),                                 /*    8: kill-thread */
`
	if diff := cmp.Diff(want, "\n"+string(mustAppend(t, CMacros, a.Program))); diff != "" {
		t.Error(diff)
	}
}
