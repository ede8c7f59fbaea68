package verify

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// agree holds a meaning against its own slow evaluation on many calls, in
// both layouts. It reports whether there was a diagram to compare with.
func agree(t *rapid.T, m *Meaning, constants []uint32, n int) bool {
	answered := false
	for _, l := range []layout{oneByOne, woven} {
		s := newSpace(l)
		s.begin(1<<18, time.Now().Add(time.Hour), 0) // by nodes, not by how fast the machine is
		f := s.function(m)
		if s.stopped != "" {
			continue
		}
		answered = true
		for i, call := range calls(constants, uint64(n), n) {
			want, err := m.source.answer(&call)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := s.isLeaf(s.at(f, &call))
			if !ok || got != canonical(want) {
				t.Fatalf("layout %d, call %d: %+v returns %v; the diagram has %v", l, i, call, want, got)
			}
		}
	}
	return answered
}

// enough are so many draws that a share of them says something; a short test
// makes as many.
const enough = 100

func TestProgramsAgreeWithTheMachine(t *testing.T) {
	total, answered := 0, 0
	check := func(t *rapid.T) {
		p := drawProgram(t, true)
		m, err := New(Limits{}).Program(p)
		if err != nil {
			t.Fatal(err)
		}
		total++
		if agree(t, m, constantsOf(p), 500) {
			answered++
		}
	}
	for total < enough {
		rapid.Check(t, check)
	}
	t.Logf("%d of %d programs have a diagram", answered, total)
	if answered < total*8/10 {
		t.Errorf("only %d of %d programs have a diagram", answered, total)
	}
}

// TestWalkerAndMergerAgree builds each program in both ways: in one diagram
// the same function is the same node.
func TestWalkerAndMergerAgree(t *testing.T) {
	total, both := 0, 0
	check := func(t *rapid.T) {
		p := drawProgram(t, true)
		s := newSpace(oneByOne)
		s.begin(1<<18, time.Now().Add(time.Hour), 0) // by nodes, not by how fast the machine is
		f, ok := s.walked(p)
		g, _ := s.merged(p)
		total++
		if !ok || s.stopped != "" {
			return
		}
		if both++; f != g {
			t.Fatalf("%v: the walker and the merger differ", p)
		}
	}
	for total < enough {
		rapid.Check(t, check)
	}
	t.Logf("%d of %d programs were built in both ways", both, total)
	if both < total*7/10 {
		t.Errorf("only %d of %d programs were built in both ways", both, total)
	}
}

func TestRulesAgreeWithTheReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t)
		if !agree(t, New(Limits{}).Rules(r), constantsOfRules(r), 500) {
			t.Fatal("rules without a diagram")
		}
	})
}
