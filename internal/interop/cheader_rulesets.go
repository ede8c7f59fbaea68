package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// cRuleset is one Landlock domain: the n-th files and the n-th network block of
// a phase, as a thread can have 16 domains at most.
type cRuleset struct {
	Index, phase int
	About        string
	FS, Net      string // the rights that it denies
	Local        int    // 1: unix sockets of others are in reach
	Rules        []string
}

// planRulesets numbers the rulesets of all phases and says which version of
// Landlock they need: 5 brought the last right on files (device ioctl), 4 TCP ports.
func (h *cHeader) planRulesets() {
	for i, ph := range h.policy.Phases {
		for n := range max(len(ph.Files), len(ph.Network)) {
			r := cRuleset{Index: len(h.Rulesets), phase: i, FS: "0", Net: "0", Local: 1}
			var places []string
			if n < len(ph.Files) {
				r.files(ph.Files[n])
				places = append(places, inPlace(ph.Files[n].Pos))
				h.ABI = max(h.ABI, 5)
			}
			if n < len(ph.Network) {
				r.network(ph.Network[n])
				places = append(places, inPlace(ph.Network[n].Pos))
			}
			if r.Net != "0" {
				h.ABI = max(h.ABI, 4)
			}
			if r.FS == "0" && r.Net == "0" && r.Local == 1 {
				continue // nothing that Landlock knows
			}
			h.ABI = max(h.ABI, 1)
			if r.FS != "0" && blocksIn(h.policy.Phases[i+1:]) {
				r.Rules = append(r.Rules, `path(*ruleset, "/proc/self/task", narrow_POLICY_LIST, 1)`)
			}
			r.About = inComment(fmt.Sprintf("ruleset_%d is for phase %s: %s.", r.Index, ph.Name, strings.Join(places, ", ")))
			h.Rulesets = append(h.Rulesets, r)
		}
	}
}

// blocksIn reports whether some phase has a domain. Before Linux 7.0 its
// threads are listed then, which the domains before must let happen.
func blocksIn(phases []*policy.PhaseRules) bool {
	return slices.ContainsFunc(phases, func(ph *policy.PhaseRules) bool { return len(ph.Files)+len(ph.Network) > 0 })
}

// rulesetsOf are the rulesets of a phase.
func (h *cHeader) rulesetsOf(phase int) (own []cRuleset) {
	for _, r := range h.Rulesets {
		if r.phase == phase {
			own = append(own, r)
		}
	}
	return own
}

func (r *cRuleset) files(block *policy.FilesRules) {
	r.FS = "narrow_POLICY_FILES"
	for _, p := range block.Paths {
		optional := 0
		if p.Optional {
			optional = 1
		}
		r.Rules = append(r.Rules, fmt.Sprintf("path(*ruleset, %s, %s, %d)", cString(p.Path), cRight(p.Right), optional))
	}
}

// cRight is what a right of the language is to Landlock.
func cRight(r policy.Right) string {
	switch r {
	case policy.Write:
		return "narrow_POLICY_WRITE"
	case policy.Execute:
		return "narrow_POLICY_EXECUTE"
	}
	return "narrow_POLICY_READ"
}

func (r *cRuleset) network(block *policy.NetworkRules) {
	var denied []string
	add := func(all bool, ports []policy.Range, right string) {
		if all {
			return
		}
		denied = append(denied, right)
		for _, p := range ports {
			r.Rules = append(r.Rules, fmt.Sprintf("ports(*ruleset, %d, %d, %s)", p.Low, min(p.High, 1<<16-1), right))
		}
	}
	add(block.BindAny, block.Bind, "narrow_POLICY_BIND")
	add(block.ConnectAny, block.Connect, "narrow_POLICY_CONNECT")
	if len(denied) > 0 {
		r.Net = strings.Join(denied, " | ")
	}
	if !block.Unix {
		r.Local = 0
	}
}
