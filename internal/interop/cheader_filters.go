package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/policy"
)

// cFilter is a program as an array.
type cFilter struct {
	Name, About, Text string
}

// cPrograms are the programs of one architecture: for each phase the
// process's, nil if it installs none, and its classes'.
type cPrograms struct {
	wide    []bpf.Program
	classes []map[string]bpf.Program
}

// costliest is the program of a phase's classes that costs most.
func (of *cPrograms) costliest(phase int) (most bpf.Program) {
	for _, p := range of.classes[phase] {
		if most == nil || p.Cost() > most.Cost() {
			most = p
		}
	}
	return most
}

// compile makes all programs.
func (h *cHeader) compile() error {
	for _, a := range h.policy.Arches {
		of := cPrograms{make([]bpf.Program, len(h.policy.Phases)), make([]map[string]bpf.Program, len(h.policy.Phases))}
		arch := cArch{Name: a.Name, Condition: cConditions[a.Name]}
		for i, ph := range h.policy.Phases {
			if err := h.compilePhase(a, i, ph, &of, &arch); err != nil {
				return fmt.Errorf("phase %s on %s: %w", ph.Name, a.Name, err)
			}
		}
		arch.Numbers = h.numbers(a)
		h.Arches, h.programs = append(h.Arches, arch), append(h.programs, of)
	}
	h.ArchNames = archNames(h.policy.Arches)
	h.Actions = newerActions(h.programs)
	return nil
}

func (h *cHeader) compilePhase(a *abi.Arch, i int, ph *policy.PhaseRules, of *cPrograms, arch *cArch) error {
	if ph.Strict || ph.Unfiltered() {
		return nil
	}
	wide, err := h.wide(i)
	if err != nil {
		return err
	}
	where := "phase " + inComment(ph.Name)
	if filtered(ph) {
		if of.wide[i], err = h.program(a, wide, arch, cFilter{Name: wideFilter(i, ph), About: where}); err != nil {
			return err
		}
	}
	of.classes[i] = map[string]bpf.Program{}
	for n, name := range h.classNames {
		if classKind(ph, name) != filters {
			continue
		}
		about := where + ", threads that no block names"
		if name != "" {
			about = where + ", thread " + inComment(name)
		}
		filter := cFilter{Name: classFilter(i, ph, n, name), About: about}
		if of.classes[i][name], err = h.program(a, classRules(ph, name), arch, filter); err != nil {
			return err
		}
	}
	return nil
}

// wide is the rules of a phase's process-wide filter, with what entering the
// later phases and the classes takes.
func (h *cHeader) wide(i int) (*policy.Rules, error) {
	ph := h.policy.Phases[i]
	return h.policy.Keep(ph.Wide(), keptCalls(h.policy.Phases, i)...)
}

// program compiles rules for one architecture and adds the array to its part.
func (h *cHeader) program(a *abi.Arch, rules *policy.Rules, arch *cArch, filter cFilter) (bpf.Program, error) {
	program, err := h.options.Program(onKernelOf(a, rules))
	if err != nil {
		return nil, err
	}
	text, err := asm.Append(nil, asm.CMacros, program)
	if err != nil {
		return nil, err
	}
	filter.Text = "\t" + strings.TrimSuffix(strings.ReplaceAll(string(text), "\n", "\n\t"), "\t")
	arch.Filters = append(arch.Filters, filter)
	return program, nil
}

// wideFilter and classFilter name filters so that no two names are one.
func wideFilter(i int, ph *policy.PhaseRules) string {
	return fmt.Sprintf("%d_%s", i, cSymbol(ph.Name))
}

func classFilter(i int, ph *policy.PhaseRules, n int, class string) string {
	if class == "" {
		class = "others"
	}
	return fmt.Sprintf("%s_%d_%s", wideFilter(i, ph), n, cSymbol(class))
}

// array is a filter as two arguments of a C function.
func array(filter string) string {
	name := "narrow_POLICY_filter_" + filter
	return fmt.Sprintf("%s, sizeof(%s) / sizeof(%s[0])", name, name, name)
}

// keptCalls are the calls that the filter of phase i must let through besides
// those that the policy keeps anyway: what a C program takes to put all of its
// threads into a later phase's Landlock domain, and a thread into its class.
func keptCalls(phases []*policy.PhaseRules, i int) []string {
	var kept []string
	if blocksIn(phases[i+1:]) {
		kept = append(kept, "landlock_restrict_self(flags == 8)", "unshare(unshare_flags == CLONE_THREAD)", "tgkill(sig == 0)")
		kept = append(kept, policy.InsideCalls()...)
	}
	if len(phases[i].Classes) > 0 {
		kept = append(kept, policy.EnterThread)
	}
	return kept
}

// newerActions lists the actions of programs that came with Linux 4.14, as C
// numbers: an older kernel takes a filter with them and does something else.
func newerActions(all []cPrograms) string {
	var used []string
	see := func(p bpf.Program) {
		for _, in := range p {
			k := bpf.Action(in.K).Kind()
			if in.Class() == bpf.RET && (k == bpf.RetKillProcess || k == bpf.RetLog) {
				used = append(used, fmt.Sprintf("0x%08x", uint32(k)))
			}
		}
	}
	for _, of := range all {
		for i := range of.wide {
			see(of.wide[i])
			for _, p := range of.classes[i] {
				see(p)
			}
		}
	}
	slices.Sort(used)
	return strings.Join(slices.Compact(used), ", ")
}
