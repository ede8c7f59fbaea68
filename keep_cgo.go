//go:build cgo

package narrow

// allThreadsCalls is what a Landlock domain for all threads takes with cgo:
// libpsx lists the threads in /proc and signals each (psx.c:__psx_syscall).
var allThreadsCalls = []string{
	"landlock_restrict_self",
	"openat(flags has O_DIRECTORY, flags & O_ACCMODE == O_RDONLY)", "open(flags has O_DIRECTORY, flags & O_ACCMODE == O_RDONLY)",
	"getdents64", "close", "tkill", "gettid", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "futex",
}
