package oci

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

func arch(t testing.TB, name string) *abi.Arch {
	t.Helper()
	a, ok := abi.ByName(name)
	if !ok {
		t.Fatal(name)
	}
	return a
}

// imported is the policy of a profile on x86_64.
func imported(t testing.TB, text string, o Options) *policy.Policy {
	t.Helper()
	if o.Arch == nil {
		o.Arch = arch(t, "x86_64")
	}
	source, err := Import("profile.json", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load("profile.json", source, policy.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	return p
}

// moby is Docker's profile of a release.
func moby(t testing.TB, release string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "moby-"+release+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holds proves lines such as "errno EPERM read" of a policy.
func holds(t *testing.T, p *policy.Policy, lines ...string) {
	t.Helper()
	v := verify.New(verify.Limits{})
	for _, line := range lines {
		verdict, call, _ := strings.Cut(line, ": ")
		f, err := policy.Load("t", fmt.Appendf(nil, "language 1\npolicy t\narch x86_64\ndefault kill-process\nallow read exit_group rt_sigreturn\ntest all { %s %s }", verdict, call), policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.Holds(v.Rules(p.Phases[0].Own), f.Tests[0].Call, f.Tests[0].Verdict)
		if err != nil || r.Answer != verify.Yes || r.Vacuous {
			t.Errorf("%s: %v %s %+v %v", line, r.Answer, r.Reason, r.Witness, err)
		}
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, text string
		holds      []string
	}{
		{"actions", `{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [
			{"names": ["read", "frobnicate"], "action": "SCMP_ACT_ALLOW"}, {"name": "write", "action": "SCMP_ACT_LOG"},
			{"names": ["open"], "action": "SCMP_ACT_ERRNO"}, {"names": ["openat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
			{"names": ["close"], "action": "SCMP_ACT_TRAP", "errnoRet": 7}, {"names": ["stat"], "action": "SCMP_ACT_TRACE", "errnoRet": 7},
			{"names": ["fstat"], "action": "SCMP_ACT_KILL"}, {"names": ["lstat"], "action": "SCMP_ACT_KILL_THREAD"}, {"names": ["poll"], "action": "SCMP_ACT_NOTIFY"},
			{"names": ["mmap"], "action": "SCMP_ACT_ERRNO", "errno": "ENOSYS"}]}`,
			[]string{"allow: read", "log: write", "errno EPERM: open", "errno ENOSYS: openat", "trap: close", "trace 7: stat", "kill-thread: fstat", "kill-thread: lstat", "notify: poll", "errno ENOSYS: mmap", "kill-process: brk"}},
		{"operators", `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13, "syscalls": [
			{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_LT"}]},
			{"names": ["write"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_LE"}]},
			{"names": ["open"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 3, "op": "SCMP_CMP_GE"}]},
			{"names": ["close"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 4294967296, "op": "SCMP_CMP_GT"}]},
			{"names": ["stat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 5, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]},
			{"names": ["fstat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_NE"}]},
			{"names": ["poll"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 12, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}, {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}]}`,
			[]string{"allow: read(arg0 < 3)", "errno EACCES: read(arg0 >= 3)", "allow: write(arg0 <= 3)", "errno EACCES: write(arg0 > 3)",
				"allow: open(arg1 >= 3)", "errno EACCES: open(arg1 < 3)", "allow: close(arg0 > 0x100000000)", "errno EACCES: close(arg0 <= 0x100000000)",
				"allow: stat(arg5 == 0xffffffffffffffff)", "errno EACCES: stat(arg5 < 0xffffffffffffffff)", "allow: fstat(arg0 != 3)", "errno EACCES: fstat(arg0 == 3)",
				"allow: poll(arg0 & 12 == 8, arg1 == 1)", "errno EACCES: poll(arg0 & 12 != 8)", "errno EACCES: poll(arg1 != 1)"}},
		{"a rule without conditions wins", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
			{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}]},
			{"names": ["read"], "action": "SCMP_ACT_ALLOW"}, {"names": ["read"], "action": "SCMP_ACT_TRAP"}]}`,
			[]string{"allow: read"}},
		{"what changes nothing is left out", `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
			{"names": ["read"], "action": "SCMP_ACT_ERRNO"}, {"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`,
			[]string{"allow: read"}},
		{"one register twice is two rules", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
			{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 4, "op": "SCMP_CMP_EQ"}]}]}`,
			[]string{"allow: read(arg0 in {3, 4})", "errno EPERM: read(arg0 not in {3, 4})"}},
		{"different actions that exclude each other", `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
			{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errno": "EINVAL", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 9, "op": "SCMP_CMP_EQ"}]},
			{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 9, "op": "SCMP_CMP_NE"}]},
			{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_NE"}]}]}`,
			[]string{"errno EINVAL: socket(arg0 == 16, arg2 == 9)", "allow: socket(arg0 != 16)", "allow: socket(arg2 != 9)"}},
		{"the configuration of a container", `{"ociVersion": "1.0", "process": {}, "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "flags": [],
			"syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_KILL"}]}}}`, []string{"kill-thread: bpf", "allow: read"}},
	} {
		t.Run(c.name, func(t *testing.T) { holds(t, imported(t, c.text, Options{}), c.holds...) })
	}
}

// TestNamesStayNames gives names that would be lines of their own.
func TestNamesStayNames(t *testing.T) {
	text := `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["x\nallow *\n", "read"], "action": "SCMP_ACT_ALLOW"}]}`
	holds(t, imported(t, text, Options{Capabilities: []string{"x\nallow *"}}), "errno EPERM: write", "allow: read")
}

func TestDockersDefault(t *testing.T) {
	text := moby(t, "v0.2.4")
	p := imported(t, text, Options{})
	holds(t, p, "allow: read", "allow: ptrace", "errno ENOSYS: clone3", "errno EPERM: mount", "errno EPERM: bpf", "errno EPERM: chroot",
		"allow: clone(clone_flags lacks CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWCGROUP)", "errno EPERM: clone(clone_flags has CLONE_NEWUSER)",
		"allow: socket(arg0 == AF_INET)", "errno EPERM: socket(arg0 == AF_VSOCK)", "errno EPERM: socket(arg0 == AF_ALG)")
	if got := len(p.Arches); got != 3 {
		t.Errorf("%d arches", got)
	}
	holds(t, imported(t, text, Options{Kernel: abi.Version{Major: 4, Minor: 7}}), "errno EPERM: ptrace")
	holds(t, imported(t, text, Options{Kernel: abi.Version{Major: 4, Minor: 8}}), "allow: ptrace")
	holds(t, imported(t, text, Options{Capabilities: []string{"cap_sys_admin", "BPF"}}), "allow: mount", "allow: bpf", "allow: clone", "allow: clone3", "errno EPERM: chroot")
	for name, own := range map[string]string{"aarch64": "arm", "s390x": "", "riscv64": "", "loongarch64": "", "mips64": "mips"} {
		p := imported(t, text, Options{Arch: arch(t, name)})
		if own != "" && (len(p.Arches) != 2 || p.Arches[1].Name != own) {
			t.Errorf("on %s: %v", name, p.Arches)
		}
	}
}

func TestWrongProfiles(t *testing.T) {
	for text, want := range map[string]string{
		`{`:    "p.json:1:1: unexpected EOF",
		`[]`:   "p.json:1:1: json: cannot unmarshal array",
		`null`: "unknown action",
		`{}`:   `defaultAction: unknown action ""`,
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"syscalls\": 7}":                                                                                                                                  "p.json:2:",
		`{"defaultAction": "SCMP_ACT_ALLOW", "sysalls": []}`:                                                                                                                                          `unknown field "sysalls"`,
		`{"defaultAction": "SCMP_ACT_ALLOW"} {}`:                                                                                                                                                      "something follows the profile",
		`{"defaultAction": "ALLOW"}`:                                                                                                                                                                  `unknown action "ALLOW"`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 65536}`:                                                                                                                               "too large",
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1}`:                                                                                                                                  "cannot unmarshal number -1",
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "EWHAT"}`:                                                                                                                                `unknown errno "EWHAT"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_VAX"]}`:                                                                                                                     `unknown architecture "SCMP_ARCH_VAX"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{}]}`:                                                                                                    "both architectures and archMap",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "name": "write", "action": "SCMP_ACT_KILL"}]}`:                                                                          "both name and names",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "kill"}]}`:                                                                                                    `syscalls[0] (read): unknown action "kill"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}]}`:                                              "argument 6; a call has 0 to 5",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "op": "EQ"}]}]}`:                                                       `unknown op "EQ"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"value": 1, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]}`:                        "no number masked with 0x1 is 0x2",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "includes": {"minKernel": "new"}}]}`:                                                         `"new" is no version`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"value": 4294967296, "op": "SCMP_CMP_EQ"}]}]}`: "wider than a register of i386",
		`{"ociVersion": "1.0", "linux": {}}`:                                                                                                                                                          "no linux.seccomp",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_GT"}]},
			{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 3, "op": "SCMP_CMP_EQ"}]}]}`: "rules with different actions fit read(fd == 4, buf != NULL",
	} {
		_, err := Import("p.json", []byte(text), Options{Arch: arch(t, "x86_64")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v; want %s", text, err, want)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add(moby(f, "v0.1.0"))
	f.Add(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "args": [{"index": 0, "value": 3, "op": "SCMP_CMP_GT"}]}]}`)
	f.Add(`{"ociVersion": "1.0", "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}}}`)
	x86 := arch(f, "x86_64")
	f.Fuzz(func(t *testing.T, text string) {
		source, err := Import("p.json", []byte(text), Options{Arch: x86})
		if err != nil {
			return
		}
		if _, err := policy.Parse("p.json", source); err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
	})
}
