package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// LayerPlan is what one layer will do when a program starts in a phase.
type LayerPlan struct {
	Layer kernel.Layer `json:"layer"`
	Does  []string     `json:"does"`
}

// Describe lists, in the order in which they are applied, the layers of a
// phase ("" is the first) and what each will do. It asks nothing of the kernel
// and works on every system.
func Describe(p *policy.Policy, phase string) ([]LayerPlan, error) {
	e, err := choose(p, phase)
	if err != nil {
		return nil, setup(err)
	}
	var plans []LayerPlan
	add := func(layer kernel.Layer, does []string) {
		if len(does) > 0 {
			plans = append(plans, LayerPlan{layer, does})
		}
	}
	process := &p.Process
	add(kernel.Descriptors, describeDescriptors(process))
	add(kernel.IDs, describeIDs(process))
	add(kernel.Capabilities, describeCapabilities(process))
	add(kernel.Memory, describeMemory(process))
	add(kernel.Label, describeLabels(e.labels))
	add(kernel.NoNewPrivs, describeNoNewPrivs())
	add(kernel.Landlock, append(describeFiles(e.files), describeNetwork(e.network)...))
	add(kernel.Seccomp, describeFilter(e.phase))
	add(kernel.Limits, describeLimits(process))
	return plans, nil
}

func describeDescriptors(p *policy.ProcessRules) []string {
	if !p.SetDescriptors {
		return nil
	}
	if len(p.Descriptors) == 0 {
		return []string{"close all"}
	}
	return []string{"keep " + describeRanges(p.Descriptors) + ", close all others"}
}

func describeIDs(p *policy.ProcessRules) []string {
	var does []string
	if p.User != "" {
		does = append(does, "user "+p.User)
	}
	if p.Group != "" {
		does = append(does, "group "+p.Group)
	}
	if does != nil {
		does = append(does, "no supplementary groups")
	}
	return does
}

func describeCapabilities(p *policy.ProcessRules) []string {
	switch {
	case !p.SetCapabilities:
		return nil
	case len(p.Capabilities) == 0:
		return []string{"none"}
	}
	return []string{"none but " + strings.Join(p.Capabilities, ", ")}
}

func describeMemory(p *policy.ProcessRules) []string {
	if !p.WriteXorExecute {
		return nil
	}
	return []string{"no memory both writable and executable, and none becomes executable (PR_SET_MDWE)"}
}

func describeNoNewPrivs() []string {
	return []string{"no exec grants what the program does not have"}
}

func describeLabels(labels []policy.LabelRule) []string {
	var does []string
	for _, l := range labels {
		does = append(does, l.LSM+" "+strings.Join(l.Values, " "))
	}
	return does
}

func describeLimits(p *policy.ProcessRules) []string {
	var does []string
	for _, l := range p.Limits {
		value := fmt.Sprint(l.Value)
		if l.Value == kernel.Infinity {
			value = "unlimited"
		}
		does = append(does, l.Name+" "+value)
	}
	return does
}

func describeFiles(blocks []*policy.FilesRules) []string {
	var does []string
	for _, b := range blocks {
		if len(b.Paths) == 0 {
			does = append(does, "no file at all")
		}
		for _, rule := range b.Paths {
			does = append(does, rightName(rule.Right)+" "+rule.Path)
		}
	}
	return does
}

func rightName(r policy.Right) string {
	switch r {
	case policy.Read:
		return "read"
	case policy.Write:
		return "write"
	case policy.Execute:
		return "execute"
	}
	return fmt.Sprintf("Right(%d)", r)
}

func describeNetwork(blocks []*policy.NetworkRules) []string {
	var does []string
	for _, b := range blocks {
		does = append(does, describePorts("bind", b.BindAny, b.Bind), describePorts("connect", b.ConnectAny, b.Connect))
	}
	return does
}

func describePorts(verb string, all bool, ports []policy.Range) string {
	switch {
	case all:
		return verb + " tcp any"
	case len(ports) == 0:
		return "no " + verb + " tcp"
	}
	return verb + " tcp " + describeRanges(ports)
}

func describeRanges(ranges []policy.Range) string {
	text := make([]string, len(ranges))
	for i, r := range ranges {
		text[i] = fmt.Sprint(r.Low)
		if r.High != r.Low {
			text[i] += ".." + fmt.Sprint(r.High)
		}
	}
	return strings.Join(text, ", ")
}

func describeFilter(phase *policy.PhaseRules) []string {
	rules := 0
	eachRule(phase, func(r *policy.RuleMatch) { rules++ })
	does := []string{fmt.Sprintf("a filter of phase %s (%d rules over all architectures)", phase.Name, rules)}
	if names := classes(phase); len(names) > 0 {
		does = append(does, "the least strict of the phase's own rules and those of threads "+strings.Join(names, ", "))
	}
	return does
}
