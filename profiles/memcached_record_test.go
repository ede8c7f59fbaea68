package profiles_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recorded are the calls that memcached made, free and under strace, over all
// of its features.
const recorded = "testdata/memcached.jsonl"

var record = flag.Bool("record", false, "run memcached's features free under strace, and write "+recorded)

// TestMemcachedRecord runs each feature free under strace.
func TestMemcachedRecord(t *testing.T) {
	if !*record {
		t.Skip("no -record")
	}
	needRoot(t)
	dir, err := os.MkdirTemp("", "narrow-record-")
	must(t, err)
	defer os.RemoveAll(dir)
	must(t, os.Chmod(dir, 0o777))
	rec := &recording{calls: map[string]bool{}}
	for _, f := range memcachedFeatures() {
		for _, who := range []user{root, nobody} {
			t.Run(f.name, func(t *testing.T) {
				c := f.open(t, who, underStrace(dir))
				f.drive(c)
				c.close()
			})
		}
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, file := range files {
		rec.record(t, filepath.Join(dir, file.Name()))
	}
	lines := slices.Sorted(maps.Keys(rec.calls))
	must(t, os.WriteFile(recorded, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	t.Logf("%d calls that differ", len(lines))
}

// underStrace starts memcached under strace, which follows every thread.
func underStrace(dir string) starter {
	return func(t *testing.T, f feature, who user, _ []string, args ...string) *server {
		t.Helper()
		file, err := os.CreateTemp(dir, "")
		must(t, err)
		file.Close()
		must(t, os.Chown(file.Name(), int(who.uid), int(who.gid)))
		command := append(f.limits(), "strace", "-D", "-f", "-y", "-X", "raw", "-e", "raw=!write,openat", "-e", "signal=none", "-o", file.Name())
		command = append(command, args...)
		s := newServer(t, command)
		s.launch(who)
		return s
	}
}

// Denied are the recorded calls that the profile refuses, each with how
// memcached does without.
var deniedRecorded = []struct{ phase, thread, call, why string }{
	{"", "", "execve", "the start's own, which narrow run lets through by itself"},
	{"", "", "clone3", "glibc then uses clone"},
	{"init", "main", "connect", "nscd and getaddrinfo's search for its own address: it has none then"},
	{"init", "main", "socket", "a netlink socket and a datagram one of getaddrinfo, nscd's"},
	{"init", "main", "sendto", "to the netlink socket that it does not get"},
	{"init", "main", "recvmsg", "from the netlink socket that it does not get"},
	{"serving", "", "set_robust_list", "no lock of memcached's is robust"},
	{"serving", "", "rt_sigprocmask", "a thread that begins or ends blocks signals; another one takes them"},
	{"serving", "", "madvise", "the stack of a thread that ends stays in memory"},
	{"serving", "", "openat", "the name of a new thread; the number of processors, for which glibc then takes two"},
	{"serving", "mc-worker", "newfstatat", "stdio asks how large its buffer should be"},
	{"serving", "mc-worker", "lseek", "stdio asks where it is in a file that it has just opened"},
	{"serving", "main", "dup", "perror writes to standard error without it"},
}

// TestMemcachedRecorded asks the profile about each call that was recorded.
func TestMemcachedRecorded(t *testing.T) {
	text, err := os.ReadFile(recorded)
	must(t, err)
	sim := exec.Command(narrowBinary, "sim", "--jsonl", "memcached")
	sim.Stdin, sim.Stderr = bytes.NewReader(text), os.Stderr
	out, err := sim.Output()
	must(t, err)
	calls, answers := strings.Split(strings.TrimSpace(string(text)), "\n"), strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(calls) != len(answers) || len(calls) < 300 {
		t.Fatalf("%d calls, %d answers", len(calls), len(answers))
	}
	used := make([]bool, len(deniedRecorded))
	for i, line := range calls {
		var call struct{ Phase, Thread, Nr string }
		var answer struct{ Verdict string }
		must(t, json.Unmarshal([]byte(line), &call))
		must(t, json.Unmarshal([]byte(answers[i]), &answer))
		if answer.Verdict == "allow" {
			continue
		}
		j := slices.IndexFunc(deniedRecorded, func(d struct{ phase, thread, call, why string }) bool {
			return d.call == call.Nr && (d.phase == "" || d.phase == call.Phase) && (d.thread == "" || d.thread == call.Thread)
		})
		if j < 0 || strings.HasPrefix(answer.Verdict, "kill") && call.Nr != "execve" {
			t.Errorf("%s: %s", answer.Verdict, line)
			continue
		}
		used[j] = true
	}
	for i, d := range deniedRecorded {
		if !used[i] {
			t.Errorf("%s in %s was not recorded, or is allowed: %s", d.call, d.thread, d.why)
		}
	}
}
