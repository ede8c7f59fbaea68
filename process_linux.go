package narrow

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// process plans the process block, with the first phase: what of it a running
// process can do to itself, and what it cannot, by name.
func (e *entering) process() (*layer, error) {
	l := &layer{LayerReport: LayerReport{Layer: LayerProcess, Need: e.needs.Process, Status: Enforced}}
	rules := e.policy.Process // a copy: what this kernel lacks is taken out of it
	lacks := labelLacks(e.step.phase)
	if e.at == 0 {
		lacks = append(lacks, e.processLacks(&rules)...)
	}
	if e.at == 0 && rules.WriteXorExecute {
		var features kernel.Features
		if err := features.MDWE(); err != nil {
			lacks, rules.WriteXorExecute = append(lacks, err), false
		}
	}
	for _, lack := range lacks {
		l.Status = Weakened
		if err := l.lacking(lack); err != nil {
			return nil, err
		}
	}
	if e.at > 0 || !rules.WriteXorExecute && len(rules.Limits) == 0 {
		if len(lacks) == 0 {
			return nil, nil
		}
		return l, nil
	}
	if l.Need == AuditOnly {
		l.Status, l.Lacks = Absent, append(l.Lacks, "this layer cannot only watch")
		return l, nil
	}
	l.apply = func() error { e.begun = true; return applyProcess(&rules) }
	l.seen = func() (string, error) { return processSeen(&rules) }
	return l, nil
}

// labelLacks says that a process of many threads cannot label itself.
func labelLacks(ph *policy.PhaseRules) []error {
	if len(ph.Labels) == 0 {
		return nil
	}
	return []error{&Error{Layer: LayerProcess, Kind: ErrNotSupported,
		Err: fmt.Errorf("%v: a label is a thread's, and a running Go program cannot change it on all threads at once", ph.Labels[0].Pos), Hint: "start it by `narrow run`"}}
}

// processLacks is what of the block must be done before the program starts.
func (e *entering) processLacks(rules *policy.ProcessRules) []error {
	var lacks []error
	lack := func(what, hint string) {
		lacks = append(lacks, &Error{Layer: LayerProcess, Kind: ErrNotSupported, Err: fmt.Errorf("%v: %s", rules.Pos, what), Hint: hint})
	}
	if rules.User != "" || rules.Group != "" {
		lack("user and group are not changed from inside a running program", "start it as that user, or by `narrow run`")
	}
	if rules.SetCapabilities {
		lack("capabilities are not dropped from inside a running program", "start it by `narrow run`")
	}
	if rules.SetDescriptors {
		if extra := e.extraDescriptors(rules.Descriptors); extra != "" {
			lack("descriptors beyond those that it keeps are open: "+extra, "close them before, or name them in the policy")
		}
	}
	return lacks
}

// extraDescriptors are those that the policy does not keep; but for the ones
// that Go's runtime polls by, which give no power over anything else.
func (e *entering) extraDescriptors(kept []policy.Range) string {
	if e.report.DescriptorsUnknown != "" {
		return "unknown: " + e.report.DescriptorsUnknown
	}
	var extra []string
	for _, d := range e.report.Descriptors {
		if !inRanges(kept, uint64(d.FD)) && d.Target != "anon_inode:[eventpoll]" && d.Target != "anon_inode:[eventfd]" {
			extra = append(extra, fmt.Sprintf("%d (%s)", d.FD, d.Target))
		}
	}
	return strings.Join(extra, ", ")
}

func inRanges(ranges []policy.Range, v uint64) bool {
	for _, r := range ranges {
		if r.Low <= v && v <= r.High {
			return true
		}
	}
	return false
}

func applyProcess(rules *policy.ProcessRules) error {
	if rules.WriteXorExecute {
		if err := kernel.SetMDWE(); err != nil {
			return err
		}
	}
	for _, limit := range rules.Limits {
		resource, ok := kernel.LimitByName(limit.Name)
		if !ok {
			return fmt.Errorf("%v: this system has no limit %s", limit.Pos, limit.Name)
		}
		if err := kernel.SetLimit(resource, kernel.Limit{Soft: limit.Value, Hard: limit.Value}); err != nil {
			return err
		}
	}
	return nil
}

// processSeen reads the settings back, before any filter could forbid it.
func processSeen(rules *policy.ProcessRules) (string, error) {
	var saw []string
	if rules.WriteXorExecute {
		on, err := kernel.GetMDWE()
		if err != nil {
			return "", err
		}
		if !on {
			return "", notSeen(LayerProcess, "memory may still be made executable")
		}
		saw = append(saw, "PR_GET_MDWE 1")
	}
	for _, limit := range rules.Limits {
		resource, _ := kernel.LimitByName(limit.Name)
		got, err := kernel.GetLimit(resource)
		if err != nil {
			return "", err
		}
		if got.Soft != limit.Value || got.Hard != limit.Value {
			return "", notSeen(LayerProcess, "limit %s is %d and %d, asked for %d", limit.Name, got.Soft, got.Hard, limit.Value)
		}
		saw = append(saw, fmt.Sprintf("%s %d", limit.Name, got.Hard))
	}
	return strings.Join(saw, ", "), nil
}
