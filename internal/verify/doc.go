// Package verify decides what a filter does to every call there can be, and
// proves or refutes that two filters agree.
//
// A filter, be it a finished program or the rules of a policy, is a function
// from a call to the value that the kernel acts on. A call is 512 bits:
// architecture, number, instruction pointer, six arguments. The package holds
// such functions as decision diagrams (see diagram): reduced, ordered and
// shared, so that two functions are equal exactly if they are the same node.
// Rules become diagrams condition by condition; a program is executed once,
// on all calls at the same time, with each bit of each register a diagram.
//
//	p := verify.New(verify.Limits{})
//	code, err := p.Program(program) // an error: the kernel would refuse it
//	want, err := p.Rules(rules)
//	result, err := p.Equal(code, want)
//
// An answer is yes, no with a witness, or unknown with the reason: what takes
// more nodes or time than the Limits is never guessed. Every witness has been
// run through the virtual machine and the reference evaluation before it is
// handed out; should they not confirm it, the error is ErrInconsistent.
//
// The package shares no code with the compiler, which it is there to doubt.
package verify
