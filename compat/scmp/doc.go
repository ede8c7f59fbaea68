// Package scmp has the semantics of the C library libseccomp in Go: filter
// contexts, to which rules are added call by call and architecture by
// architecture, and from which a program comes.
//
// What a context means is libseccomp's (2.6): how rules overlap and which
// contradict each other, pseudo numbers, calls multiplexed by socketcall and
// ipc, 64-bit comparisons. The program that comes out is this module's own, so
// that it is shorter and takes fewer steps: the context becomes policy.Rules,
// and the compiler does the rest.
//
// The module in compat/libseccomp gives it the names of
// github.com/seccomp/libseccomp-golang, so that a Go program drops cgo by
// changing an import. New programs write a policy, or use the builder of
// package narrow.
//
// Errors are the syscall.Errno that the C function returns, negated there.
package scmp

//go:generate go run ./gen
