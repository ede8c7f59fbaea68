package profiles_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// confined is Debian's memcached, built from source with the header that narrow
// makes of the shipped profile: nothing of narrow is there when it runs.
type confined struct{ program string }

// buildConfined builds it, for state folders of tests and any port that is not
// root's. What is missing for that skips the test; in CI it fails.
func buildConfined(t *testing.T) *confined {
	t.Helper()
	if testing.Short() {
		t.Skip("real programs are for the long form")
	}
	dir := stateDir(t, nobodyOr(t))
	must(t, os.Chmod(dir, 0o755))
	b := &confined{filepath.Join(dir, "memcached")}
	build := exec.Command("../examples/memcached-c/build", "-o", b.program, "--set", "state="+os.TempDir(), "--set", "port=1024..65535")
	build.Env = append(os.Environ(), "NARROW="+narrowBinary)
	var said bytes.Buffer
	build.Stderr = &said
	err := build.Run()
	if code := exitCode(err); code == noNetwork || (code == 3 || code == 5) && os.Getenv("CI") != "true" {
		t.Skipf("memcached cannot be built: %s", strings.TrimSpace(said.String()))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said.Bytes())
	}
	return b
}

// start is a starter.
func (b *confined) start(t *testing.T, f feature, who user, _ []string, args ...string) *server {
	t.Helper()
	s := newServer(t, append(f.limits(), append([]string{b.program}, args[1:]...)...))
	s.launch(who)
	return s
}

// TestMemcachedConfined runs every feature, and looks at each thread: the
// filters of two phases, and its own. Then it attacks each thread from inside.
func TestMemcachedConfined(t *testing.T) {
	b := buildConfined(t)
	who := nobodyOr(t)
	if os.Geteuid() == 0 {
		who = root
	}
	for _, f := range memcachedFeatures() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := f.open(t, who, b.start)
			waitForFilters(t, c.pid, f.atLeast(), "3")
			f.drive(c)
			c.close()
		})
	}
	if os.Geteuid() != 0 {
		return
	}
	for i, name := range []string{"memcached", "mc-worker", "mc-log", "mc-itemcrawler", "mc-assocmaint", "mc-lrumaint", "mc-slabmaint"} {
		t.Run("attack from "+name, func(t *testing.T) {
			t.Parallel()
			b.attackFrom(t, name, i)
		})
	}
}

// TestMemcachedConfinedSuite runs the tests that come with memcached's source in
// the memcached that confines itself.
func TestMemcachedConfinedSuite(t *testing.T) {
	if !long {
		t.Skip("the features of TestMemcachedConfined are run every time; NARROW_LONG runs memcached's own suite, too")
	}
	need(t, "perl")
	b := buildConfined(t)
	dir := suiteFolder(t)
	server := suiteServerOf(b.program)
	must(t, os.WriteFile(filepath.Join(dir, "memcached-debug"), []byte(server), 0o755))
	tests, err := filepath.Glob(filepath.Join(dir, "t", "*.t"))
	must(t, err)
	for _, path := range tests {
		name := strings.TrimSuffix(filepath.Base(path), ".t")
		t.Run(name, func(t *testing.T) {
			if why, ok := suiteCannot[name]; ok {
				t.Skip(why)
			}
			t.Parallel()
			runSuite(t, dir, name)
		})
	}
}

// attackFrom tries in one thread what it cannot do, and some of what no thread
// can: all of that, over all threads.
func (b *confined) attackFrom(t *testing.T, name string, turn int) {
	daemon := func() *victim {
		c := feature{args: tcp("-d", "-P", "STATE/pid")}.open(t, nobody, b.start)
		waitForFilters(t, c.pid, 10, "3")
		return newVictim(t, c)
	}
	v := daemon()
	for _, a := range otherThreads {
		if o := v.tryIn(t, name, a.attack); !slices.Contains(a.but, name) && o.String() != a.want {
			t.Errorf("%s: %v, want %s", a.name, o, a.want)
		}
	}
	v.answers(t)
	for i := range 3 {
		v, a := daemon(), anyThread[(3*turn+i)%len(anyThread)]
		if o := v.tryIn(t, name, a); o.String() != a.want {
			t.Errorf("%s: %v, want %s", a.name, o, a.want)
			continue
		}
		waitGone(t, v.pid)
	}
}
