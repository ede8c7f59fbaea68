package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/policy"
)

// staircase has phases that stack and thread classes that join.
const staircase = `language 1
policy staircase
arch x86_64
default errno EPERM
phase a { allow read write close openat exit_group rt_sigreturn }
phase b {
    thread main { allow close(fd < 10) }
    thread w* { kill-process close }
    allow read write(fd in {1, 2}) exit_group rt_sigreturn
}
`

func staircaseSimulator(t *testing.T) *simulator {
	t.Helper()
	p, err := policy.Load("s.narrow", []byte(staircase), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &simulator{policy: p, arch: p.Arches[0]}
}

// TestSimulatorIsTheReference runs the edges of every class through the
// programs and through Policy.Evaluate, which knows no program.
func TestSimulatorIsTheReference(t *testing.T) {
	sim := staircaseSimulator(t)
	for _, phase := range []string{"a", "b"} {
		for _, thread := range []string{"main", "worker", "other"} {
			ph, _ := sim.policy.Phase(phase)
			for d := range ph.For(thread).Probes(2000) {
				c := lineCall{data: d, phase: phase, thread: thread, hasThread: true}
				a, err := sim.answer(c)
				if err != nil {
					t.Fatal(err)
				}
				want, rule, _ := sim.policy.Evaluate(phase, thread, &d)
				if a.verdict != want || rule != a.rule {
					t.Fatalf("%s, %s: %s: %s by %v, want %s by %v", phase, thread, describe(d), a.verdict, a.rule, want, rule)
				}
			}
		}
	}
}

// TestSimulatorJoin: without a thread a call is as free as the freest class.
func TestSimulatorJoin(t *testing.T) {
	sim := staircaseSimulator(t)
	for text, want := range map[string]string{
		"close(fd == 9)":  "allow",
		"close(fd == 10)": "errno EPERM",
		"write(fd == 3)":  "errno EPERM",
		"openat":          "errno EPERM",
	} {
		d, err := parseCall(text, sim.arch)
		if err != nil {
			t.Fatal(err)
		}
		a, err := sim.answer(lineCall{data: d, phase: "b"})
		if err != nil || a.verdict.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, a.verdict, err, want)
		}
	}
}

// TestSimStreamOrder: many batches by many workers come out in order, and a bad
// line ends the stream behind the answers to all lines before it.
func TestSimStreamOrder(t *testing.T) {
	sim := staircaseSimulator(t)
	const lines, bad = 5*simBatch + 7, 4*simBatch + 3
	for _, broken := range []bool{false, true} {
		var in, out bytes.Buffer
		for i := range lines {
			if broken && i == bad-1 {
				in.WriteString("{}\n")
				continue
			}
			fmt.Fprintf(&in, `{"nr":"close","args":[%d],"phase":"b"}`+"\n", i%20)
		}
		err := simStream(sim, &in, &out)
		want := lines
		if broken {
			want = bad - 1
			var s *statusError
			if !errors.As(err, &s) || s.status != statusInput || !strings.HasPrefix(err.Error(), fmt.Sprintf("line %d: ", bad)) {
				t.Errorf("the bad line %d gives %v", bad, err)
			}
		} else if err != nil {
			t.Error(err)
		}
		checkOrder20(t, &out, want)
	}
}

// checkOrder20 demands answers to close(fd == i % 20): allowed below 10.
func checkOrder20(t *testing.T, out *bytes.Buffer, want int) {
	t.Helper()
	decoder := json.NewDecoder(out)
	n := 0
	for ; decoder.More(); n++ {
		var a wireAnswer
		if err := decoder.Decode(&a); err != nil {
			t.Fatal(err)
		}
		verdict := "allow"
		if n%20 >= 10 {
			verdict = "errno EPERM"
		}
		if a.Verdict != verdict {
			t.Fatalf("answer %d is %s, want %s", n, a.Verdict, verdict)
		}
	}
	if n != want {
		t.Errorf("%d answers, want %d", n, want)
	}
}
