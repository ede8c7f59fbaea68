package narrow

import (
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// Support is what the running kernel can do for a program that narrows itself.
type Support struct {
	Seccomp         bool          // filters, by seccomp(2)
	Verdicts        []policy.Kind // what filters may answer, the strictest first
	Landlock        int           // the version of its interface; 0: none
	LandlockPorts   bool          // it controls TCP ports
	WriteXorExecute bool          // PR_SET_MDWE, for `memory write-xor-execute`

	// Lacks says of what is missing why, and which Linux has it. Each is
	// ErrNotSupported, or says why it could not be told.
	Lacks []error
}

// Probe asks the running kernel. It changes nothing and may be called at any
// time before a phase is entered; the calls that it makes are not kept.
func Probe() Support {
	var features kernel.Features
	var s Support
	lacks := func(err error) bool {
		if err != nil {
			s.Lacks = append(s.Lacks, err)
		}
		return err != nil
	}
	s.Seccomp = !lacks(features.Seccomp())
	for k := policy.KillProcess; s.Seccomp && k <= policy.Allow; k++ {
		if !lacks(features.Action(uint32(policy.Verdict{Kind: k}.Action().Kind()))) {
			s.Verdicts = append(s.Verdicts, k)
		}
	}
	version, err := features.Landlock()
	if !lacks(err) {
		s.Landlock, s.LandlockPorts = version, ruleset.HandlesPorts(version)
	}
	s.WriteXorExecute = !lacks(features.MDWE())
	return s
}

// Lacks is what the running kernel lacks for this policy, each once: what Enter
// would refuse, or by BestEffort pass over. It changes nothing, and is for the
// time before the first phase is entered.
func (s *Sandbox) Lacks() []error {
	if s.policy == nil {
		return nil
	}
	var features kernel.Features
	var all []error
	add := func(errs ...error) {
		for _, err := range errs {
			if err != nil && !slices.ContainsFunc(all, func(e error) bool { return e.Error() == err.Error() }) {
				all = append(all, err)
			}
		}
	}
	for _, st := range s.steps {
		for _, f := range st.filters() {
			add(lacksOf(&features, f.program))
		}
	}
	if files, network := s.blocks(); len(files)+len(network) > 0 {
		version, err := features.Landlock()
		add(err)
		if err == nil {
			add(ruleset.Lacks(version, files, network)...)
		}
	}
	if s.policy.Process.WriteXorExecute {
		add(features.MDWE())
	}
	return all
}

// blocks are those of all phases.
func (s *Sandbox) blocks() (files []*policy.FilesRules, network []*policy.NetworkRules) {
	for _, st := range s.steps {
		files = append(files, st.phase.Files...)
		network = append(network, st.phase.Network...)
	}
	return files, network
}

// lacksOf is what the kernel lacks for a program.
func lacksOf(features *kernel.Features, program bpf.Program) error {
	if err := features.Seccomp(); err != nil {
		return err
	}
	for _, i := range program {
		if i.Class() != bpf.RET {
			continue
		}
		if err := features.Action(uint32(bpf.Action(i.K).Kind())); err != nil {
			return err
		}
	}
	return nil
}
