package proved

import (
	"crypto/sha256"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// Proofs answers whether filters are what they should be. It is not safe for
// concurrent use. The zero value is of no use.
type Proofs struct {
	folder folder
	prover *verify.Prover // nil until something has to be proved
	known  map[*policy.Rules][sha256.Size]byte
}

// Afresh proves everything in this process and touches no file.
func Afresh() *Proofs { return within(folder{}) }

// Remember proves what this user has not proved before, and remembers it.
func Remember() *Proofs { return within(folder{ownFolder()}) }

func within(f folder) *Proofs {
	return &Proofs{folder: f, known: map[*policy.Rules][sha256.Size]byte{}}
}

// Filter compiles rules, which must not change any more. The error is the
// compiler's, or an *Error if the program is not proved to be them.
func (p *Proofs) Filter(r *policy.Rules) (bpf.Program, error) { return p.Compile(r, compile.Options{}) }

// Compile is Filter with options, none of which changes what is proved.
func (p *Proofs) Compile(r *policy.Rules, o compile.Options) (bpf.Program, error) {
	program, err := compile.Compile(r, o)
	if err != nil {
		return nil, err
	}
	return program, p.same(program, r)
}

// same proves that a program is rules.
func (p *Proofs) same(program bpf.Program, r *policy.Rules) error {
	k := newKey("is the program the rules?")
	k.program(program)
	k.text(p.digest(r))
	return p.ask(k.name(), func(v *verify.Prover) error { return same(v, program, r) })
}

func same(v *verify.Prover, program bpf.Program, r *policy.Rules) error {
	code, err := v.Program(program)
	if err != nil {
		return err
	}
	return yes("the filter is not proved to be the policy")(v.Equal(code, v.Rules(r)))
}

// Order proves that later lets nothing run which the filters before it, the
// oldest first, stop. The error is an *Error.
func (p *Proofs) Order(later *policy.Rules, earlier ...*policy.Rules) error {
	k := newKey("does it let run no more than those before?")
	p.order(k, later, earlier)
	return p.ask(k.name(), func(v *verify.Prover) error { return inOrder(v, later, earlier) })
}

// Staircase is Order of all phases and threads of a policy, which is remembered
// as one question.
func (p *Proofs) Staircase(stairs []policy.Stair) error {
	k := newKey("do all let run no more than those before?")
	for i := range stairs {
		p.order(k, stairs[i].Later, stairs[i].Earlier)
	}
	return p.ask(k.name(), func(v *verify.Prover) error {
		for i := range stairs {
			if err := inOrder(v, stairs[i].Later, stairs[i].Earlier); err != nil {
				return err
			}
		}
		return nil
	})
}

// order writes what is asked of the order of some rules.
func (p *Proofs) order(k *key, later *policy.Rules, earlier []*policy.Rules) {
	k.number(uint64(len(earlier)))
	k.text(p.digest(later))
	for _, r := range earlier {
		k.text(p.digest(r))
	}
}

func inOrder(v *verify.Prover, later *policy.Rules, earlier []*policy.Rules) error {
	var stack []*verify.Meaning
	for _, r := range earlier {
		stack = append(stack, v.Rules(r))
	}
	return yes("it is not proved to let run no more than the phases before it")(v.Subset(v.Rules(later), v.Stack(stack...)))
}

// ask is nil if memory or the proof says so.
func (p *Proofs) ask(name string, proof func(*verify.Prover) error) error {
	if p.folder.knows(name) {
		return nil
	}
	if p.prover == nil {
		p.prover = verify.New(verify.Limits{})
	}
	if err := proof(p.prover); err != nil {
		return err
	}
	p.folder.remember(name)
	return nil
}

// yes turns every answer but that into an *Error.
func yes(what string) func(verify.Result, error) error {
	return func(r verify.Result, err error) error {
		if err != nil || r.Answer != verify.Yes {
			return &Error{What: what, Result: r, Err: err}
		}
		return nil
	}
}

// digest is the hash of what decides in rules.
func (p *Proofs) digest(r *policy.Rules) string {
	sum, ok := p.known[r]
	if !ok {
		k := emptyKey()
		k.rules(r)
		sum = k.hash()
		p.known[r] = sum
	}
	return string(sum[:])
}

// Error is something that is not proved: refuted, unknown, or not to be asked.
type Error struct {
	What   string
	Result verify.Result // no, with a witness, or unknown, with a reason
	Err    error         // why it could not be asked
}

// Error says what is not proved and why.
func (e *Error) Error() string { return e.What + ": " + e.Why() }

// Unwrap is why it could not be asked.
func (e *Error) Unwrap() error { return e.Err }

// Why is the witness, in the notation, or the reason.
func (e *Error) Why() string {
	switch w := e.Result.Witness; {
	case e.Err != nil:
		return e.Err.Error()
	case w == nil:
		return e.Result.Reason
	default:
		return describe(w.Call)
	}
}

func describe(d bpf.Data) string {
	if a, ok := abi.ByAudit(d.Arch, d.Nr); ok {
		return policy.Describe(a, d) + " on " + a.Name
	}
	return fmt.Sprintf("call %d of audit arch %#x", d.Nr, d.Arch)
}
