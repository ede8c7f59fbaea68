//go:build linux

package launch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/victim"
	"github.com/narrow-sandbox/narrow/policy"
)

// status prints lines of the program's own /proc/self/status.
func status(lines string) []string {
	return []string{"grep", "-E", "^(" + lines + "):", "/proc/self/status"}
}

func TestIdsAndCapabilities(t *testing.T) {
	needRoot(t)
	const bind = "0000000000000400" // CAP_NET_BIND_SERVICE
	const none = "0000000000000000"
	for name, c := range map[string]struct {
		process policy.ProcessRules
		want    map[string]string
	}{
		"user": {policy.ProcessRules{User: "nobody"}, map[string]string{
			"Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534", "Groups": "", "CapPrm": none, "CapEff": none}},
		"user by number, and group": {policy.ProcessRules{User: "12345", Group: "daemon"}, map[string]string{
			"Uid": "12345 12345 12345 12345", "Gid": "1 1 1 1", "Groups": "", "CapPrm": none}},
		"group": {policy.ProcessRules{Group: "7"}, map[string]string{
			"Uid": "0 0 0 0", "Gid": "7 7 7 7", "Groups": ""}},
		"no capabilities": {policy.ProcessRules{SetCapabilities: true}, map[string]string{
			"Uid": "0 0 0 0", "CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none}},
		"one capability, root": {policy.ProcessRules{SetCapabilities: true, Capabilities: []string{"NET_BIND_SERVICE"}}, map[string]string{
			"CapInh": bind, "CapPrm": bind, "CapEff": bind, "CapBnd": bind}},
		"one capability, user": {policy.ProcessRules{User: "nobody", SetCapabilities: true, Capabilities: []string{"net_bind_service"}}, map[string]string{
			"Uid": "65534 65534 65534 65534", "CapInh": bind, "CapPrm": bind, "CapEff": bind, "CapBnd": bind, "CapAmb": bind}},
	} {
		t.Run(name, func(t *testing.T) {
			d := noExec
			d.Process = c.process
			o := job{Draft: d}.succeeds(t, status("Uid|Gid|Groups|Cap...|NoNewPrivs")...)
			c.want["NoNewPrivs"] = "1"
			for _, line := range strings.Split(strings.TrimSpace(o.out), "\n") {
				key, value, _ := strings.Cut(line, ":")
				if want, ok := c.want[key]; ok && strings.Join(strings.Fields(value), " ") != want {
					t.Errorf("%s: want %q, got %q", key, want, value)
				}
				delete(c.want, key)
			}
			if len(c.want) > 0 {
				t.Errorf("not seen: %v", c.want)
			}
		})
	}
}

// An ordinary user keeps what it has, and can neither become another nor be
// refused for what it never had.
func TestIdsOfAnOrdinaryUser(t *testing.T) {
	needRoot(t)
	for name, c := range map[string]struct {
		process policy.ProcessRules
		status  int
		words   []string
	}{
		"itself":              {policy.ProcessRules{User: "nobody"}, 0, nil},
		"no capabilities":     {policy.ProcessRules{SetCapabilities: true}, 0, nil},
		"what it has not":     {policy.ProcessRules{SetCapabilities: true, Capabilities: []string{"SETUID"}}, 0, nil},
		"another":             {policy.ProcessRules{User: "daemon"}, 125, []string{"ids:", "needs root", "user 65534", "--best-effort"}},
		"another group":       {policy.ProcessRules{Group: "daemon"}, 125, []string{"needs root"}},
		"no such user":        {policy.ProcessRules{User: "nosuchuser"}, 125, []string{"test.narrow:3:1: user nosuchuser: there is no such user"}},
		"number, no group":    {policy.ProcessRules{User: "54321"}, 125, []string{"add a group line"}},
		"unknown capability":  {policy.ProcessRules{SetCapabilities: true, Capabilities: []string{"FLY"}}, 125, []string{`unknown capability "FLY"`}},
		"all at once":         {policy.ProcessRules{User: "nosuchuser", SetCapabilities: true, Capabilities: []string{"FLY"}}, 125, []string{"FLY", "nosuchuser"}},
		"invalid user number": {policy.ProcessRules{User: "4294967295", Group: "1"}, 125, []string{"no such user"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := noExec
			d.Process = c.process
			cmd := job{Draft: d}.command(status("Uid|CapPrm")...)
			asNobody(cmd)
			o := runCommand(t, cmd)
			if o.status() != c.status {
				t.Errorf("want %d: %v", c.status, o)
			}
			for _, w := range c.words {
				if !strings.Contains(o.err, w) {
					t.Errorf("want %q: %v", w, o)
				}
			}
			if c.status == 125 && o.out != "" {
				t.Errorf("the program ran: %v", o)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
		d := noExec
		d.Process.Limits = []policy.Limit{{Name: "NOFILE", Value: 17}, {Name: "CORE", Value: 0}, {Name: "FSIZE", Value: 4096}, {Name: "AS", Value: 1 << 28}, {Name: "NPROC", Value: 3}}
		c := job{Draft: d}.command("cat", "/proc/self/limits")
		as(c)
		o := runCommand(t, c)
		for _, want := range []string{"Max open files 17 17 files", "Max core file size 0 0 bytes", "Max file size 4096 4096 bytes", "Max address space 268435456 268435456 bytes", "Max processes 3 3 processes"} {
			if !strings.Contains(strings.Join(strings.Fields(o.out), " "), want) {
				t.Errorf("want %s: %v", want, o)
			}
		}
	})
	d := noExec
	d.Process.Limits = []policy.Limit{{Name: "WARP", Value: 9, Pos: place}}
	job{Draft: d}.refused(t, 125, []string{"true"}, "test.narrow:3:1: unknown limit WARP")
}

func file(right policy.Right, paths ...string) []policy.PathRule {
	var rules []policy.PathRule
	for _, p := range paths {
		path, optional := strings.CutSuffix(p, "?")
		rules = append(rules, policy.PathRule{Right: right, Path: path, Optional: optional, Pos: place})
	}
	return rules
}

func files(rules ...[]policy.PathRule) []*policy.FilesRules {
	block := &policy.FilesRules{Pos: place}
	for _, r := range rules {
		block.Paths = append(block.Paths, r...)
	}
	return []*policy.FilesRules{block}
}

// system lets the programs of this machine start.
var system = file(policy.Execute, "/usr/bin", "/usr/lib", "/lib64?")

func TestFiles(t *testing.T) {
	dir, err := os.MkdirTemp("", "narrow-files-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	os.Chmod(dir, 0o777)
	for _, sub := range []string{"read", "write", "other"} {
		path := filepath.Join(dir, sub)
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o777)
		if err := os.WriteFile(filepath.Join(path, "file"), []byte("secret"), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(path, "file"), 0o666)
	}
	os.Symlink(filepath.Join(dir, "read"), filepath.Join(dir, "link"))
	d := noExec
	d.Files = files(system, file(policy.Read, filepath.Join(dir, "link")), file(policy.Write, filepath.Join(dir, "write"), "/dev/null", dir+"/missing?"))
	for _, c := range []struct {
		script string
		works  bool
	}{
		{`read -r x <read/file; test "$x" = secret`, true},
		{`read -r x <link/file; test "$x" = secret`, true},
		{`cd read && set -- * && test "$1" = file`, true},
		{`echo x >read/file`, false},
		{`echo x >read/new`, false},
		{`read -r x <write/file; test "$x" = secret`, true},
		{`echo x >>write/file`, true},
		{`echo x >write/new$$`, true},
		{`echo x >/dev/null`, true},
		{`read -r x <other/file; test -n "$x"`, false},
		{`echo x >>other/file`, false},
		{`read -r x </etc/passwd; test -n "$x"`, false},
		{`cd other; set -- *; test "$1" = file`, false},
		{`test -e other/file`, true}, // stat stays possible
		{`read -r x </proc/self/status; test -n "$x"`, false},
	} {
		t.Run(c.script, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
				cmd := job{Draft: d}.command("sh", "-c", c.script)
				as(cmd)
				cmd.Dir = dir
				if o := runCommand(t, cmd); (o.status() == 0) != c.works {
					t.Errorf("want %v: %v", c.works, o)
				}
			})
		})
	}
}

// Files that a policy or a start needs and that are not there or not allowed
// are told before the program starts.
func TestFilesThatStopTheStart(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#! /bin/sh -e\necho $0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	with := func(rules ...[]policy.PathRule) job {
		d := noExec
		d.Files = files(rules...)
		return job{Draft: d}
	}
	with(system, file(policy.Read, "/no/such", "/nor/this")).refused(t, 125, []string{"true"},
		"test.narrow:3:1: /no/such does not exist; write /no/such? if it may be missing", "/nor/this")
	with(file(policy.Read, "/")).refused(t, 125, []string{"true"}, "does not let /", "add: execute /usr/bin/true")
	with(file(policy.Execute, "/usr/bin")).refused(t, 125, []string{"true"}, "the loader of", "add: execute /usr/lib")
	with(system).refused(t, 125, []string{script}, "does not let "+script+" be executed")
	with(file(policy.Execute, dir)).refused(t, 125, []string{script}, "/bin/sh, by which "+script+" starts")
	with(system, file(policy.Execute, script)).succeeds(t, script)
	with(system, file(policy.Read, "/no/such?")).succeeds(t, "true")

	// Two blocks stack: both must let it.
	d := noExec
	d.Files = append(files(system), files(file(policy.Read, "/usr"))...)
	job{Draft: d}.refused(t, 125, []string{"true"}, "execute")
	d.Files = append(files(system, file(policy.Read, "/etc")), files(system)...)
	if o := (job{Draft: d}).run(t, "sh", "-c", "read -r x </etc/passwd"); o.status() == 0 {
		t.Errorf("the second block does not name /etc: %v", o)
	}
}

func TestNetwork(t *testing.T) {
	probe := buildProbe(t, `package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

func main() {
	for _, a := range os.Args[1:] {
		var err error
		var end interface{ Close() error }
		if a[0] == 'b' {
			end, err = net.Listen("tcp4", "127.0.0.1:"+a[1:])
		} else {
			end, err = net.Dial("tcp4", "127.0.0.1:"+a[1:])
		}
		if err == nil {
			end.Close()
		}
		fmt.Print(a, "=", !errors.Is(err, syscall.EACCES), " ")
	}
}`)
	for name, c := range map[string]struct {
		network policy.NetworkRules
		want    string
	}{
		"nothing":      {policy.NetworkRules{}, "b39501=false c39501=false b39502=false c39502=false"},
		"bind one":     {policy.NetworkRules{Bind: ranges(39501, 39501)}, "b39501=true c39501=false b39502=false c39502=false"},
		"bind range":   {policy.NetworkRules{Bind: ranges(39000, 39502)}, "b39501=true c39501=false b39502=true c39502=false"},
		"connect one":  {policy.NetworkRules{Connect: ranges(39502, 39502)}, "b39501=false c39501=false b39502=false c39502=true"},
		"connect any":  {policy.NetworkRules{ConnectAny: true}, "b39501=false c39501=true b39502=false c39502=true"},
		"both any":     {policy.NetworkRules{ConnectAny: true, BindAny: true}, "b39501=true c39501=true b39502=true c39502=true"},
		"unix and udp": {policy.NetworkRules{Unix: true, Udp: true}, "b39501=false c39501=false b39502=false c39502=false"},
	} {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
				d := noExec
				d.Network = []*policy.NetworkRules{&c.network}
				cmd := job{Draft: d}.command(probe, "b39501", "c39501", "b39502", "c39502")
				cmd.Env = append(cmd.Env, "GODEBUG=multipathtcp=0")
				as(cmd)
				if o := runCommand(t, cmd); strings.TrimSpace(o.out) != c.want {
					t.Errorf("want %s: %v", c.want, o)
				}
			})
		})
	}
}

// The victim, free of Landlock's and with every layer.
func TestVictim(t *testing.T) {
	home, err := os.MkdirTemp("", "narrow-home-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	if err := victim.Prepare(home); err != nil {
		t.Fatal(err)
	}
	d := draft{
		Rules:   []draftRule{{eperm, []string{"execve", "execveat", "ptrace"}}},
		Process: policy.ProcessRules{WriteXorExecute: true, SetCapabilities: true},
		Files:   files(file(policy.Execute, self, "/usr/lib", "/lib64?")),
		Network: []*policy.NetworkRules{{}},
	}
	o := job{Draft: d, Next: &job{Victim: home}}.run(t, self)
	var results []victim.Result
	if err := json.Unmarshal([]byte(o.out), &results); err != nil {
		t.Fatalf("%v: %v", err, o)
	}
	want := map[string]string{
		"execute a shell":        "EPERM",
		"connect out":            "EACCES",
		"write to ~/.bashrc":     "EACCES",
		"read a private key":     "EACCES",
		"create a program in ~":  "EACCES",
		"fork":                   "", // the policy lets it
		"make memory executable": "EACCES",
		"trace another process":  "EPERM",
	}
	for _, r := range results {
		if detail, ok := want[r.Name]; !ok || r.Detail != detail || r.Worked != (detail == "") {
			t.Errorf("%+v, want %q", r, detail)
		}
		delete(want, r.Name)
	}
	if len(want) > 0 {
		t.Errorf("not tried: %v", want)
	}
}
