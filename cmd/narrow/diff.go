package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

func newDiff(s *streams) *cobra.Command {
	var (
		set    settings
		sc     scope
		from   string
		limit  timeLimit
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what one policy or program lets run and another does not",
		Long: `Diff proves that two policies or programs (.bpf, .raw, .json) mean the same, or
prints, call by call, what they answer differently:

  +  what B lets run and A does not
  -  what A lets run and B does not
  ~  what both let run, or both stop, in different ways

Where it depends on the arguments, the call printed is a witness, the one with
the smallest arguments, and "of its calls" says how many are like it. Policies
are compared phase by phase and thread class by thread class, with their other
layers; against a program it is the filter that compile writes.

It ends with 0 if they are the same, with 1 if they differ or if --time is over
before it is known.`,
		Example: `  narrow diff old.narrow new.narrow
  narrow diff --json my.narrow filter.raw`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "-" && args[1] == "-" {
				return usage("only one of the two can be standard input")
			}
			r := &diffReport{Left: args[0], Right: args[1], Differences: []diffLine{}}
			if err := r.compare(s, limit.prover(), &set, &sc, from); err != nil {
				return err
			}
			return r.finish(s, asJSON)
		},
	}
	set.flags(c)
	sc.flags(c)
	fromFlag(c, &from)
	limit.flag(c)
	jsonFlag(c, &asJSON)
	return c
}

// diffReport is how two policies or programs differ.
type diffReport struct {
	Left        string      `json:"left"`
	Right       string      `json:"right"`
	Same        bool        `json:"same"`
	Differences []diffLine  `json:"differences"` // of the filters
	Layers      []diffLayer `json:"layers,omitempty"`
}

// diffLine is calls of one number that are answered differently.
type diffLine struct {
	Phase   string `json:"phase,omitempty"`
	Thread  string `json:"thread,omitempty"`
	Arch    string `json:"arch,omitempty"` // none: the ABIs that no table knows
	Call    string `json:"call"`
	Left    string `json:"left"`
	Right   string `json:"right"`
	Change  string `json:"change"`          // "+": only the right lets it run, "-": only the left, "~": both or neither
	Whole   bool   `json:"whole"`           // it is so whatever the arguments are
	Calls   string `json:"calls,omitempty"` // all of them in the notation, where one argument tells them
	Witness string `json:"witness,omitempty"`

	// Log2 is how many calls these are, OfLog2 how many have the number, as
	// powers of two.
	Log2   float64 `json:"log2"`
	OfLog2 float64 `json:"of_log2"`
}

// diffSide is one of the two, as it was read.
type diffSide struct {
	policy  *policy.Policy // nil for a program
	program *verify.Meaning
}

func readSide(s *streams, v *verify.Prover, set *settings, arg, from string) (*diffSide, error) {
	if !isProgram(arg, from) {
		p, err := set.load(arg, s)
		return &diffSide{policy: p}, err
	}
	prog, err := readProgram(s, arg, from)
	if err != nil {
		return nil, err
	}
	m, err := v.Program(prog)
	if err != nil {
		return nil, badInput(fmt.Errorf("%s: %w", arg, err))
	}
	return &diffSide{program: m}, nil
}

// compare reads both sides and collects how they differ.
func (r *diffReport) compare(s *streams, v *verify.Prover, set *settings, sc *scope, from string) error {
	left, err := readSide(s, v, set, r.Left, from)
	if err != nil {
		return err
	}
	right, err := readSide(s, v, set, r.Right, from)
	if err != nil {
		return err
	}
	if left.policy != nil && right.policy != nil {
		return r.comparePolicies(v, sc, left.policy, right.policy)
	}
	a, err := left.filter(v, sc)
	if err != nil {
		return err
	}
	b, err := right.filter(v, sc)
	if err != nil {
		return err
	}
	return r.add(v, a, b, "", "")
}

// filter is the program itself, or what compile would make of the policy.
func (d *diffSide) filter(v *verify.Prover, sc *scope) (*verify.Meaning, error) {
	if d.policy == nil {
		return d.program, nil
	}
	ph, err := sc.one(d.policy)
	if err != nil {
		return nil, err
	}
	return v.Rules(sc.rules(ph)), nil
}

// add collects the differences of two filters.
func (r *diffReport) add(v *verify.Prover, a, b *verify.Meaning, phase, thread string) error {
	list, err := v.Diff(a, b)
	if err != nil {
		return &statusError{statusNo, fmt.Errorf("whether they differ could not be decided: %w", err)}
	}
	for i := range list {
		line := lineOf(&list[i])
		line.Phase, line.Thread = phase, thread
		r.Differences = append(r.Differences, line)
	}
	return nil
}

// lineOf puts a difference into words.
func lineOf(d *verify.Difference) diffLine {
	line := diffLine{
		Left: policy.VerdictOf(d.Left).Format(d.Arch), Right: policy.VerdictOf(d.Right).Format(d.Arch), Whole: d.Whole,
		Change: change(d.Left, d.Right), Log2: round(d.Calls.Log2()), OfLog2: round(verify.Count{Calls: d.Calls.Of}.Log2()),
	}
	switch {
	case d.Arch == nil:
		line.Call = "calls of any other ABI"
	case d.Every:
		line.Call = "*"
	case d.Call == nil:
		line.Call = "calls beyond the tables"
	default:
		line.Call = d.Call.Name
	}
	if d.Arch != nil {
		line.Arch = d.Arch.Name
	}
	if d.Part != nil {
		line.Calls = partText(d.Arch, d.Call, d.Part)
	}
	if d.Witness != nil {
		line.Witness = describe(d.Witness.Call)
		if d.Arch != nil {
			line.Witness = policy.Describe(d.Arch, d.Witness.Call)
		}
	}
	return line
}

// change says which side lets the calls run.
func change(left, right bpf.Action) string {
	switch l, r := verify.Runs(left), verify.Runs(right); {
	case r && !l:
		return "+"
	case l && !r:
		return "-"
	}
	return "~"
}

// finish prints the report; the answer is no if there is a difference.
func (r *diffReport) finish(s *streams, asJSON bool) error {
	r.Same = len(r.Differences) == 0 && len(r.Layers) == 0
	var err error
	if asJSON {
		err = json.NewEncoder(s.out).Encode(r)
	} else {
		err = r.print(s)
	}
	if err == nil && !r.Same {
		err = no()
	}
	return err
}
