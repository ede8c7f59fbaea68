// Package inject makes every thread of another process take on the layers of a
// phase: no_new_privs, Landlock, the filter of the thread's class.
//
// A kernel has no call that narrows somebody else. So the process is traced for
// a few milliseconds: all threads are stopped, each is made to call prctl,
// landlock_restrict_self and seccomp itself, is looked at in /proc, and goes on
// where it was. Nothing of narrow stays in it, no memory, no descriptor, no
// tracer.
//
// # What the program sees of it
//
// Nothing but the time. A thread that slept in a call is back in it with what
// is left of its timeout, as after a signal without a handler, and also where
// the kernel by itself would return EINTR (see restart). A thread's mask of
// signals is full meanwhile, so that those that arrive wait in the kernel's own
// queues; none is lost, doubled or reordered. The memory that arguments need is
// borrowed from below the stack and put back. A process that is stopped by
// SIGSTOP is so afterwards.
//
// One thing is not as if nothing had happened: epoll_wait, sigtimedwait,
// semtimedop and io_getevents begin their timeout anew, as nobody tells how
// much of it has passed, and no register or memory of the program is changed to
// shorten it. They return late by what they had already slept, once. On aarch64
// they return EINTR, as they may after any stop (signal(7)), to a thread that
// began to sleep between our look at it and the stop: there the kernel forgets
// with what argument they were called (see readBehind).
//
// # All threads or none
//
// What can be found wrong is found before anything is changed: filters are
// compiled and proved before the process is even stopped; a thread whose
// interrupted call its new rules would deny, and that does not come to the
// call's end while the others wait a moment, a thread that does not stop, a
// filter of others that could stop our calls, a kernel that lacks a layer end
// the step with the process untouched. What the kernel refuses in the middle,
// after a thread has taken on something that cannot be taken off, is an Error
// that is Partial.
//
// # The tracer's thread
//
// ptrace knows a tracer by its thread. So every method of a Process is called
// on one goroutine, locked to its thread, by which Attach was called. Should
// that thread end, the kernel detaches whatever it still traced.
package inject
