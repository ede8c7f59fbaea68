// Package narrow confines a Linux program to what it is for.
//
// A policy, one readable text, says which system calls a program may make,
// with which arguments, in which phase of its life and on which of its
// threads. A program applies it to itself with this package; the command
// narrow runs unmodified programs under such a policy; the packages below this
// one parse, compile, run and prove policies:
//
//   - abi: the architectures, their system calls and constants
//   - bpf: the machine that the kernel runs filters on
//   - policy: the language and its meaning
//   - narrowtest: assertions about what an application's phases allow
//
// # A first program
//
//	sandbox, err := narrow.Open("server.narrow") // parsed, compiled, proved; nothing installed
//	if err != nil {
//		log.Fatal(err)
//	}
//	listener, err := net.Listen("tcp", ":7000") // while it may still do everything
//	...
//	report, err := sandbox.Enter("serving") // every thread of the process, for good
//	if err != nil {
//		log.Fatal(err)
//	}
//	log.Print(report)
//	for conn := range accepted(listener) {
//		go func() {
//			runtime.LockOSThread() // for good: the thread ends with the goroutine
//			if _, err := sandbox.EnterThread("worker"); err != nil { // this thread alone, for good
//				log.Fatal(err)
//			}
//			serve(conn)
//		}()
//	}
//
// # What is entered, and in which order
//
// Enter takes the policy's phases in their order, each once: no_new_privs, then
// Landlock on all threads, then the filter on all threads at once (TSYNC).
// EnterThread comes last and is for the goroutine that calls it. Every other
// order is an error, as the kernel would refuse it or leave a thread out.
// Filters stack, and the strictest verdict wins; nothing is ever taken back.
//
// The filter of a phase is the join of its thread classes. What entering a
// later phase or a class takes is kept by itself (Sandbox.Kept).
//
// # What Go itself needs
//
// The runtime makes calls on every thread: futex, nanosleep, mmap, madvise,
// epoll_pwait, tgkill, rt_sigreturn, clone and others. The set @go-runtime has
// them (see `narrow sets`). A policy that denies one of them with
// kill-process ends the program when the runtime next makes it.
//
// # What is believed
//
// Nothing that cannot be seen: what was asked for is read back from /proc for
// every thread, and Landlock, which /proc does not show, is tried. Where the
// phase itself keeps the program from looking, the report says Accepted.
//
// With cgo, libpsx calls Landlock on all threads. It lists the process's
// threads meanwhile, so that each domain leaves the list /proc/PID/task, and
// only the list, readable.
package narrow

// Version is the release that the command reports.
const Version = "0.1.0-dev"
