// Package kernel is the only package that makes system calls for a sandbox:
// seccomp, Landlock, no_new_privs, ids, capabilities, limits, descriptors,
// labels, ptrace, and what /proc says of all of them.
//
// It is a function a call, under the kernel's name, and holds no policy: what
// to ask for is its callers' business (internal/launch, and the root package).
// What a call changes is changed for the calling thread only, unless its
// comment says otherwise, so the caller has locked its goroutine to the thread
// (runtime.LockOSThread) and tells why.
//
// A failure is an *Error that names the call, the layer and the thread and
// unwraps to the errno. What this kernel cannot do at all is an
// *UnsupportedFeatureError, which is ErrNotSupported. Off Linux everything is.
package kernel
