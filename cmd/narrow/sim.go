package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

func newSim(s *streams) *cobra.Command {
	var (
		set    settings
		sc     scope
		from   string
		jsonl  bool
		steps  bool
		asJSON bool
		cover  string
	)
	c := &cobra.Command{
		Use:   "sim POLICY|PROGRAM [CALL... | --jsonl] [--trace-steps] [--coverage[=FILE]]",
		Short: "Run calls through a policy's program, or through any program",
		Long: `Sim compiles the policy (or reads the program: .bpf assembler, .raw, .json) and
runs calls through it as the kernel would. A CALL is written in the notation,
'socket(family == AF_INET)'; arguments that it leaves open are 0. Or it is JSON, as
--jsonl reads it from standard input, one a line:

  {"arch":"x86_64","nr":1,"ip":"0x0","args":["0x1","0x0","0x5","0x0","0x0","0x0"]}

and prints {"verdict":"allow","value":"0x7fff0000","steps":9} for each, with the
place of the rule that decided. A line may name its "phase" and "thread".

--trace-steps shows each instruction that a call runs through: the registers A
and X after it, the scratch words M that were written, and where it led.
--coverage reports behind the last call, on standard error or in FILE, which
instructions no call ran and which tests always came out the same.

It ends with 1 if a CALL is not let through; a stream ends with 0.`,
		Example: `  narrow sim memcached 'socket(family == AF_INET)' 'execve'
  narrow sim filter.raw 'write(fd == 1)'
  narrow sim --trace-steps filter.bpf 'openat(flags & O_ACCMODE == O_RDONLY)'
  narrow sim memcached --jsonl <calls.jsonl
  narrow sim memcached --jsonl --coverage <calls.jsonl >answers.jsonl`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if jsonl == (len(args) > 1) {
				return usage("sim wants calls in the notation, or --jsonl")
			}
			sim, err := loadSimulator(s, args[0], from, &set, sc)
			if err != nil {
				return err
			}
			sim.traced, sim.counted = steps, cover != ""
			if jsonl {
				err = simStream(sim, s.in, s.out)
			} else {
				err = simCalls(s, sim, args[1:], asJSON)
			}
			if cover == "" {
				return err
			}
			return errors.Join(err, sim.reportCoverage(s, cover, asJSON))
		},
	}
	set.flags(c)
	sc.flags(c)
	sc.archFlag(c)
	fromFlag(c, &from)
	c.Flags().BoolVar(&jsonl, "jsonl", false, "read one JSON call a line from standard input")
	c.Flags().BoolVar(&steps, "trace-steps", false, "show each instruction that a call runs through")
	c.Flags().StringVar(&cover, "coverage", "", "report what no call reached, to `FILE`, or to standard error without one")
	c.Flags().Lookup("coverage").NoOptDefVal = "-"
	jsonFlag(c, &asJSON)
	return c
}

// parseCall reads a call in the notation, or as a line of --jsonl.
func (sim *simulator) parseCall(text string) (lineCall, error) {
	if !strings.HasPrefix(text, "{") {
		data, err := parseCall(text, sim.arch)
		return lineCall{data: data}, err
	}
	c, err := sim.parseLine([]byte(text))
	if err != nil {
		return c, badInput(fmt.Errorf("%s: %w", kernel.Printable(text), err))
	}
	return c, nil
}

// describe writes a call in the notation, with its arch where that is another
// than is meant anyway.
func (sim *simulator) describe(d bpf.Data) string {
	if d.Arch == sim.arch.Audit && sim.arch.Owns(d.Nr) {
		return policy.Describe(sim.arch, d)
	}
	return describe(d)
}

// simCalls answers calls in the notation, a line each.
func simCalls(s *streams, sim *simulator, calls []string, asJSON bool) error {
	denied := false
	for _, text := range calls {
		c, err := sim.parseCall(text)
		if err != nil {
			return err
		}
		a, err := sim.answer(c)
		if err != nil {
			return err
		}
		said := sim.describe(c.data)
		denied = denied || !a.verdict.Kind.Runs()
		if asJSON {
			err = json.NewEncoder(s.out).Encode(a.wire(said))
		} else {
			_, err = fmt.Fprintf(s.out, "%s: %s%s, %d steps\n", said, a.verdict, a.because(), a.steps)
		}
		if err == nil && a.trail != nil && !asJSON {
			err = a.view.printTrail(s.out, a.trail)
		}
		if err != nil {
			return err
		}
	}
	if denied {
		return no()
	}
	return nil
}
