package profiles_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
)

// suiteCannot are the tests of memcached's own suite that Debian's binary does
// not pass without narrow either, or that ask nothing of it. Some others skip
// themselves: they want a debug build, or a proxy.
var suiteCannot = map[string]string{
	"expirations":  "moves time by a command that only a debug build has",
	"line-lengths": "is about the texts of the source",
	"whitespace":   "is about the texts of the source",
}

// suiteShort are those of the suite that are run every time: each feature in a
// few seconds. NARROW_LONG runs all of them, which takes some minutes.
var suiteShort = []string{"64bit", "ascii-auth", "binary-get", "daemonize", "dash-M", "error-extstore", "evictions", "flags", "getandtouch", "incrdecr",
	"issue_152", "issue_67", "shutdown", "ssl_proto_version", "ssl_settings", "stats-conns", "udp", "slabs_reassign", "unixsocket", "watcher_connid"}

// suitePorts are those that issue_67 wants, whoever has them.
var suitePorts = []int{11212, 11222, 11232, 11233, 11242, 11252, 11262, 11272}

// suiteWait is a place of the suite that waits by the clock, or takes a port that
// another test may have, and what the copy has instead: it waits for the thing
// itself. What the suite demands stays as it is.
type suiteWait struct{ file, was, is string }

var suiteWaits = []suiteWait{
	{"lib/MemcachedTest.pm", "$port = int(rand(20000)) + 30000;", "my @ours = split ' ', $ENV{NARROW_PORTS}; $port = $ours[rand @ours];"},
	{"lib/MemcachedTest.pm", "for (1..20)", "for (1..60)"},
	{"lib/MemcachedTest.pm", "for (1..80)", "for (1..240)"},
	{"issue_67.t", "for (1..20)", "for (1..600)"},
	{"issue_67.t", "timedrun 10 ", "timedrun 600 "},
	{"daemonize.t", "my $sock = $server->sock;\nsleep 0.5;", "my $sock = $server->sock;\n" + suiteUntil("-s $tmpfn")},
	{"daemonize.t", "\"sent KILL signal\");\nsleep 0.5;", "\"sent KILL signal\");\n" + suiteUntil("!kill(0, $readpid)")},
	{"slabs_reassign.t", "sleep 2;", suiteUntil("mem_stats($sock)->{slabs_moved}")},
	{"shutdown.t", "for (1..10)", "for (1..60)"},
	{"udp.t", "undef, undef, 1.5)", "undef, undef, 60)"},
}

// suiteUntil is Perl that waits, a minute at most, until it is so.
func suiteUntil(so string) string {
	return "for (1..600) { last if " + so + "; select undef, undef, undef, 0.1; }"
}

// apply changes the copy in a folder. Another version of the suite may have
// nothing to change.
func (w suiteWait) apply(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "t", w.file)
	text, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(text), w.was) {
		t.Logf("%s does not have %q", w.file, w.was)
	}
	must(t, os.WriteFile(path, []byte(strings.Replace(string(text), w.was, w.is, 1)), 0o644))
}

// TestMemcachedSuite runs the tests that come with memcached's source, every
// start of the server by `narrow run`.
func TestMemcachedSuite(t *testing.T) {
	need(t, "memcached")
	need(t, "perl")
	need(t, "gcc")
	for _, port := range suitePorts {
		freeport.Fixed(t, port)
	}
	dir := suiteFolder(t)
	tests, err := filepath.Glob(filepath.Join(dir, "t", "*.t"))
	if err != nil || len(tests) < 50 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	for _, path := range tests {
		name := strings.TrimSuffix(filepath.Base(path), ".t")
		if !long && !slices.Contains(suiteShort, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if why, ok := suiteCannot[name]; ok {
				t.Skip(why)
			}
			t.Parallel()
			runSuite(t, dir, name)
		})
	}
}

var (
	tapBad  = regexp.MustCompile(`(?m)^not ok`)
	tapGood = regexp.MustCompile(`(?m)^ok`)
	tapSkip = regexp.MustCompile(`(?m)^1\.\.0 # SKIP(.*)`)
)

// runSuite runs one test of the suite as an ordinary user.
func runSuite(t *testing.T, dir, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, "perl", "-I", "t/lib", "t/"+name+".t")
	test.Dir = dir
	test.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NARROW_PORTS=" + strings.Join(freePorts(t, 8), " ")}
	if strings.HasPrefix(name, "ssl_") {
		if exec.Command("perl", "-MIO::Socket::SSL", "-e", "1").Run() != nil {
			t.Skip("no IO::Socket::SSL: apt-get install libio-socket-ssl-perl")
		}
		test.Env = append(test.Env, "SSL_TEST=1")
	}
	who := nobodyOr(t)
	test.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		test.SysProcAttr.Credential = &syscall.Credential{Uid: who.uid, Gid: who.gid}
	}
	test.Cancel = func() error { return syscall.Kill(-test.Process.Pid, syscall.SIGKILL) }
	test.WaitDelay = 5 * time.Second // a server that is left behind holds its output
	out, err := test.CombinedOutput()
	if why := tapSkip.FindStringSubmatch(string(out)); why != nil {
		t.Skipf("the suite itself skips it:%s", why[1])
	}
	good, bad := len(tapGood.FindAll(out, -1)), len(tapBad.FindAll(out, -1))
	if err != nil || bad > 0 || good == 0 {
		t.Errorf("%v, %d passed, %d did not\n%s", err, good, bad, tail(out, 4000))
	}
}

// tail is the end of a long output.
func tail(out []byte, n int) []byte { return out[max(0, len(out)-n):] }

// suiteFolder is a copy of the suite, in which the server that it starts is
// Debian's under narrow. The copy and the suite's sockets and files are beneath
// one folder of temporary files, so that is the server's state folder.
func suiteFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("../examples/memcached-c/fetch").Output()
	if err != nil {
		if os.Getenv("CI") == "true" && exitCode(err) != noNetwork {
			t.Fatalf("the source of memcached: %v", err)
		}
		t.Skipf("the source of memcached: %v", err)
	}
	dir, err := os.MkdirTemp("/tmp", "narrow-suite-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	source := strings.TrimSpace(string(out))
	must(t, os.CopyFS(filepath.Join(dir, "t"), os.DirFS(filepath.Join(source, "t"))))
	for _, w := range suiteWaits {
		w.apply(t, dir)
	}
	command(t, "gcc", "-o", filepath.Join(dir, "timedrun"), filepath.Join(source, "timedrun.c"))
	must(t, os.WriteFile(filepath.Join(dir, "memcached-debug"), []byte(suiteServer()), 0o755))
	if who := nobodyOr(t); os.Geteuid() == 0 {
		command(t, "chown", "-R", fmt.Sprintf("%d:%d", who.uid, who.gid), dir)
	}
	must(t, os.Chmod(dir, 0o755))
	return dir
}

// suiteServer is the script that the suite starts as memcached-debug. The suite
// gives an option to it that only a debug build has.
func suiteServer() string {
	return suiteServerOf(runCommand([]string{"port=any", "state=/tmp"}, "memcached", "memcached")...)
}

func suiteServerOf(command ...string) string {
	return `#!/bin/sh
for arg; do
	shift
	[ "$arg" != relaxed_privileges ] || arg=drop_privileges
	set -- "$@" "$arg"
done
exec ` + strings.Join(command, " ") + ` "$@"
`
}

// noNetwork is how fetch and build end where Debian's mirror does not give the
// source, for which no test is to blame.
const noNetwork = 4

// exitCode is the status of a command that failed, or -1.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

func freePorts(t *testing.T, n int) (ports []string) {
	for range n {
		ports = append(ports, freePort(t))
	}
	return ports
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
