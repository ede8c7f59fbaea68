package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// descriptors closes at exec all but the listed descriptors: they are marked
// close-on-exec, as until then narrow itself needs its own.
func (p *planner) descriptors() *step {
	rules := &p.policy.Process
	if !rules.SetDescriptors {
		return nil
	}
	closed := gaps(rules.Descriptors, kernel.LastDescriptor)
	return &step{
		layer: kernel.Descriptors,
		does:  describeDescriptors(rules),
		apply: func() error {
			for _, r := range closed {
				if err := kernel.CloseRangeCloexec(uint32(r.Low), uint32(r.High)); err != nil {
					return err
				}
			}
			return nil
		},
		seen: func(*kernel.Status) (string, error) { return descriptorsSeen(closed) },
	}
}

// gaps returns what of 0..last is outside the ranges, which are ascending.
func gaps(ranges []policy.Range, last uint64) []policy.Range {
	var out []policy.Range
	next := uint64(0)
	for _, r := range ranges {
		if r.Low > last {
			break
		}
		if r.Low > next {
			out = append(out, policy.Range{Low: next, High: r.Low - 1})
		}
		if r.High >= last {
			return out
		}
		next = r.High + 1
	}
	return append(out, policy.Range{Low: next, High: last})
}

// descriptorsSeen looks for one that exec would not close.
func descriptorsSeen(closed []policy.Range) (string, error) {
	open, err := kernel.OpenDescriptors()
	if err != nil {
		return "", err
	}
	var kept []string
	for _, d := range open {
		if d.Cloexec {
			continue
		}
		if in(closed, uint64(d.FD)) {
			return "", fmt.Errorf("descriptor %d (%s) would stay open", d.FD, d.Target)
		}
		kept = append(kept, fmt.Sprint(d.FD))
	}
	return "open after exec: " + strings.Join(kept, ", "), nil
}
