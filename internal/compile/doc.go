// Package compile turns Rules into a Program for the kernel: the fewest
// instructions and the fewest steps that it can find for the same verdicts.
//
// The way of a policy through the package, a file each:
//
//	Rules ─ check ─ predicate ─ sweep, lower ─ diagram, chain ─ tree ─ graph ─ layout → Program
//
// Lowering cuts the call numbers of each audit arch into runs that are decided
// alike. What decides is a verdict or a diagram over 32-bit words of the
// arguments. Numbers and words alike are searched by trees of comparisons, which
// a dynamic program makes. Diagrams and trees become nodes of one graph, where
// equal nodes are the same node, and the layout puts that graph in a row.
//
// A program reads the arch, then the number, and only then arguments. On the
// way to an allow that needs no argument it uses nothing but what the kernel
// emulates for its constant-action bitmap (kernel/seccomp.c:
// seccomp_is_const_allow).
//
// The verifier (internal/verify) shares no code with this package and proves
// each result.
package compile
