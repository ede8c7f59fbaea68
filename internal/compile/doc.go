// Package compile turns Rules into a Program for the kernel: the fewest
// instructions and the fewest steps that it can find for the same verdicts.
//
// The way of a policy through the package, a file each:
//
//	Rules ─ check      are they what policy.Rules promises?
//	      ─ predicate  conditions, as literals about 32-bit words
//	      ─ lower      call numbers, as runs that are decided alike (sweep)
//	      ─ diagram    what decides where arguments matter (state, cascade, estimate)
//	      ─ table      each architecture's runs with their code; those that
//	                   are much alike together, by the weights of calls
//	      ─ tree       searches over numbers and words (cutout, bits, hot)
//	      ─ graph      nodes, no two of them equal
//	      ─ layout     the graph in a row → Program
//
// Numbers and words alike are searched by trees of comparisons, which a dynamic
// program makes: see tree.go. Whatever is decided alike, on whatever
// architecture, is decided by the same instructions.
//
// A program reads the arch, then the number, and only then arguments. On the
// way to an allow that needs no argument it uses nothing but what the kernel
// emulates for its constant-action bitmap (kernel/seccomp.c:
// seccomp_is_const_allow).
//
// The verifier (internal/verify) shares no code with this package and proves
// each result.
package compile
