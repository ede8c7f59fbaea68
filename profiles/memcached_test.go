package profiles_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// memcachedUser is whom Debian's package makes for the server.
func memcachedArgs(who user, port string, more ...string) []string {
	args := []string{"memcached", "-p", port, "-U", "0"}
	if who == root {
		args = append(args, "-u", "nobody")
	}
	return append(args, more...)
}

// eachUser runs a test started as root and as an ordinary user.
func eachUser(t *testing.T, f func(t *testing.T, who user)) {
	need(t, "memcached")
	if os.Geteuid() != 0 {
		t.Run("ordinary", func(t *testing.T) { f(t, user{uint32(os.Geteuid()), uint32(os.Getegid())}) })
		return
	}
	t.Run("root", func(t *testing.T) { f(t, root) })
	t.Run("nobody", func(t *testing.T) { f(t, nobody) })
}

// serve starts memcached under its profile on a free port with a state folder.
func serve(t *testing.T, who user, sets []string, more ...string) (s *server, address, state string) {
	t.Helper()
	port := freePort(t)
	state = stateDir(t, nobody)
	sets = append([]string{"port=" + port, "state=" + state}, sets...)
	for i := range more {
		more[i] = strings.ReplaceAll(more[i], "STATE", state)
	}
	s = start(t, who, sets, "memcached", memcachedArgs(who, port, more...)...)
	return s, "127.0.0.1:" + port, state
}

// TestMemcachedServes drives a real client over TCP, with every number of
// workers, and looks at each thread.
func TestMemcachedServes(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		for _, workers := range []int{1, 4, 16} {
			s, address, _ := serve(t, who, nil, "-t", fmt.Sprint(workers))
			s.waitFor("tcp", address)
			exercise(t, memcache.New(address))
			mustBeFiltered(t, s.cmd.Process.Pid, workers+5)
			if state := s.stop(syscall.SIGINT); state.ExitCode() != 0 {
				t.Errorf("%d workers: ended with %v after SIGINT", workers, state)
			}
		}
	})
}

// exercise is a client's round of requests.
func exercise(t *testing.T, c *memcache.Client) {
	t.Helper()
	c.Timeout = 5 * time.Second
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Set(&memcache.Item{Key: "a", Value: []byte("1")}))
	must(c.Add(&memcache.Item{Key: "b", Value: bytes.Repeat([]byte("x"), 100_000)}))
	must(c.Append(&memcache.Item{Key: "b", Value: []byte("end")}))
	item, err := c.Get("b")
	must(err)
	if len(item.Value) != 100_003 {
		t.Fatalf("b has %d bytes", len(item.Value))
	}
	must(c.CompareAndSwap(item))
	if n, err := c.Increment("a", 41); err != nil || n != 42 {
		t.Fatalf("increment: %d, %v", n, err)
	}
	must(c.Touch("a", 100))
	if m, err := c.GetMulti([]string{"a", "b", "none"}); err != nil || len(m) != 2 {
		t.Fatalf("get of several: %v, %v", m, err)
	}
	must(c.Delete("a"))
	must(c.FlushAll())
	if _, err := c.Get("b"); err != memcache.ErrCacheMiss {
		t.Fatalf("after flush_all: %v", err)
	}
}

// talk sends a line and reads up to a line that begins with want.
func talk(t *testing.T, conn net.Conn, line, want string) {
	t.Helper()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	r := bufio.NewReader(conn)
	var got strings.Builder
	for {
		answer, err := r.ReadString('\n')
		got.WriteString(answer)
		if strings.HasPrefix(answer, want) {
			return
		}
		if err != nil || len(got.String()) > 1<<20 {
			t.Fatalf("%s: got %q, want %q (%v)", line, got.String(), want, err)
		}
	}
}

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestMemcachedCommands runs what a short training run misses: each command
// that makes a thread do something new.
func TestMemcachedCommands(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		s, address, _ := serve(t, who, nil, "-vv", "-o", "idle_timeout=60")
		s.waitFor("tcp", address)
		conn := dial(t, "tcp", address)
		for _, step := range []struct{ line, want string }{
			{"set k 0 0 3\r\nabc", "STORED"},
			{"mg k v", "VA 3"}, {"ms m 2\r\nhi", "HD"}, {"md m", "HD"}, {"ma n N0 J5", "HD"}, {"mn", "MN"}, {"me k", "ME k"},
			{"stats", "END"}, {"stats items", "END"}, {"stats slabs", "END"}, {"stats settings", "END"},
			{"stats sizes", "END"}, {"stats conns", "END"}, {"stats detail on", "OK"}, {"stats cachedump 1 10", "END"},
			{"lru_crawler metadump all", "END"}, {"lru mode segmented", "OK"},
			{"slabs automove 1", "OK"}, {"slabs reassign 5 6", ""},
			{"cache_memlimit 128", "OK"}, {"verbosity 1", "OK"}, {"version", "VERSION"}, {"flush_all", "OK"},
		} {
			talk(t, conn, step.line, step.want)
		}
		restartCrawler(t, conn)
		talk(t, conn, "lru_crawler crawl all", "OK")
		watcher := dial(t, "tcp", address)
		talk(t, watcher, "watch fetchers mutations", "OK")
		talk(t, conn, "get k", "END")
		watcher.SetDeadline(time.Now().Add(10 * time.Second))
		if line, err := bufio.NewReader(watcher).ReadString('\n'); err != nil || !strings.Contains(line, "gid=") {
			t.Errorf("watcher: %q, %v", line, err)
		}
		mustBeFiltered(t, s.cmd.Process.Pid, 10)
		s.stop(syscall.SIGTERM)
	})
}

// restartCrawler stops the crawler thread and starts a new one. memcached says
// OK to the first before the thread has ended, and an error to the second until then.
func restartCrawler(t *testing.T, conn net.Conn) {
	t.Helper()
	talk(t, conn, "lru_crawler disable", "OK")
	r := bufio.NewReader(conn)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		fmt.Fprintf(conn, "lru_crawler enable\r\n")
		answer, err := r.ReadString('\n')
		if strings.HasPrefix(answer, "OK") {
			return
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("lru_crawler enable: %q, %v", answer, err)
		}
	}
}

// TestMemcachedGrows makes the hash table grow and slabs move.
func TestMemcachedGrows(t *testing.T) {
	need(t, "memcached")
	s, address, _ := serve(t, nobodyOr(t), nil, "-m", "256", "-o", "hashpower=13,slab_automove=2")
	s.waitFor("tcp", address)
	conn := dial(t, "tcp", address)
	var load bytes.Buffer
	for i := range 30_000 {
		fmt.Fprintf(&load, "set key%d 0 0 10 noreply\r\n0123456789\r\n", i)
	}
	big := strings.Repeat("y", 50_000)
	for i := range 400 {
		fmt.Fprintf(&load, "set big%d 0 0 50000 noreply\r\n%s\r\n", i, big)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write(load.Bytes()); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		talk(t, conn, "get big399", "END")
		conn2 := dial(t, "tcp", address)
		fmt.Fprintf(conn2, "stats\r\nquit\r\n")
		text, _ := bufio.NewReader(conn2).ReadString(0)
		if !strings.Contains(text, "hash_power_level 13") && strings.Contains(text, "hash_power_level") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the hash table did not grow:\n%s", text)
		}
	}
	mustBeFiltered(t, s.cmd.Process.Pid, 10)
	s.stop(syscall.SIGINT)
}

// nobodyOr is nobody for root, else oneself.
func nobodyOr(t *testing.T) user {
	if os.Geteuid() == 0 {
		return nobody
	}
	return user{uint32(os.Geteuid()), uint32(os.Getegid())}
}

func TestMemcachedBinaryProtocol(t *testing.T) {
	s, address, _ := serveOne(t)
	s.waitFor("tcp", address)
	conn := dial(t, "tcp", address)
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	request := make([]byte, 24)
	request[0], request[1] = 0x80, 0x0b // version
	conn.Write(request)
	answer := make([]byte, 24)
	if _, err := conn.Read(answer); err != nil || answer[0] != 0x81 {
		t.Fatalf("%x, %v", answer, err)
	}
}

func serveOne(t *testing.T, more ...string) (*server, string, string) {
	t.Helper()
	need(t, "memcached")
	return serve(t, nobodyOr(t), nil, more...)
}

func TestMemcachedUDP(t *testing.T) {
	need(t, "memcached")
	port := freePort(t)
	s := start(t, nobodyOr(t), []string{"port=" + port}, "memcached", "memcached", "-p", port, "-U", port)
	s.waitFor("tcp", "127.0.0.1:"+port)
	conn := dial(t, "udp", "127.0.0.1:"+port)
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	request := binary.BigEndian.AppendUint64(nil, 0x0001_0000_0001_0000)
	conn.Write(append(request, "version\r\n"...))
	answer := make([]byte, 2000)
	n, err := conn.Read(answer)
	if err != nil || !bytes.Contains(answer[:n], []byte("VERSION")) {
		t.Fatalf("%q, %v", answer[:n], err)
	}
}

func TestMemcachedUnixSocket(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		state := stateDir(t, nobody)
		args := []string{"memcached", "-s", state + "/socket", "-a", "777"}
		if who == root {
			args = append(args, "-u", "nobody")
		}
		s := start(t, who, []string{"state=" + state}, "memcached", args...)
		s.waitFor("unix", state+"/socket")
		exercise(t, memcache.New(state+"/socket"))
		s.stop(syscall.SIGINT)
	})
}

// TestMemcachedDaemon starts with -d -P: the program's own process ends at
// once, the daemon is filtered, and its pid file goes with it.
func TestMemcachedDaemon(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		s, address, state := serve(t, who, nil, "-d", "-P", "STATE/pid")
		<-s.exited
		if !s.cmd.ProcessState.Success() {
			t.Fatalf("%v\n%s", s.cmd.ProcessState, s.stderr)
		}
		pid := pidIn(t, filepath.Join(state, "pid"))
		t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
		waitForAddress(t, address)
		exercise(t, memcache.New(address))
		mustBeFiltered(t, pid, 10)
		syscall.Kill(pid, syscall.SIGTERM)
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the daemon does not end")
			}
		}
	})
}

// pidIn polls for a pid file.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(path)
		var pid int
		if n, _ := fmt.Sscan(string(text), &pid); n == 1 && bytes.HasSuffix(text, []byte("\n")) {
			return pid
		}
	}
	t.Fatalf("no pid in %s", path)
	return 0
}

func waitForAddress(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody answers on %s", address)
}

// TestMemcachedReload sends SIGHUP, upon which main reads the -Y file again.
func TestMemcachedReload(t *testing.T) {
	need(t, "memcached")
	port, state, who := freePort(t), stateDir(t, nobody), nobodyOr(t)
	auth := filepath.Join(state, "auth")
	if err := os.WriteFile(auth, []byte("user:first\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, who, []string{"port=" + port, "state=" + state}, "memcached", "memcached", "-p", port, "-Y", auth)
	s.waitFor("tcp", "127.0.0.1:"+port)
	login := func(password string) string {
		t.Helper()
		conn := dial(t, "tcp", "127.0.0.1:"+port)
		text := "user " + password
		fmt.Fprintf(conn, "set a 0 0 %d\r\n%s\r\n", len(text), text)
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		answer, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(answer)
	}
	if got := login("first"); got != "STORED" {
		t.Fatalf("first password: %s", got)
	}
	if err := os.WriteFile(auth, []byte("user:second\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.cmd.Process.Signal(syscall.SIGHUP)
	// memcached looks for the signal once a second.
	for deadline := time.Now().Add(10 * time.Second); login("second") != "STORED"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("SIGHUP did not bring the new password")
		}
	}
	if got := login("first"); !strings.HasPrefix(got, "CLIENT_ERROR") {
		t.Errorf("the old password after SIGHUP: %s", got)
	}
	s.stop(syscall.SIGINT)
}

// TestMemcachedRestart stops with SIGUSR1 and starts again with the same memory file.
func TestMemcachedRestart(t *testing.T) {
	need(t, "memcached")
	state, who := stateDir(t, nobody), nobodyOr(t)
	run := func() (*server, net.Conn) {
		port := freePort(t)
		s := start(t, who, []string{"port=" + port, "state=" + state}, "memcached",
			"memcached", "-p", port, "-m", "64", "-e", filepath.Join(state, "memory"))
		s.waitFor("tcp", "127.0.0.1:"+port)
		return s, dial(t, "tcp", "127.0.0.1:"+port)
	}
	s, conn := run()
	talk(t, conn, "set kept 0 0 5\r\nhello", "STORED")
	s.stop(syscall.SIGUSR1)
	time.Sleep(1100 * time.Millisecond) // memcached refuses a memory file of this very second
	_, conn = run()
	talk(t, conn, "get kept", "VALUE kept 0 5")
}

func TestMemcachedExtstore(t *testing.T) {
	s, address, _ := serveOne(t, "-m", "64", "-o", "ext_page_size=8,ext_wbuf_size=2,ext_path=STATE/ext:64m,ext_item_size=512,slab_automove=1")
	s.waitFor("tcp", address)
	conn := dial(t, "tcp", address)
	value := strings.Repeat("z", 20_000)
	deadline := time.Now().Add(30 * time.Second)
	for round := 0; ; round++ {
		for i := range 200 {
			talk(t, conn, fmt.Sprintf("set e%d.%d 0 0 %d\r\n%s", round, i, len(value), value), "STORED")
		}
		probe := dial(t, "tcp", address)
		fmt.Fprintf(probe, "stats\r\nquit\r\n")
		text, _ := bufio.NewReader(probe).ReadString(0)
		if !strings.Contains(text, "extstore_objects_written 0\r") && strings.Contains(text, "extstore_objects_written") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing went to extstore:\n%s", text)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for i := range 200 {
		talk(t, conn, fmt.Sprintf("get e0.%d", i), "END")
	}
	mustBeFiltered(t, s.cmd.Process.Pid, 10)
}

// TestMemcachedShutdown uses the command of -A, for which a worker raises a signal.
func TestMemcachedShutdown(t *testing.T) {
	s, address, _ := serveOne(t, "-A")
	s.waitFor("tcp", address)
	fmt.Fprintf(dial(t, "tcp", address), "shutdown\r\n")
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		t.Fatal("shutdown did nothing")
	}
	if s.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("ended with %v", s.cmd.ProcessState)
	}
}

// TestMemcachedFullHouse opens more connections than it takes, of both kinds.
func TestMemcachedFullHouse(t *testing.T) {
	for _, option := range []string{"no_maxconns_fast", "maxconns_fast"} {
		s, address, _ := serveOne(t, "-c", "100", "-o", option)
		s.waitFor("tcp", address)
		var conns []net.Conn
		for range 150 {
			// With no_maxconns_fast it stops listening: that dial hangs, and is meant to.
			conn, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
			if err != nil {
				break
			}
			conns = append(conns, conn)
		}
		for _, conn := range conns {
			conn.Close()
		}
		deadline := time.Now().Add(10 * time.Second)
		for {
			conn := dial(t, "tcp", address)
			fmt.Fprintf(conn, "version\r\n")
			conn.SetDeadline(time.Now().Add(time.Second))
			if line, _ := bufio.NewReader(conn).ReadString('\n'); strings.HasPrefix(line, "VERSION") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: does not serve again", option)
			}
		}
		s.stop(syscall.SIGINT)
	}
}

// TestMemcachedTLS serves over TLS and reads its certificates again.
func TestMemcachedTLS(t *testing.T) {
	need(t, "memcached")
	need(t, "openssl")
	port, state, who := freePort(t), stateDir(t, nobody), nobodyOr(t)
	key, cert := filepath.Join(state, "key.pem"), filepath.Join(state, "cert.pem")
	make := exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost")
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	os.Chmod(key, 0o644)
	s := start(t, who, []string{"port=" + port, "state=" + state}, "memcached",
		"memcached", "-p", port, "-Z", "-o", "ssl_chain_cert="+cert+",ssl_key="+key)
	s.waitFor("tcp", "127.0.0.1:"+port)
	conn := dialTLS(t, "127.0.0.1:"+port)
	talk(t, conn, "set a 0 0 1\r\nx", "STORED")
	talk(t, conn, "refresh_certs", "OK")
	talk(t, dialTLS(t, "127.0.0.1:"+port), "get a", "VALUE")
	s.stop(syscall.SIGINT)
}

// TestMemcachedSmallSteps runs the options that never reach epoll_wait.
func TestMemcachedSmallSteps(t *testing.T) {
	need(t, "memcached")
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"memcached", "-V"}, 0},
		{[]string{"memcached", "-h"}, 0},
		{[]string{"memcached", "-o", "nonsense"}, 1},
	} {
		s := start(t, nobodyOr(t), nil, "memcached", c.args...)
		<-s.exited
		if got := s.cmd.ProcessState.ExitCode(); got != c.status {
			t.Errorf("%v: status %d, want %d\n%s", c.args, got, c.status, s.stderr)
		}
	}
}

// TestMemcachedTools drives Debian's own client programs.
func TestMemcachedTools(t *testing.T) {
	need(t, "memccapable")
	s, address, _ := serveOne(t)
	s.waitFor("tcp", address)
	host, port, _ := net.SplitHostPort(address)
	out, err := exec.Command("memccapable", "-h", host, "-p", port, "-a").CombinedOutput()
	if err != nil {
		t.Errorf("memccapable: %v\n%s", err, out)
	}
	if out, err := exec.Command("memcstat", "--servers="+address).CombinedOutput(); err != nil {
		t.Errorf("memcstat: %v\n%s", err, out)
	}
}
