// Package seccomp builds a filter rule by rule, for programs that come from
// libseccomp:
//
//	libseccomp                          this package
//	seccomp_init(SCMP_ACT_ERRNO(EPERM)) b := seccomp.New(seccomp.Errno(syscall.EPERM))
//	seccomp_arch_add(ctx, ...)          b.Arch("x86_64", "aarch64")
//	SCMP_FLTATR_ACT_BADARCH             b.Else(seccomp.KillProcess())
//	seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_LE, 2))
//	                                    b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.LessEqual, 2))
//	seccomp_load(ctx)                   report, err := b.Load()
//	seccomp_export_bpf(ctx, fd)         b.Export(w, "raw")
//	seccomp_export_pfc(ctx, fd)         b.Export(w, "listing"), b.Export(w, "policy")
//
// The rules are those of the policy language: Policy returns the same
// policy.Policy that the text which Export writes would, so that everything
// that reads policies (check, show, sim, explain, narrow.New) reads these.
//
// # What is different
//
// Rules decide in the order in which they were added; the first that matches a
// call is its verdict, and New's where none does. Two rules for one call never
// contradict each other.
//
// Arguments have names and are compared as the kernel reads them: an `int` on
// its low 32 bits, with its sign. libseccomp compares all 64 bits of every
// register, so that a caller who puts garbage into the upper half walks round
// its denials and falls foul of its permissions. Register does it that way,
// where it is wanted.
//
// Nothing fails half way. What is wrong with any rule is told when the filter
// is asked for, all of it at once, with the line of Go that added the rule. The
// program is proved to be the rules before it is installed, all threads get it
// (TSYNC), and each is read back from /proc.
package seccomp
