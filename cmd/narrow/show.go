package main

import (
	"encoding/json"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

func newShow(s *streams) *cobra.Command {
	var (
		set settings
		sc  scope
		as  showAs
	)
	c := &cobra.Command{
		Use:   "show POLICY",
		Short: "Show the effective powers: phase by thread by layer",
		Long: `Show prints what a policy leaves possible. First a table: for every phase and
thread class, and for all threads together, how many calls are possible, how many
of them only with some arguments, and which of them are dangerous, ~ marking those
that only some arguments let run. All threads together is what an attacker has, as
threads share memory. Then, for every phase, the layers with what each enforces,
the calls that are kept for entering a later phase, every call by thread class
(+ with any arguments, ~ with some), and the rules that look at arguments or deny.`,
		Example: "  narrow show memcached\n  narrow show --json my.narrow\n  narrow show --html powers.html my.narrow\n  narrow show --dot my.narrow | dot -Tsvg > phases.svg",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := as.check(); err != nil {
				return err
			}
			p, err := set.load(args[0], s)
			if err != nil {
				return err
			}
			s.warn(p)
			s.warnEmpty(p)
			arch, err := sc.chosenArch(p)
			if err != nil {
				return err
			}
			if !slices.Contains(p.Arches, arch) {
				return usage("the policy is not for %s: its `else` decides all of that, %v", arch.Name, p.Phases[0].Own.Else)
			}
			view, err := showPolicy(p, arch)
			if err != nil {
				return badInput(err)
			}
			return as.show(s, view)
		},
	}
	set.flags(c)
	sc.archFlag(c)
	as.flags(c)
	return c
}

// showAs is how the powers are shown: as a table unless something else is asked
// for.
type showAs struct {
	json, dot bool
	page      string
}

func (as *showAs) flags(c *cobra.Command) {
	jsonFlag(c, &as.json)
	c.Flags().StringVar(&as.page, "html", "", "write a page for a browser to `FILE`, which stands alone")
	c.Flags().BoolVar(&as.dot, "dot", false, "print phases and threads as a graph, for graphviz")
}

func (as *showAs) check() error {
	if as.json && as.dot || as.page != "" && (as.json || as.dot) {
		return usage("--json, --dot and --html are each for themselves: choose one")
	}
	return nil
}

func (as *showAs) show(s *streams, view *shownPolicy) error {
	switch {
	case as.json:
		return json.NewEncoder(s.out).Encode(view)
	case as.dot:
		return view.dot(s.out)
	case as.page == "-":
		return view.html(s.out)
	case as.page != "":
		return writeFile(as.page, view.html)
	}
	return view.print(s.out)
}

// writeFile makes a file of what write writes.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return badInput(err)
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
