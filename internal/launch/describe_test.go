package launch_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/policy"
)

func TestDescribe(t *testing.T) {
	d := draft{
		Rules: []draftRule{{eperm, []string{"ptrace"}}},
		Process: policy.ProcessRules{
			User: "memcache", SetCapabilities: true, Capabilities: []string{"SETUID", "SETGID"},
			SetDescriptors: true, Descriptors: []policy.Range{{Low: 0, High: 2}, {Low: 7, High: 7}}, WriteXorExecute: true,
			Limits: []policy.Limit{{Name: "NOFILE", Value: 1024}, {Name: "CPU", Value: kernel.Infinity}},
		},
		Files: []*policy.FilesRules{{Paths: []policy.PathRule{
			{Right: policy.Execute, Path: "/usr/bin/memcached"}, {Right: policy.Read, Path: "/etc"}, {Right: policy.Write, Path: "/run"},
		}}},
		Network: []*policy.NetworkRules{{Bind: []policy.Range{{Low: 11211, High: 11213}}}},
		Labels:  []policy.LabelRule{{LSM: "apparmor", Values: []string{"profile", "memcached//init"}}},
		More:    []*policy.PhaseRules{{Name: "serving", Files: []*policy.FilesRules{{}}, Network: []*policy.NetworkRules{{BindAny: true}}}},
	}
	first := []launch.LayerPlan{
		{Layer: kernel.Descriptors, Does: []string{"keep 0..2, 7, close all others"}},
		{Layer: kernel.IDs, Does: []string{"user memcache", "no supplementary groups"}},
		{Layer: kernel.Capabilities, Does: []string{"none but SETUID, SETGID"}},
		{Layer: kernel.Memory, Does: []string{"no memory both writable and executable, and none becomes executable (PR_SET_MDWE)"}},
		{Layer: kernel.Label, Does: []string{"apparmor profile memcached//init"}},
		{Layer: kernel.NoNewPrivs, Does: []string{"no exec grants what the program does not have"}},
		{Layer: kernel.Landlock, Does: []string{"execute /usr/bin/memcached", "read /etc", "write /run", "bind tcp 11211..11213", "no connect tcp"}},
		{Layer: kernel.Seccomp, Does: []string{"a filter of phase all (2 rules over all architectures)"}},
		{Layer: kernel.Limits, Does: []string{"NOFILE 1024", "CPU unlimited"}},
	}
	got, err := launch.Describe(d.policy(), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Error(diff)
	}
	// A later phase has the allow-lists of those before it too.
	got, err = launch.Describe(d.policy(), "serving")
	if err != nil {
		t.Fatal(err)
	}
	want := append(first[6].Does[:3:3], "no file at all", "bind tcp 11211..11213", "no connect tcp", "bind tcp any", "no connect tcp")
	if diff := cmp.Diff(want, got[6].Does); diff != "" {
		t.Error(diff)
	}
	var e *launch.Error
	if _, err := launch.Describe(d.policy(), "sering"); !errors.As(err, &e) || e.ExitStatus() != 125 {
		t.Errorf("a phase that is not there: %v", err)
	}
}
