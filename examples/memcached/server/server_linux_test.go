package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/narrow-sandbox/narrow/examples/memcached/server"
)

// TestBothWays runs the same stories with a server in this process and with
// one that has narrowed itself.
func TestBothWays(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name  string
		start func(t *testing.T, c child) *running
	}{
		{"unconfined", func(t *testing.T, c child) *running { return inProcess(t, c.config()) }},
		{"narrowed", func(t *testing.T, c child) *running { return c.start(t) }},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			story := func(name string, c child, tell func(t *testing.T, s *running)) {
				t.Run(name, func(t *testing.T) { tell(t, way.start(t, c)) })
			}
			story("counting", child{Threads: 4}, tellCounting)
			story("slow reader", child{Threads: 1}, tellSlowReader)
			story("large values in pieces", child{}, tellPieces)
			story("too many clients", child{Max: 3}, tellTooMany)
			story("half a command", child{}, tellHalfCommand)
			story("statistics", child{}, tellStatistics)
			story("limited memory", child{Memory: 2 << 20}, tellLimitedMemory)
		})
	}
}

// tellCounting: many clients at once lose no step of a counter, whichever
// worker serves them.
func tellCounting(t *testing.T, s *running) {
	first := s.dial(t)
	first.send("set n 0 0 1\r\n0\r\n")
	first.expect("STORED\r\n")
	const clients, steps = 16, 200
	var counting sync.WaitGroup
	for range clients {
		c := s.dial(t)
		counting.Go(func() {
			c.send("%smn\r\n", strings.Repeat("incr n 1 noreply\r\n", steps))
			c.expect("MN\r\n")
		})
	}
	counting.Wait()
	first.send("get n\r\n")
	first.expect(fmt.Sprintf("VALUE n 0 4\r\n%d\r\nEND\r\n", clients*steps))
}

// tellSlowReader: a client that asks for much and reads nothing neither stops
// others nor makes the server keep what it asked for.
func tellSlowReader(t *testing.T, s *running) {
	const size, gets = 1 << 19, 200 // 100 MB
	value := strings.Repeat("v", size)
	slow, other := s.dial(t), s.dial(t)
	slow.send("set a 0 0 %d\r\n%s\r\n", size, value)
	slow.expect("STORED\r\n")
	before := s.memory(t)
	slow.send("%s", strings.Repeat("get a\r\n", gets/2)+"get"+strings.Repeat(" a", gets/2)+"\r\n")
	for range 50 {
		other.send("mn\r\n")
		other.expect("MN\r\n")
	}
	if grown := s.memory(t) - before; grown > 30<<20 {
		t.Errorf("%d MB more for a client that does not read", grown>>20)
	}
	one := fmt.Sprintf("VALUE a 0 %d\r\n%s\r\n", size, value)
	for range gets / 2 {
		slow.expect(one + "END\r\n")
	}
	for range gets / 2 {
		slow.expect(one)
	}
	slow.expect("END\r\n")
}

// memory is what the server's process has in memory; 0 if it is this process,
// which has more to do.
func (s *running) memory(t *testing.T) int {
	t.Helper()
	if s.cmd == nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// tellPieces: values of all sizes, sent in pieces of all sizes.
func tellPieces(t *testing.T, s *running) {
	r := rand.New(rand.NewPCG(1, 2))
	c := s.dial(t)
	for _, size := range []int{0, 1, 16383, 16384, 16385, 32767, 32768, 65537, 1 << 20 * 9 / 10} {
		value := bytes.Repeat([]byte{byte('a' + size%26)}, size)
		command := fmt.Appendf(nil, "set k%d 7 0 %d\r\n%s\r\nget k%d missing k%d\r\n", size, size, value, size, size)
		go func() {
			for len(command) > 0 {
				n := min(len(command), 1+r.IntN(40000))
				if _, err := c.Write(command[:n]); err != nil {
					return
				}
				command = command[n:]
			}
		}()
		c.expect("STORED\r\n")
		for range 2 {
			c.expect(fmt.Sprintf("VALUE k%d 7 %d\r\n%s\r\n", size, size, value))
		}
		c.expect("END\r\n")
	}
}

// tellTooMany: a client too many is told so, and another is welcome once one
// has left.
func tellTooMany(t *testing.T, s *running) {
	var all []*client
	for range 3 {
		c := s.dial(t)
		c.send("mn\r\n")
		c.expect("MN\r\n")
		all = append(all, c)
	}
	extra := s.dial(t)
	extra.expect("ERROR Too many open connections\r\n")
	extra.expectEnd()
	all[0].send("quit\r\n")
	all[0].expectEnd()
	again := s.dial(t)
	again.send("mn\r\n")
	again.expect("MN\r\n")
}

// tellHalfCommand: clients that leave in the middle leave nothing behind.
func tellHalfCommand(t *testing.T, s *running) {
	watcher := s.dial(t)
	for _, text := range []string{"", "se", "set a 0 0 100\r\n", "set a 0 0 100\r\nhalf", "get a", "ms a 5\r\n12345\r", strings.Repeat("x", 5000)} {
		c := s.dial(t)
		c.send("%s", text)
		if tcp, ok := c.Conn.(*net.TCPConn); ok && len(text) < 5000 {
			_ = tcp.CloseWrite()
		}
		c.expectEnd()
	}
	watcher.send("get a\r\nstats\r\n")
	watcher.expect("END\r\n")
	for {
		line, err := watcher.in.ReadString('\n')
		if err != nil || line == "END\r\n" {
			t.Fatalf("no curr_connections, %v", err)
		}
		if n, ok := strings.CutPrefix(line, "STAT curr_connections "); ok {
			if n != "1\r\n" {
				t.Errorf("%s connections are left", n)
			}
			return
		}
	}
}

func tellStatistics(t *testing.T, s *running) {
	c := s.dial(t)
	c.send("set a 0 0 1\r\n1\r\nget a b\r\nstats\r\n")
	c.expect("STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n")
	have := map[string]string{}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "END\r\n" {
			break
		}
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "STAT" {
			t.Fatalf("line %q", line)
		}
		have[words[1]] = words[2]
	}
	for name, want := range map[string]string{"cmd_get": "2", "get_hits": "1", "get_misses": "1", "cmd_set": "1", "curr_items": "1", "threads": "4", "limit_maxbytes": "67108864"} {
		if have[name] != want {
			t.Errorf("%s is %q, want %s", name, have[name], want)
		}
	}
	for _, name := range []string{"pid", "uptime", "time", "version", "rusage_user", "rusage_system", "bytes_read", "evictions"} {
		if have[name] == "" {
			t.Errorf("no %s", name)
		}
	}
}

// tellLimitedMemory: what was stored last is there, what was stored first has left.
func tellLimitedMemory(t *testing.T, s *running) {
	c := s.dial(t)
	value := strings.Repeat("v", 1000)
	for i := range 5000 {
		c.send("set k%d 0 0 1000 noreply\r\n%s\r\n", i, value)
	}
	c.send("get k0\r\n")
	c.expect("END\r\n")
	for i := 4000; i < 5000; i++ {
		c.send("get k%d\r\n", i)
		c.expect(fmt.Sprintf("VALUE k%d 0 1000\r\n%s\r\nEND\r\n", i, value))
	}
}

// TestUnixSocket: a socket that an earlier server left is replaced, and no
// other file is.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "narrow-mc") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	for range 2 {
		s := child{Unix: path}.start(t)
		c := s.dial(t)
		c.send("version\r\n")
		c.expect("VERSION " + server.Version + "\r\n")
		s.stop(t)
	}
	precious := filepath.Join(dir, "file")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := child{Unix: precious}.config()
	config.Unconfined = true
	if err := server.Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v, want that the address is in use", err)
	}
	if text, err := os.ReadFile(precious); string(text) != "precious" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

// TestNoDescriptors: clients for whom there is no descriptor wait until others
// leave.
func TestNoDescriptors(t *testing.T) {
	t.Parallel()
	s := child{Files: 50, Threads: 2}.start(t)
	var waiting []*client
	for range 60 {
		c := s.dial(t)
		c.send("mn\r\n")
		waiting = append(waiting, c)
	}
	for _, c := range waiting {
		c.expect("MN\r\n")
		c.send("quit\r\n")
		c.expectEnd()
	}
}

// TestEnd: SIGTERM ends the server well, and its clients see the end.
func TestEnd(t *testing.T) {
	t.Parallel()
	s := child{}.start(t)
	c := s.dial(t)
	c.send("mn\r\n")
	c.expect("MN\r\n")
	s.stop(t)
	c.expectEnd()
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*server.Config)
		want   string
	}{
		{func(c *server.Config) { c.Port = 70000 }, "port 70000"},
		{func(c *server.Config) { c.Port = 0 }, "nowhere to listen"},
		{func(c *server.Config) { c.Threads = 0 }, "0 threads"},
		{func(c *server.Config) { c.MaxConnections = 0 }, "0 connections"},
		{func(c *server.Config) { c.Memory = 1 }, "1 bytes of memory"},
		{func(c *server.Config) { c.MaxItem = 1 }, "items of up to 1 bytes"},
	} {
		config := server.Defaults()
		test.change(&config)
		if err := server.Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}
