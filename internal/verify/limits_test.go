package verify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/policy"
)

// TestTimeIsALimit asks a question that no diagram of any size answers soon.
func TestTimeIsALimit(t *testing.T) {
	limit := 100 * time.Millisecond
	p := New(Limits{Nodes: 1 << 30, Time: limit})
	start := time.Now()
	r, err := p.Equal(program(t, p, jsets(4096)), p.Stack())
	if took := time.Since(start); err != nil || r.Answer != Unknown || !strings.Contains(r.Reason, "more than 100ms") || took > limit+busy {
		t.Errorf("%v %q %v in %v", r.Answer, r.Reason, err, took)
	}
}

// TestTotalIsALimit asks several such questions, which share their time.
func TestTotalIsALimit(t *testing.T) {
	limit := 150 * time.Millisecond
	p := New(Limits{Nodes: 1 << 30, Time: time.Minute, Total: limit})
	start := time.Now()
	for i := range 5 {
		r, err := p.Equal(program(t, p, jsets(4000+i)), p.Stack())
		if err != nil || r.Answer != Unknown {
			t.Errorf("%v %v", r.Answer, err)
		}
		if i > 0 && r.Reason != "the 150ms for all questions together are over" {
			t.Errorf("question %d: %s", i, r.Reason)
		}
	}
	if took := time.Since(start); took > limit+busy {
		t.Errorf("took %v", took)
	}
}

// TestUnknownIsForgotten sees a prover that gave up answer an easy question.
func TestUnknownIsForgotten(t *testing.T) {
	p := New(Limits{Nodes: 1 << 16, Time: 10 * time.Second})
	hard, easy := program(t, p, jsets(4096)), p.Rules(typical(20, 3, "x86_64"))
	for _, c := range []struct {
		left, right *Meaning
		want        Answer
	}{{easy, easy, Yes}, {hard, easy, Unknown}, {hard, p.Stack(), Unknown}} {
		if r, err := p.Equal(c.left, c.right); err != nil || r.Answer != c.want {
			t.Fatalf("%v %s %v, want %v", r.Answer, r.Reason, err, c.want)
		}
	}
	if _, err := p.Diff(hard, easy); err == nil || !strings.HasPrefix(err.Error(), "unknown: it takes more than") {
		t.Errorf("differences of what is unknown: %v", err)
	}
}

// TestMalformedRulesAreUnknown gives rules that no resolver makes.
func TestMalformedRulesAreUnknown(t *testing.T) {
	for name, m := range map[string]*policy.RuleMatch{
		"descending ranges": {Numbers: []policy.Range{{Low: 5, High: 5}, {Low: 1, High: 2}}},
		"empty range":       {Numbers: []policy.Range{{Low: 5, High: 4}}},
		"no such register":  rule(allow, 1, arg(6, 32, 0, 0)),
		"too many bits":     rule(allow, 1, policy.Cond{Operand: policy.Operand{High: -1, Bits: 128}, Ranges: []policy.Range{{}}}),
	} {
		p := New(Limits{})
		if r, err := p.Equal(p.Rules(x8664Rules(allow, m)), p.Stack()); err != nil || r.Answer != Unknown || r.Reason == "" {
			t.Errorf("%s: %v %q %v", name, r.Answer, r.Reason, err)
		}
	}
}

// TestAnswersAreDeterministic asks the same twice, of new provers.
func TestAnswersAreDeterministic(t *testing.T) {
	ask := func() string {
		p := New(Limits{})
		left, right := p.Rules(typical(150, 3, "x86_64", "i386")), p.Rules(typical(140, 4, "x86_64", "s390x"))
		r, err := p.Subset(left, right)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.Diff(left, right)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintln(r.Answer, *r.Witness, len(p.spaces[oneByOne].nodes))
		for _, d := range d {
			text += fmt.Sprintln(d.Arch, d.Call, d.Every, d.Left, d.Right, d.Whole, *d.Witness)
		}
		return text
	}
	if a, b := ask(), ask(); a != b {
		t.Errorf("once\n%s\nthen\n%s", a, b)
	}
}
