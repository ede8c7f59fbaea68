package protocol_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/examples/memcached/protocol"
	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// TestLikeMemcached runs long made-up conversations with Debian's memcached
// and with a session, and compares each answer byte by byte, versions (cas)
// included. What is left out is what two servers cannot agree on: times that
// are counted from a second's tick, and the statistics.
func TestLikeMemcached(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("NARROW_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("NARROW_SEED=%d", seed)
	commands := 4000
	if !testing.Short() {
		commands = 40000
	}
	r := rand.New(rand.NewPCG(seed, 0))
	script := make([]string, commands)
	for i := range script {
		script[i] = randomCommand(r)
	}
	compareAnswers(t, script, askMemcached(t, startMemcached(t), script), askSession(script))
}

// separator follows each command: both answer MN, and it ends any command line
// but no value.
const separator = "ms zz 0 c\r\n\r\nmn\r\n"

func compareAnswers(t *testing.T, script []string, theirs, ours []byte) {
	t.Helper()
	a, b := answers(theirs), answers(ours)
	for i := range script {
		switch {
		case i >= len(a) || i >= len(b):
			t.Fatalf("%d commands, %d answers of memcached and %d of ours", len(script), len(a), len(b))
		case a[i] != b[i]:
			t.Fatalf("command %d\n%q\nmemcached: %q\nours:      %q\nbefore:\n%s", i, script[i], a[i], b[i], about(script[:i], a, b, script[i]))
		}
	}
}

// about are the latest commands with the key of the last one, for a failure.
func about(script, theirs, ours []string, last string) string {
	words := strings.Fields(last)
	if len(words) < 2 {
		return ""
	}
	var b strings.Builder
	for i := range script {
		if strings.Contains(script[i]+" ", words[1]+" ") || strings.Contains(script[i], words[1]+"\r") || strings.HasPrefix(script[i], "flush_all") {
			fmt.Fprintf(&b, "%.300q %.100q %.100q\n", script[i], theirs[i], ours[i])
		}
	}
	text := b.String()
	return text[max(0, len(text)-3000):]
}

var times = regexp.MustCompile(`( t| l| exp=| la=)-?\d+`)

// answers are the answers between separators, with times blotted out.
func answers(all []byte) []string {
	return strings.SplitAfter(times.ReplaceAllString(string(all), "${1}N"), "MN\r\n")
}

func askSession(script []string) []byte {
	c := &protocol.Cache{Store: store.New(store.Options{}), Version: "1.6.18"}
	s := c.NewSession()
	in := []byte(strings.Join(script, separator) + separator)
	var out []byte
	for {
		n, more, status := s.Advance(in, nil)
		out, in = append(out, more...), in[n:]
		if status != protocol.Full {
			return out
		}
	}
}

// startMemcached runs Debian's memcached on a unix socket, without the thread
// that now and then holds on to an item, by which an answer would differ.
func startMemcached(t *testing.T) (socket string) {
	t.Helper()
	path, err := exec.LookPath("memcached")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("memcached is missing, which CI must have")
		}
		t.Skip("memcached is missing")
	}
	dir, err := os.MkdirTemp("", "narrow-mc") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	args := []string{"-s", socket, "-a", "0666", "-t", "1", "-o", "no_lru_maintainer"}
	if u, err := user.Current(); err == nil && u.Uid == "0" {
		args = append(args, "-u", "nobody")
	}
	c := exec.Command(path, args...)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait(); os.RemoveAll(dir) })
	return socket
}

// askMemcached sends a command once the one before it is answered: an item
// that is still being sent is changed in another way (incr does not pad it).
func askMemcached(t *testing.T, socket string, script []string) []byte {
	t.Helper()
	conn := dialUntil(t, socket)
	defer conn.Close()
	var out []byte
	buffer := make([]byte, 64<<10)
	for _, command := range script {
		conn.SetDeadline(time.Now().Add(time.Minute))
		wrote := make(chan error, 1)
		go func() { _, err := conn.Write([]byte(command + separator)); wrote <- err }() // it may answer before it has read all
		for begin := len(out); !bytes.HasSuffix(out[begin:], []byte("MN\r\n")); {
			n, err := conn.Read(buffer)
			if err != nil {
				t.Fatalf("memcached at %.200q: %v; its answer so far: %q", command, err, out[begin:])
			}
			out = append(out, buffer[:n]...)
		}
		if err := <-wrote; err != nil {
			t.Fatalf("%.200q: %v", command, err)
		}
	}
	return out
}

func dialUntil(t *testing.T, socket string) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
