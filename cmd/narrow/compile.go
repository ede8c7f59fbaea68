package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

func newCompile(s *streams) *cobra.Command {
	var (
		set    settings
		sc     scope
		output string
		how    compilation
	)
	c := &cobra.Command{
		Use:   "compile POLICY",
		Short: "Compile a policy into a seccomp program",
		Long: `Compile writes the program of one phase, for one thread class or for the whole
process (the join of the classes), once it is proved to be the policy, in a
format of your choice:

  listing      for people: labels, names of calls and arguments, verdicts
  asm          assembler that narrow and bpfc read back to the same bytes
  c            struct sock_filter initialisers, as bpfc prints them
  c-macros     BPF_STMT and BPF_JUMP lines, each with a comment
  raw          struct sock_filter, 8 bytes each, little-endian
  json         [[code,jt,jf,k],...]
  svg          the control flow as a picture; dot: for Graphviz
  go, hex, netsniff-ng, xt_bpf, tcpdump
  c-header     one header for C and C++ with all phases, thread classes and
               architectures: a function for each, 0 or -errno
  rules        the flattened rules as text
  policy       the policy's text, formatted

With --trace the calls that were counted most take the fewest steps. A trace has
lines of a count and a call, such as "1042 read(fd == 7)", lines of strace, or
the table of strace -c. No trace changes a verdict.`,
		Example: "  narrow compile memcached\n  narrow compile --to raw -o memcached.raw memcached\n  narrow compile --to c-header -o memcached_narrow.h memcached\n  narrow compile --trace strace.out --to asm my.narrow",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := compileTo(s, &set, &sc, args[0], how)
			if err != nil {
				return err
			}
			return writeOutput(s.out, output, text)
		},
	}
	set.flags(c)
	sc.flags(c)
	sc.archFlag(c)
	toFlag(c, &how.to, asm.Text, programFormats()+", "+formatCHeader+", rules, policy")
	c.Flags().StringArrayVar(&how.traces, "trace", nil, "make the calls counted in `FILE` quick (again for more files)")
	c.Flags().BoolVar(&how.bestEffort, "best-effort", false, "c-header: leave out, with a comment, what a program cannot do to itself")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	return c
}

// compilation is what the flags of compile ask for.
type compilation struct {
	to         string
	traces     []string
	bestEffort bool
}

// compileTo is the whole verb but for writing its result.
func compileTo(s *streams, set *settings, sc *scope, arg string, how compilation) ([]byte, error) {
	switch {
	case how.to == formatCHeader:
		return compileCHeader(s, set, sc, arg, how)
	case how.bestEffort:
		return nil, usage("--best-effort is for --to c-header")
	case how.to == "policy":
		return formatted(s, arg)
	}
	p, err := set.load(arg, s)
	if err != nil {
		return nil, err
	}
	s.warn(p)
	s.warnEmpty(p)
	ph, err := sc.one(p)
	if err != nil {
		return nil, err
	}
	rules, err := sc.onlyArch(sc.rules(ph))
	if err != nil {
		return nil, err
	}
	if how.to == "rules" {
		return rulesText(rules), nil
	}
	prog, err := how.program(s, proved.Remember(), rules)
	if err != nil {
		return nil, err
	}
	return formatProgram(how.to, prog)
}

// program compiles rules by the weights of the traces, and proves the program.
func (how *compilation) program(s *streams, proofs *proved.Proofs, rules *policy.Rules) (bpf.Program, error) {
	weights, err := readTraces(s, how.traces, rules)
	if err != nil {
		return nil, err
	}
	prog, err := proofs.Compile(rules, compile.Options{Weights: weights})
	var unproved *proved.Error
	if errors.As(err, &unproved) {
		return nil, &statusError{statusNo, err}
	}
	if err != nil {
		return nil, badInput(err)
	}
	return prog, nil
}

// formatted is the text of the policy itself in the canonical format.
func formatted(s *streams, arg string) ([]byte, error) {
	src, err := readSource(arg, s)
	if err != nil {
		return nil, err
	}
	f, err := policy.Parse(src.name, src.text)
	if err != nil {
		return nil, badInput(err)
	}
	return f.Format(), nil
}

// onlyArch keeps the rules of --arch; without it all of them.
func (sc *scope) onlyArch(r *policy.Rules) (*policy.Rules, error) {
	if sc.arch == "" {
		return r, nil
	}
	want, ok := abi.ByName(sc.arch)
	if !ok {
		return nil, usage("unknown arch %q", sc.arch)
	}
	for _, a := range r.Arches {
		if a.Arch == want {
			return &policy.Rules{Arches: []*policy.ArchRules{a}, Else: r.Else, ElseAt: r.ElseAt}, nil
		}
	}
	return nil, usage("the policy is not for %s", want.Name)
}

// rulesText is the flattened rules, the first that matches deciding.
func rulesText(r *policy.Rules) []byte {
	var b bytes.Buffer
	for _, a := range r.Arches {
		for i, list := range a.Lists {
			fmt.Fprintf(&b, "# %s", a.Arch.Name)
			if len(a.Lists) > 1 {
				fmt.Fprintf(&b, ", list %d of %d; a call's verdict is the least strict of the lists'", i+1, len(a.Lists))
			}
			b.WriteByte('\n')
			for _, rule := range list {
				fmt.Fprintf(&b, "%s %s  # %s\n", rule.Verdict, rule.Text, rule.Pos)
			}
		}
	}
	fmt.Fprintf(&b, "# any other ABI\n%s *  # %s\n", r.Else, r.ElseAt)
	return b.Bytes()
}

// writeOutput writes text to the file output, or to w without one.
func writeOutput(w io.Writer, output string, text []byte) error {
	if output == "" || output == "-" {
		_, err := w.Write(text)
		return err
	}
	if err := os.WriteFile(output, text, 0o666); err != nil {
		return badInput(err)
	}
	return nil
}
