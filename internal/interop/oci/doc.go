// Package oci reads the seccomp profiles of containers: Docker's, with what it
// includes for some machines, kernels and capabilities only, Podman's, and the
// flattened form of the OCI runtime specification, alone or in a config.json.
//
// A profile becomes a policy's text, which means what runc makes of the profile
// with libseccomp (TestRuncsFilter holds the two against each other):
//
//   - Registers are compared whole, as arg0 to arg5: libseccomp compares all 64
//     bits of an int, too.
//   - A rule without conditions wins over those with some for the same call, and
//     of several the first one does.
//   - A rule that compares an argument twice is as many rules.
//   - Calls by an ABI that the profile does not name kill the thread.
//
// Where rules with conditions and different actions meet, libseccomp's answer
// depends on how it grows its tree. Such a profile is refused, with a call on
// which the order of the rules matters.
//
// Three things differ. restart_syscall is always allowed, as every filter of
// narrow does. Where libseccomp also guards the multiplexers of old 32-bit ABIs
// (socketcall, ipc), the policy holds what the profile itself says of them. And
// on x32 libseccomp compares the low halves of registers that have 64 bits.
package oci

//go:generate go run ./gen
