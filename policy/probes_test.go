package policy

import (
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

func dataOf(a *abi.Arch, nr uint32) bpf.Data { return bpf.Data{Nr: nr, Arch: a.Audit} }

// TestProbes asks of the probes of a large policy that they are the same every
// time, no more than asked for, that they reach every rule and Else, and that
// each condition is seen to hold and to fail.
func TestProbes(t *testing.T) {
	p := loadFile(t, "../../../profiles/memcached.narrow")
	rules := p.Phases[0].Wide()
	all := slices.Collect(rules.Probes(1 << 20))
	if again := slices.Collect(rules.Probes(1 << 20)); !slices.Equal(all, again) {
		t.Error("two runs differ")
	}
	if n := len(slices.Collect(rules.Probes(100))); n != 100 {
		t.Errorf("%d probes of 100", n)
	}
	t.Logf("%d probes", len(all))
	reached, elses := map[*RuleMatch]bool{}, 0
	held, failed := map[*Cond]bool{}, map[*Cond]bool{}
	for _, d := range all {
		if _, by := rules.Evaluate(&d); by == nil {
			elses++
		}
		for _, a := range rules.Arches {
			if a.Arch.Audit != d.Arch {
				continue
			}
			for _, m := range a.Lists[0] {
				reached[m] = reached[m] || m.Matches(&d)
				if !contains(m.Numbers, uint64(d.Nr)) {
					continue
				}
				for i := range m.Conds {
					if c := &m.Conds[i]; c.Holds(&d) {
						held[c] = true
					} else {
						failed[c] = true
					}
				}
			}
		}
	}
	if elses < 20 {
		t.Errorf("%d probes for Else", elses)
	}
	for _, a := range rules.Arches {
		for _, m := range a.Lists[0] {
			if !reached[m] {
				t.Errorf("no probe matches %s at %v", m.Text, m.Pos)
			}
			for i := range m.Conds {
				if c := &m.Conds[i]; !held[c] || !failed[c] {
					t.Errorf("%s: %s held %v, failed %v", m.Text, dumpCond(*c), held[c], failed[c])
				}
			}
		}
	}
}
