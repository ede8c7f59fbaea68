package tracer

import (
	"bytes"
	"encoding/gob"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

func loadFile(t testing.TB, path string) *policy.Policy {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load("p.narrow", text, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	staged  = "../../cmd/narrow/testdata/memcached.narrow"
	shipped = "../../profiles/memcached.narrow"
)

// drawCall draws a call whose arguments are often small.
func drawCall(t *rapid.T) *bpf.Data {
	arch := abi.Native()
	calls := arch.Calls()
	d := &bpf.Data{Arch: arch.Audit, Nr: calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")].Nr}
	for i := range d.Args {
		d.Args[i] = rapid.OneOf(rapid.Uint64Range(0, 8), rapid.Uint64()).Draw(t, "argument")
	}
	return d
}

// What arrives is the policy that was sent: every call has its verdict in every
// phase and class, by the same rule.
func TestPlanArrives(t *testing.T) {
	if abi.Native() == nil {
		t.Skip("no table of this machine's calls")
	}
	for _, path := range []string{staged, shipped} {
		sent := &Plan{Target: 812, Policy: loadFile(t, path), Last: 1, Manager: "@x"}
		var wire bytes.Buffer
		if err := gob.NewEncoder(&wire).Encode(pack(*sent)); err != nil {
			t.Fatal(err)
		}
		var arrived parcel
		if err := gob.NewDecoder(&wire).Decode(&arrived); err != nil {
			t.Fatal(err)
		}
		got := arrived.unpack()
		if got.Target != 812 || got.Last != 1 || got.Manager != "@x" || len(got.Policy.Phases) != len(sent.Policy.Phases) {
			t.Fatalf("%+v", got)
		}
		rapid.Check(t, func(rt *rapid.T) {
			d := drawCall(rt)
			for i, phase := range sent.Policy.Phases {
				for _, c := range append([]*policy.Class{{}}, phase.Classes...) {
					v, rule := phase.For(c.Name).Evaluate(d)
					v2, rule2 := got.Policy.Phases[i].For(c.Name).Evaluate(d)
					if v != v2 || (rule == nil) != (rule2 == nil) || rule != nil && rule.Pos != rule2.Pos {
						rt.Fatalf("phase %s, thread %s: %v at %v, sent %v at %v", phase.Name, c.Name, v2, rule2, v, rule)
					}
				}
			}
		})
	}
}

// An audit's filter lets run only what no thread is ever denied.
func TestAuditRulesMissNothing(t *testing.T) {
	if abi.Native() == nil {
		t.Skip("no table of this machine's calls")
	}
	p := loadFile(t, staged)
	rules := auditRules(p.Arches, p.Phases)
	notified := 0
	rapid.Check(t, func(rt *rapid.T) {
		d := drawCall(rt)
		v, _ := rules.Evaluate(d)
		if v.Kind == policy.Notify {
			notified++
			return
		}
		for _, phase := range p.Phases {
			for _, c := range append([]*policy.Class{{}}, phase.Classes...) {
				if got, _ := phase.For(c.Name).Evaluate(d); !got.Kind.Runs() {
					rt.Fatalf("%s runs unseen, and phase %s, thread %s, says %v", policy.Describe(abi.Native(), *d), phase.Name, c.Name, got)
				}
			}
		}
	})
	if notified == 0 {
		t.Error("no call is ever looked at")
	}
}
