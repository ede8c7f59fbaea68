package server_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// TestGomemcache goes through a well-known client's operations.
func TestGomemcache(t *testing.T) {
	t.Parallel()
	s := child{}.start(t)
	c := memcache.New(s.address)
	c.Timeout = time.Minute
	t.Cleanup(func() { c.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want, err error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	item := func(key, value string) *memcache.Item {
		return &memcache.Item{Key: key, Value: []byte(value), Flags: 1<<32 - 1}
	}
	must(c.Ping())
	must(c.Set(item("a", "1")))
	expect(memcache.ErrNotStored, c.Add(item("a", "2")))
	must(c.Add(item("b", "2")))
	must(c.Replace(item("b", "3")))
	expect(memcache.ErrNotStored, c.Replace(item("none", "3")))
	must(c.Append(item("b", "4")))
	must(c.Prepend(item("b", "2")))
	got, err := c.Get("b")
	must(err)
	if string(got.Value) != "234" || got.Flags != 1<<32-1 {
		t.Errorf("got %q with flags %d", got.Value, got.Flags)
	}
	got.Value = []byte("5")
	must(c.CompareAndSwap(got))
	expect(memcache.ErrCASConflict, c.CompareAndSwap(got))
	many, err := c.GetMulti([]string{"a", "b", "none"})
	must(err)
	if len(many) != 2 {
		t.Errorf("got %d of two", len(many))
	}
	n, err := c.Increment("a", 41)
	must(err)
	m, err := c.Decrement("a", 100)
	must(err)
	if n != 42 || m != 0 {
		t.Errorf("counted to %d and %d", n, m)
	}
	must(c.Touch("a", 100))
	expect(memcache.ErrCacheMiss, c.Touch("none", 100))
	touched, err := c.GetAndTouch("a", 200)
	must(err)
	if strings.TrimRight(string(touched.Value), " ") != "0" {
		t.Errorf("got %q", touched.Value)
	}
	must(c.Delete("a"))
	expect(memcache.ErrCacheMiss, c.Delete("a"))
	must(c.Set(&memcache.Item{Key: "gone", Value: []byte("x"), Expiration: -1}))
	_, err = c.Get("gone")
	expect(memcache.ErrCacheMiss, err)
	must(c.FlushAll())
	_, err = c.Get("b")
	expect(memcache.ErrCacheMiss, err)
	if err := c.Set(item("large", strings.Repeat("x", 1<<20))); err == nil {
		t.Error("an item too large was stored")
	}
}

// TestTools runs what libmemcached has: its suite for servers, and its programs.
func TestTools(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"memccapable", "memcslap", "memccp", "memccat"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing, which CI must have", program)
			}
			t.Skipf("%s is missing", program)
		}
	}
	s := child{}.start(t)
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file.txt")
	if err := os.WriteFile(file, []byte("the content\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := "--servers=" + s.address
	for _, step := range []struct{ command, want string }{
		{"memccapable -h " + host + " -p " + port + " -a", "All tests passed"},
		{"memcslap " + servers + " --concurrency=4 --execute-number=200 --test=mixed --flush", "Time total"},
		{"memccp " + servers + " " + file, "^$"},
		{"memccat " + servers + " file.txt", "^the content\n"},
		{"memcexist " + servers + " file.txt", "^$"},
		{"memctouch " + servers + " --expire=100 file.txt", ""},
		{"memcstat " + servers, "threads: 4"},
		{"memcping " + servers, ""},
		{"memcrm " + servers + " file.txt", "^$"},
		{"memcflush " + servers, "^$"},
	} {
		words := strings.Fields(step.command)
		var out bytes.Buffer
		c := exec.Command(words[0], words[1:]...)
		c.Stdout, c.Stderr = &out, &out
		if err := c.Run(); err != nil || !regexp.MustCompile(step.want).Match(out.Bytes()) {
			t.Errorf("%s: %v\n%s\nwant %q", step.command, err, out.Bytes(), step.want)
		}
	}
	if out, err := exec.Command("memccat", servers, "file.txt").CombinedOutput(); err == nil {
		t.Errorf("a removed file is there: %s", out)
	}
}
