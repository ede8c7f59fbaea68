// Package seccomp is github.com/seccomp/libseccomp-golang v0.11 without cgo:
// its exported names, types, constants and semantics in pure Go. A program that
// uses that package changes its import path, or writes
//
//	replace github.com/seccomp/libseccomp-golang => .../narrow/compat/libseccomp
//	replace github.com/narrow-sandbox/narrow => .../narrow
//
// into its go.mod, and needs neither gcc nor the C library any more.
//
// The library that it stands for is libseccomp 2.6. What a filter means is the
// same; the program that is loaded is shorter and faster, as it is made by
// narrow's compiler: SetOptimize is kept and changes nothing, and
// SetSyscallPriority is a hint how often a call is made.
//
// One name is added: (*ScmpFilter).Lint tells of conditions that mean something
// else than they seem to.
//
// A new program has better choices than this interface: a policy
// (narrow.Parse), or the builder of package narrow.
package seccomp
