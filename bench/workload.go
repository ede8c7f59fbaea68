package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/internal/interop/oci"
	"github.com/narrow-sandbox/narrow/policy"
)

// workload is a filter that narrow and its peers make, on x86_64 alone.
type workload struct {
	name  string
	rules *policy.Rules
	trace string // in traces/, of a program that would run under it; "" for none
}

// workloads are what filters are made of. What this machine lacks is told and
// left out.
func workloads(b *bench) ([]workload, error) {
	var all []workload
	for _, w := range []struct {
		name, trace string
		text        func() ([]byte, error)
	}{
		{"Docker's default", "nginx", dockerText},
		{"Chrome-like", "", func() ([]byte, error) { return os.ReadFile("policies/chrome-like.narrow") }},
		{"systemd's @system-service", "memcached", systemServiceText},
		{"10 rules", "", func() ([]byte, error) { return []byte(policyOf(10)), nil }},
		{"100 rules", "", func() ([]byte, error) { return []byte(policyOf(100)), nil }},
		{"400 rules", "", func() ([]byte, error) { return []byte(policyOf(400)), nil }},
	} {
		text, err := w.text()
		if err != nil {
			fmt.Printf("%s: left out: %v\n", w.name, err)
			continue
		}
		p, err := policy.Load(w.name, text, policy.Options{})
		if err != nil {
			return nil, err
		}
		all = append(all, workload{w.name, onX8664(p.Phases[0].Wide()), w.trace})
	}
	return all, nil
}

// onX8664 is the rules of x86_64 alone; calls by another ABI kill the thread,
// as in libseccomp.
func onX8664(r *policy.Rules) *policy.Rules {
	only := &policy.Rules{Else: policy.Verdict{Kind: policy.KillThread}}
	for _, a := range r.Arches {
		if a.Arch.Name == "x86_64" {
			only.Arches = append(only.Arches, a)
		}
	}
	return only
}

// dockerText is Docker's default profile for a container without capabilities.
func dockerText() ([]byte, error) {
	path := filepath.Join("..", "internal", "interop", "oci", "testdata", "moby-v0.2.4.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	x86, _ := abi.ByName("x86_64")
	return oci.Import("docker.json", text, oci.Options{Arch: x86})
}

// systemServiceText is what systemd lets a service do with
// SystemCallFilter=@system-service, by its own list, denied calls being errors.
func systemServiceText() ([]byte, error) {
	names, err := systemCalls("@system-service", map[string]bool{})
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	out.WriteString("language 1\npolicy system-service\narch x86_64\ndefault errno EPERM\n")
	x86, _ := abi.ByName("x86_64")
	for _, name := range names {
		if _, ok := x86.Call(name); ok {
			fmt.Fprintf(&out, "allow %s\n", name)
		}
	}
	return []byte(out.String()), nil
}

// systemCalls asks systemd for a group's calls and those of its groups.
func systemCalls(group string, seen map[string]bool) ([]string, error) {
	if seen[group] {
		return nil, nil
	}
	seen[group] = true
	text, err := exec.Command("systemd-analyze", "syscall-filter", group).Output()
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		switch {
		case name == "" || name == group || name[0] == '#':
		case name[0] == '@':
			more, err := systemCalls(name, seen)
			if err != nil {
				return nil, err
			}
			names = append(names, more...)
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// wireFilter is the workload as a peer reads it. The error says what no peer
// can be told.
func (w *workload) wireFilter() (*wire.Filter, error) {
	list := w.rules.Arches[0].Lists[0]
	last := list[len(list)-1]
	f := &wire.Filter{Default: uint32(last.Verdict.Action())}
	x86 := w.rules.Arches[0].Arch
	outright := map[uint64]bool{} // elastic takes no call twice
	for _, r := range list[:len(list)-1] {
		if r.Verdict == last.Verdict {
			continue
		}
		conds, err := alternatives(r.Conds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Text, err)
		}
		for _, n := range r.Numbers {
			for nr := n.Low; nr <= n.High; nr++ {
				call, ok := x86.Number(uint32(nr))
				if !ok {
					return nil, fmt.Errorf("%s: number %d has no name", r.Text, nr)
				}
				if outright[nr] {
					continue
				}
				outright[nr] = len(r.Conds) == 0
				for _, c := range conds {
					f.Rules = append(f.Rules, wire.Rule{Action: uint32(r.Verdict.Action()), Nr: uint32(nr), Name: call.Name, Conds: c})
				}
			}
		}
	}
	return f, nil
}

// alternatives are the conjunctions of comparisons that conditions come to.
func alternatives(conds []policy.Cond) ([][]wire.Cond, error) {
	all := [][]wire.Cond{nil}
	for _, c := range conds {
		each, err := comparisonsOf(c)
		if err != nil {
			return nil, err
		}
		var more [][]wire.Cond
		for _, before := range all {
			for _, one := range each {
				more = append(more, append(before[:len(before):len(before)], one))
			}
		}
		all = more
	}
	return all, nil
}

// comparisonsOf are the comparisons any of which must hold.
func comparisonsOf(c policy.Cond) ([]wire.Cond, error) {
	whole := c.Operand.Bits == 64 && c.Mask == 1<<64-1
	var each []wire.Cond
	for _, r := range c.Ranges {
		one := wire.Cond{Arg: int(c.Operand.Reg), Op: wire.EQ, Value: r.Low}
		switch {
		case r.Low == r.High && whole:
		case r.Low == r.High:
			one.Op, one.Mask = wire.MaskedEQ, c.Mask
		case whole && r.Low == 0:
			one.Op, one.Value = wire.LE, r.High
		case whole && r.High == 1<<64-1:
			one.Op = wire.GE
		default:
			return nil, fmt.Errorf("no peer has a comparison with %d..%d", r.Low, r.High)
		}
		each = append(each, one)
	}
	return each, nil
}
