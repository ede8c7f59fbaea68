//go:build !cgo

package narrow

// allThreadsCalls is what a Landlock domain for all threads takes without cgo:
// the runtime signals each thread (runtime.syscall_runtime_doAllThreadsSyscall).
var allThreadsCalls = []string{
	"landlock_restrict_self",
	"tgkill", "getpid", "gettid", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "nanosleep", "futex",
}
