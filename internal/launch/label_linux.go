package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// label hands over to the LSMs. A line for an LSM that is not live is a lack;
// it is never passed over in silence.
func (p *planner) label() (*step, []error) {
	if len(p.entry.labels) == 0 {
		return nil, nil
	}
	s := &step{layer: kernel.Label, does: describeLabels(p.entry.labels)}
	live := kernel.LSMs()
	var requests []labelRequest
	var reasons []error
	for i := range p.entry.labels {
		line := &p.entry.labels[i]
		request, err := requestFor(line)
		switch {
		case err != nil:
			reasons = append(reasons, fmt.Errorf("%v: %w", line.Pos, err))
		case !slices.Contains(live, line.LSM):
			s.lacks = append(s.lacks, fmt.Errorf("%v: the LSM %s is not live on this kernel (live: %s)", line.Pos, line.LSM, strings.Join(live, ", ")))
		default:
			requests = append(requests, request)
		}
	}
	if len(requests) == 0 {
		s.unseen = "not applied"
		return s, reasons
	}
	var became []string
	s.apply = func() error {
		for _, r := range requests {
			saw, err := r.apply()
			if err != nil {
				return err
			}
			became = append(became, r.lsm+" "+saw)
		}
		return nil
	}
	s.seen = func(*kernel.Status) (string, error) { return strings.Join(became, "; "), nil }
	return s, reasons
}

// labelRequest is one change of label.
type labelRequest struct {
	lsm    string
	write  string // what the LSM's attr/current takes
	wanted string // the label, or the part of it, that must be there afterwards
}

// requestFor turns a line of the policy into what the LSM takes.
func requestFor(line *policy.LabelRule) (labelRequest, error) {
	r := labelRequest{lsm: line.LSM}
	usage := map[string]string{
		"apparmor": "apparmor profile NAME or apparmor stack NAME",
		"selinux":  "selinux type NAME",
		"smack":    "smack LABEL",
		"tomoyo":   "tomoyo <DOMAIN>",
	}[line.LSM]
	if usage == "" {
		return r, fmt.Errorf("unknown LSM %q; expected apparmor, selinux, smack or tomoyo", line.LSM)
	}
	words := line.Values
	switch {
	case line.LSM == "apparmor" && len(words) == 2 && words[0] == "profile":
		r.write, r.wanted = "changeprofile "+words[1], words[1]
	case line.LSM == "apparmor" && len(words) == 2 && words[0] == "stack":
		r.write, r.wanted = "stack "+words[1], words[1]
	case line.LSM == "selinux" && len(words) == 2 && words[0] == "type":
		r.write, r.wanted = "", words[1]
	case line.LSM == "smack" && len(words) == 1:
		r.write, r.wanted = words[0], words[0]
	case line.LSM == "tomoyo" && len(words) > 0:
		r.write = strings.Join(words, " ")
		r.wanted = r.write
	default:
		return r, fmt.Errorf("label %s %s is not a change that run can make; expected %s", line.LSM, strings.Join(words, " "), usage)
	}
	return r, nil
}

// apply asks for the label and reads it back, both on the calling thread.
func (r labelRequest) apply() (saw string, err error) {
	write := r.write
	if r.lsm == "selinux" {
		if write, err = withType(r.wanted); err != nil {
			return "", err
		}
	}
	if err := kernel.SetLabelCurrent(r.lsm, write); err != nil {
		return "", err
	}
	saw, err = kernel.LabelCurrent(r.lsm)
	if err == nil && !r.holds(saw) {
		err = fmt.Errorf("asked %s for %s to be enforced, and its label is %s", r.lsm, r.wanted, saw)
	}
	return saw, err
}

// holds reports whether a label that was read back is the one asked for. One
// that the LSM only watches, as AppArmor in complain mode, is not.
func (r labelRequest) holds(saw string) bool {
	switch r.lsm {
	case "apparmor": // "A//&B (enforce)"
		name, mode, _ := strings.Cut(saw, " (")
		return (mode == "" || mode == "enforce)") && slices.Contains(strings.Split(name, "//&"), r.wanted)
	case "selinux": // user:role:type:level
		parts := strings.SplitN(saw, ":", 4)
		return len(parts) >= 3 && parts[2] == r.wanted
	}
	return saw == r.wanted
}

// withType replaces the third part of the present context, user:role:type[:level].
func withType(name string) (string, error) {
	now, err := kernel.LabelCurrent("selinux")
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(now, ":", 4)
	if len(parts) < 3 {
		return "", fmt.Errorf("the SELinux context %q has no type", now)
	}
	parts[2] = name
	return strings.Join(parts, ":"), nil
}
