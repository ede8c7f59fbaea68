package inject

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// Plan makes the layers by which a live process enters the phase of a policy
// that has the index at, whether or not it has entered those before. Those
// allow more, so that the filter of this phase stands for theirs; their files
// and network blocks come with it.
//
// What of the policy cannot be had is in lacks: the caller decides.
func Plan(p *policy.Policy, at, pid int) (l *Layers, lacks []Lack, err error) {
	var features kernel.Features
	domains, lacks := domainsOf(&features, p.Phases[:at+1])
	if l, err = New(p.Phases[at], domains[at]); err != nil {
		return nil, nil, err
	}
	l.Earlier = domains[:at]
	l.Before = p.Phases[:at]
	l.Limits = p.Process.Limits
	if l.Capabilities, err = capabilities(&p.Process); err != nil {
		return nil, nil, err
	}
	if p.Process.WriteXorExecute {
		if err := features.MDWE(); err != nil {
			lacks = append(lacks, Lack{kernel.Memory, err})
		} else {
			l.Memory = true
		}
	}
	lacks = append(lacks, l.kernelLacks(&features)...)
	lacks = append(lacks, labelLacks(p.Phases[:at+1])...)
	return l, append(lacks, identityLacks(&p.Process, pid)...), nil
}

// domainsOf plans the Landlock domains of phases, for each by itself.
func domainsOf(features *kernel.Features, phases []*policy.PhaseRules) (domains [][]*ruleset.Plan, lacks []Lack) {
	domains = make([][]*ruleset.Plan, len(phases))
	var files []*policy.FilesRules
	var network []*policy.NetworkRules
	for _, phase := range phases {
		files, network = append(files, phase.Files...), append(network, phase.Network...)
	}
	if len(files)+len(network) == 0 {
		return domains, nil
	}
	version, err := features.Landlock()
	if err != nil {
		return domains, []Lack{{kernel.Landlock, err}}
	}
	for _, err := range ruleset.Lacks(version, files, network) {
		lacks = append(lacks, Lack{kernel.Landlock, err})
	}
	for i, phase := range phases {
		domains[i] = ruleset.Of(phase.Files, phase.Network, kernel.RightsOf(version))
	}
	return domains, lacks
}

// kernelLacks is what the kernel lacks for the filters.
func (l *Layers) kernelLacks(features *kernel.Features) []Lack {
	if len(l.filters()) == 0 {
		return nil
	}
	if err := features.Seccomp(); err != nil {
		return []Lack{{kernel.Seccomp, err}}
	}
	var lacks []Lack
	seen := map[bpf.Action]bool{}
	for _, f := range l.filters() {
		for _, i := range f.Program {
			kind := bpf.Action(i.K).Kind()
			if i.Class() != bpf.RET || seen[kind] {
				continue
			}
			seen[kind] = true
			if err := features.Action(uint32(kind)); err != nil {
				lacks = append(lacks, Lack{kernel.Seccomp, err})
			}
		}
	}
	return lacks
}

// labelLacks says that a label is not given from outside.
func labelLacks(phases []*policy.PhaseRules) []Lack {
	for _, phase := range slices.Backward(phases) {
		if len(phase.Labels) > 0 {
			return []Lack{{kernel.Label, fmt.Errorf("%v: a label is not given from outside; start the program by `narrow run`", phase.Labels[0].Pos)}}
		}
	}
	return nil
}

// identityLacks is what of the process block a live process does not have by
// itself: who it is is not changed from outside.
func identityLacks(rules *policy.ProcessRules, pid int) []Lack {
	status, err := kernel.ThreadStatus(pid, pid)
	if err != nil {
		return nil // the process is gone, as will be noticed
	}
	var lacks []Lack
	lack := func(layer kernel.Layer, format string, args ...any) {
		lacks = append(lacks, Lack{layer, fmt.Errorf("%v: %w", rules.Pos, fmt.Errorf(format, args...))})
	}
	if err := isUser(rules.User, status.UID); err != nil {
		lack(kernel.IDs, "user %s: %w", rules.User, err)
	}
	if err := isGroup(rules.Group, status.GID); err != nil {
		lack(kernel.IDs, "group %s: %w", rules.Group, err)
	}
	return lacks
}

var errOtherID = errors.New("the process runs as another, which is not changed from outside")

func isUser(name string, has [4]uint32) error {
	if name == "" {
		return nil
	}
	if u, err := user.Lookup(name); err == nil {
		name = u.Uid
	}
	return isID(name, has)
}

func isGroup(name string, has [4]uint32) error {
	if name == "" {
		return nil
	}
	if g, err := user.LookupGroup(name); err == nil {
		name = g.Gid
	}
	return isID(name, has)
}

// isID compares with the real, effective, saved and filesystem id.
func isID(number string, has [4]uint32) error {
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return errors.New("there is none of that name")
	}
	for _, id := range has {
		if uint64(id) != n {
			return fmt.Errorf("%w (it is %d)", errOtherID, id)
		}
	}
	return nil
}

// capabilities is the set that the policy keeps, nil if it leaves them alone.
func capabilities(rules *policy.ProcessRules) (*kernel.CapSet, error) {
	if !rules.SetCapabilities {
		return nil, nil
	}
	var keep kernel.CapSet
	for _, name := range rules.Capabilities {
		n, err := kernel.CapByName(name)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", rules.Pos, err)
		}
		keep |= 1 << n
	}
	return &keep, nil
}
