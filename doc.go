// Package narrow confines a Linux program to what it is for.
//
// A policy, one readable text, says which system calls a program may make,
// with which arguments, in which phase of its life and on which of its
// threads. The command narrow runs unmodified programs under such a policy;
// the packages below this one parse, compile, run and prove policies:
//
//   - abi: the architectures, their system calls and constants
//   - bpf: the machine that the kernel runs filters on
//   - policy: the language and its meaning
//
// See the README for a first policy and docs/ for the language.
package narrow

// Version is the release that the command reports.
const Version = "0.1.0-dev"
