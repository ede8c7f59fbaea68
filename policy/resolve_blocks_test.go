package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestBlocks resolves each line of the blocks beside rules.
func TestBlocks(t *testing.T) {
	p, err := Load("t", []byte(`arch x86_64 else errno ENOSYS default errno EPERM
param port = 11211 param dir = /srv param secure = yes param more = no
process {
    user memcache
    group 12
    capabilities NET_BIND_SERVICE, cap_kill
    descriptors 5, 0..2, 3
    memory write-xor-execute
    rlimit nofile 0x400
    when $secure { rlimit CORE unlimited }
    when $more { rlimit AS 1 }
}
files { read /etc/../usr/ $dir/a? "/with blank" write /tmp execute $dir }
network { bind tcp $port, 80..90, 85..95 connect tcp any when $more { udp } unix }
phase serving after accept4(flags has SOCK_NONBLOCK) in "mc-*" {
    label { apparmor profile "$dir//x" smack Memcached }
    thread main { allow read }
}
phase done after ready { allow read }
test serving in main { allow read }
test done { errno ENOSYS close *  }`), Options{Set: map[string]string{"dir": "/data"}})
	if err != nil {
		t.Fatal(err)
	}
	noPos := cmpopts.IgnoreTypes(Pos{})
	process := ProcessRules{
		User: "memcache", Group: "12",
		Capabilities: []string{"NET_BIND_SERVICE", "KILL"}, SetCapabilities: true,
		Descriptors: []Range{{0, 3}, {5, 5}}, SetDescriptors: true,
		WriteXorExecute: true,
		Limits:          []Limit{{Name: "NOFILE", Value: 1024}, {Name: "CORE", Value: 1<<64 - 1}},
	}
	files := []*FilesRules{{Paths: []PathRule{
		{Right: Read, Path: "/usr"}, {Right: Read, Path: "/data/a", Optional: true}, {Right: Read, Path: "/with blank"},
		{Right: Write, Path: "/tmp"}, {Right: Execute, Path: "/data"},
	}}}
	network := []*NetworkRules{{Bind: []Range{{80, 95}, {11211, 11211}}, ConnectAny: true, Unix: true}}
	labels := []LabelRule{{LSM: "apparmor", Values: []string{"profile", "/data//x"}}, {LSM: "smack", Values: []string{"Memcached"}}}
	serving := p.Phases[0]
	for _, diff := range []string{
		cmp.Diff(process, p.Process, noPos),
		cmp.Diff(files, serving.Files, noPos),
		cmp.Diff(network, serving.Network, noPos),
		cmp.Diff(labels, serving.Labels, noPos),
		cmp.Diff("errno ENOSYS", serving.Own.Else.String()),
		cmp.Diff("accept4(flags has SOCK_NONBLOCK) in mc-*", serving.Trigger.String()),
		cmp.Diff("ready", p.Phases[1].Trigger.String()),
		cmp.Diff("allow read main", p.Tests[0].Verdict.String()+" "+p.Tests[0].Call.Text+" "+p.Tests[0].Thread),
	} {
		if diff != "" {
			t.Error(diff)
		}
	}
	if len(p.Tests) != 3 {
		t.Errorf("%d tests", len(p.Tests))
	}
}

// TestNothingSaid is a policy of a default alone: nothing is set that a
// process would notice.
func TestNothingSaid(t *testing.T) {
	p, err := Load("dir/quiet.narrow", []byte("arch x86_64 default allow"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ProcessRules{}, p.Process); diff != "" || p.Name != "quiet" || len(p.Phases) != 1 || p.Phases[0].Name != "all" {
		t.Errorf("%s, policy %s, phases %v", diff, p.Name, p.Phases)
	}
}

// TestVerdictsByArch has an error whose number is another on mips: rules and
// tests carry each architecture's own.
func TestVerdictsByArch(t *testing.T) {
	p, err := Load("t", []byte("arch x86_64, mips, aarch64 default errno ENOSYS test all { errno ENOSYS read }"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint16{38, 89, 38} {
		l := p.Phases[0].Own.Arches[i].Lists[0]
		if got := l[len(l)-1].Verdict.Data; got != want {
			t.Errorf("%s: %d, want %d", p.Arches[i], got, want)
		}
	}
	if len(p.Tests) != 2 || len(p.Tests[0].Call.Arches) != 2 || p.Tests[1].Verdict.Data != 89 || p.Tests[1].Call.Arches[0].Arch.Name != "mips" {
		t.Errorf("%d tests: %+v", len(p.Tests), p.Tests)
	}
}
