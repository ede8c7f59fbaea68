package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// made is what a maker made of a workload.
type made struct {
	stack  bpf.Stack     // the filters of a thread, usually one
	took   time.Duration // 0 where it was not measured: what others had installed
	proved time.Duration // what a proof took besides; narrow's alone
}

// maker makes a filter of a workload.
type maker struct {
	name string
	make func(b *bench, w *workload) (*made, error)
}

// errNotMeant is a workload that a maker is not for.
var errNotMeant = errors.New("not meant for it")

// makers are narrow and its peers.
func makers() []maker {
	return []maker{
		{"narrow", narrowMake},
		{"narrow, weights of the trace", narrowWeighted},
		{"libseccomp", peer("libseccomp", "1")},
		{"libseccomp, tree", peer("libseccomp", "2")},
		{"libseccomp-golang, tree", peer("libseccompgo")},
		{"compat/libseccomp, the same source", peer(compatPeer)},
		{"elastic", peer("elastic")},
		{"gVisor", peer("gvisor")},
		{"runc, as installed", runcInstalled},
		{"systemd, as installed", systemdInstalled},
	}
}

func narrowMake(_ *bench, w *workload) (*made, error) { return compiledBy(w, compile.Options{}) }

// narrowWeighted weighs by the workload's own trace.
func narrowWeighted(_ *bench, w *workload) (*made, error) {
	if w.trace == "" {
		return nil, errNotMeant
	}
	t, err := readTrace(w.trace)
	if err != nil {
		return nil, err
	}
	var o compile.Options
	for _, c := range t {
		o.Weights = append(o.Weights, compile.Weight{Call: c.Call, Count: c.Count})
	}
	return compiledBy(w, o)
}

// compiledBy compiles again and again for a while, and proves the same way.
func compiledBy(w *workload, o compile.Options) (*made, error) {
	var program bpf.Program
	var err error
	took := medianTime(func() {
		program, err = compile.Compile(w.rules, o)
	})
	if err != nil {
		return nil, err
	}
	proved := medianTime(func() { err = prove(program, w.rules) })
	return &made{bpf.Stack{program}, took, proved}, err
}

// prove is nil if a program is the rules.
func prove(program bpf.Program, rules *policy.Rules) error {
	v := verify.New(verify.Limits{})
	m, err := v.Program(program)
	if err != nil {
		return err
	}
	r, err := v.Equal(m, v.Rules(rules))
	if err == nil && r.Answer != verify.Yes {
		err = fmt.Errorf("not proved: %v %s", r.Answer, r.Reason)
	}
	return err
}

// medianTime is what a function takes, of many times.
func medianTime(f func()) time.Duration {
	var all []time.Duration
	for begin := time.Now(); len(all) < 5 || time.Since(begin) < 200*time.Millisecond; {
		start := time.Now()
		f()
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// peer is a program in peers/.
func peer(name string, args ...string) func(*bench, *workload) (*made, error) {
	return func(b *bench, w *workload) (*made, error) {
		path, err := b.peer(name)
		if err != nil {
			return nil, err
		}
		f, err := w.wireFilter()
		if err != nil {
			return nil, err
		}
		return ask(b, path, f, args...)
	}
}

func ask(b *bench, path string, f *wire.Filter, args ...string) (*made, error) {
	var in, stderr bytes.Buffer
	if err := f.Write(&in); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(b.ctx, path, args...)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("it cannot: %s", reason(stderr.String(), err))
	}
	program, took, err := wire.Answer(out)
	return &made{stack: bpf.Stack{program}, took: took}, err
}

// peer builds a peer, once a run.
func (b *bench) peer(name string) (string, error) {
	path := filepath.Join(b.dir, "peer-"+name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.CommandContext(b.ctx, "go", "build", "-tags", "libseccomp", "-o", path, "./peers/"+name)
	if name == compatPeer {
		var err error
		if cmd, err = b.compat(path); err != nil {
			return "", err
		}
	}
	if name == "libseccomp" {
		cmd = exec.CommandContext(b.ctx, "cc", "-O2", "-o", path, "peers/libseccomp/main.c", "-lseccomp")
	}
	if name == "pause" {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not build here: %w: %s", err, firstLine(string(out)))
	}
	return path, nil
}

// compatPeer is the peer libseccompgo with narrow's compat/libseccomp in the
// place of libseccomp-golang.
const compatPeer = "compat"

// compat is the command that builds it: by replace lines, as its users write them.
func (b *bench) compat(path string) (*exec.Cmd, error) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return nil, err
	}
	replaced := filepath.Join(b.dir, "compat.mod")
	mod = append(mod, "\nreplace github.com/seccomp/libseccomp-golang => ../compat/libseccomp\n"...)
	if err := errors.Join(os.WriteFile(replaced, mod, 0o600), os.WriteFile(filepath.Join(b.dir, "compat.sum"), sum, 0o600)); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(b.ctx, "go", "build", "-modfile", replaced, "-mod", "mod", "-tags", "libseccomp", "-o", path, "./peers/libseccompgo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd, nil
}

func firstLine(s string) string {
	line, _, _ := bytes.Cut([]byte(s), []byte("\n"))
	return string(line)
}

// reason is what a peer said before it ended, without the date.
func reason(stderr string, err error) string {
	line := firstLine(stderr)
	if line == "" {
		return err.Error()
	}
	if _, rest, ok := strings.Cut(line, ": "); ok {
		return rest
	}
	if f := strings.SplitN(line, " ", 3); len(f) == 3 && strings.Count(f[0], "/") == 2 {
		return f[2]
	}
	return line
}
