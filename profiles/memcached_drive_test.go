package profiles_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
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

// What clients and operators do to a memcached, feature by feature.

// dial connects as the cache's clients do.
func (c *cache) dial() net.Conn {
	c.t.Helper()
	if c.tlsOn {
		return dialTLS(c.t, c.address)
	}
	return dial(c.t, c.network, c.address)
}

// say sends lines and demands an answer that has a line with each one's want.
func (c *cache) say(conn net.Conn, steps ...string) {
	c.t.Helper()
	for i := 0; i+1 < len(steps); i += 2 {
		talk(c.t, conn, steps[i], steps[i+1])
	}
}

// stat is a line of an answer to stats.
func (c *cache) stat(kind, name string) string {
	c.t.Helper()
	conn := c.dial()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "stats%s\r\n", kind)
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("stats%s: %v", kind, err)
		}
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "STAT "+name+" "); found {
			return value
		}
		if line == "END\r\n" {
			return ""
		}
	}
}

// until does something again and again until the cache says that it is so.
func (c *cache) until(what string, so func() bool, do func(round int)) {
	c.t.Helper()
	for deadline, round := time.Now().Add(patience), 0; !so(); round++ {
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: not so within %v", what, patience)
		}
		do(round)
	}
}

// pause is for what memcached itself does once in a while.
func pause(int) { time.Sleep(20 * time.Millisecond) }

// fill stores items without waiting for answers.
func (c *cache) fill(conn net.Conn, prefix string, n, size int) {
	c.t.Helper()
	conn.SetDeadline(time.Now().Add(patience))
	value := strings.Repeat("v", size)
	var load bytes.Buffer
	for i := range n {
		fmt.Fprintf(&load, "set %s%d 0 0 %d noreply\r\n%s\r\n", prefix, i, size, value)
	}
	if _, err := conn.Write(load.Bytes()); err != nil {
		c.t.Fatal(err)
	}
	c.say(conn, "mn", "MN")
}

func (c *cache) text() {
	exercise(c.t, memcache.New(c.address))
	c.manyKeys()
}

// manyKeys asks for so many keys in one line that memcached's buffer grows.
func (c *cache) manyKeys() {
	c.t.Helper()
	conn := c.dial()
	c.say(conn, "set last 0 0 2\r\nok", "STORED", "get "+strings.Repeat("nokey ", 9000)+"last", "VALUE last 0 2")
	conn.Close()
}

// commands are the small ones that make a thread do something new.
func (c *cache) commands() {
	conn := c.dial()
	c.say(conn, "set k 0 0 3\r\nabc", "STORED",
		"mg k v", "VA 3", "ms m 2\r\nhi", "HD", "md m", "HD", "ma n N0 J5", "HD", "mn", "MN", "me k", "ME k",
		"gat 0 k", "END", "gats 0 k", "END", "gets k", "END", "cas k 0 0 1 999\r\nx", "EXISTS",
		"replace k 0 0 1\r\nx", "STORED", "prepend k 0 0 1\r\ny", "STORED", "touch k 10", "TOUCHED", "decr n 1", "4",
		"stats", "END", "stats items", "END", "stats slabs", "END", "stats settings", "END",
		"stats sizes", "END", "stats sizes_enable", "", "stats sizes_disable", "", "stats conns", "END",
		"stats detail on", "OK", "stats detail dump", "END", "stats detail off", "OK", "stats cachedump 1 10", "END",
		"stats reset", "RESET", "lru mode segmented", "OK", "lru tune 10 25 0.1 2.0", "OK", "lru temp_ttl 60", "OK",
		"slabs automove 1", "OK", "slabs reassign 5 6", "", "slabs automove 0", "OK",
		"cache_memlimit 128", "OK", "verbosity 1", "OK", "version", "VERSION", "nonsense", "ERROR",
		"set toolong 0 0 2000000\r\n"+strings.Repeat("x", 2_000_000), "SERVER_ERROR", "flush_all", "OK", "flush_all 1", "OK")
	fmt.Fprintf(conn, "quit\r\n")
}

// binary speaks the binary protocol.
func (c *cache) binary() {
	conn := c.dial()
	conn.SetDeadline(time.Now().Add(patience))
	for _, op := range []struct {
		code               byte
		extras, key, value string
	}{
		{0x0b, "", "", ""}, // version
		{0x01, strings.Repeat("\x00", 8), "k", "abc"}, // set
		{0x00, "", "k", ""},                           // get
		{0x0c, "", "k", ""},                           // get with key
		{0x05, strings.Repeat("\x00", 20), "n", ""},   // increment
		{0x0e, "", "k", "def"},                        // append
		{0x1c, "\x00\x00\x00\x10", "k", ""},           // touch
		{0x10, "", "", ""},                            // stat
		{0x04, "", "k", ""},                           // delete
		{0x08, "", "", ""},                            // flush
		{0x0a, "", "", ""},                            // noop
	} {
		request := make([]byte, 24)
		request[0], request[1] = 0x80, op.code
		binary.BigEndian.PutUint16(request[2:], uint16(len(op.key)))
		request[4] = byte(len(op.extras))
		binary.BigEndian.PutUint32(request[8:], uint32(len(op.extras)+len(op.key)+len(op.value)))
		if _, err := conn.Write(append(request, op.extras+op.key+op.value...)); err != nil {
			c.t.Fatal(err)
		}
		answer := make([]byte, 24)
		for { // stat answers with many, the last one empty
			if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != 0x81 || answer[1] != op.code || answer[7] != 0 {
				c.t.Fatalf("binary command %#x: %x, %v", op.code, answer, err)
			}
			body := make([]byte, binary.BigEndian.Uint32(answer[8:]))
			io.ReadFull(conn, body)
			if op.code != 0x10 || len(body) == 0 {
				break
			}
		}
	}
}

// udp asks in one datagram and gets an answer in many.
func (c *cache) udp() {
	c.text()
	tcp := c.dial()
	c.say(tcp, "set big 0 0 20000\r\n"+strings.Repeat("b", 20000), "STORED")
	conn := dial(c.t, "udp", c.address)
	conn.SetDeadline(time.Now().Add(patience))
	ask := func(text string, datagrams int) {
		c.t.Helper()
		request := binary.BigEndian.AppendUint64(nil, 0x0001_0000_0001_0000)
		if _, err := conn.Write(append(request, text+"\r\n"...)); err != nil {
			c.t.Fatal(err)
		}
		answer := make([]byte, 2000)
		for range datagrams {
			if n, err := conn.Read(answer); err != nil || n < 8 {
				c.t.Fatalf("%s over UDP: %q, %v", text, answer[:max(n, 0)], err)
			}
		}
	}
	ask("version", 1)
	ask("get big", 15)
	ask("stats", 1)
}

// growth makes the hash table grow.
func (c *cache) growth() {
	conn := c.dial()
	c.fill(conn, "key", 30_000, 10)
	c.until("the hash table grows", func() bool { return c.stat("", "hash_power_level") != "13" && c.stat("", "hash_is_expanding") == "0" }, pause)
	c.say(conn, "get key1", "END")
}

// slabs fills the memory with large items and then with small ones, so that
// pages move from one class to the other.
func (c *cache) slabs() {
	conn := c.dial()
	c.fill(conn, "big", 900, 50_000)
	for i := range 600 {
		fmt.Fprintf(conn, "delete big%d noreply\r\n", i)
	}
	c.say(conn, "mn", "MN", "slabs automove 2", "OK")
	c.until("a page moves", func() bool { return c.stat("", "slabs_moved") > "0" }, func(round int) {
		c.fill(conn, fmt.Sprintf("small%d.", round), 20_000, 100)
		talkAny(c.t, conn, fmt.Sprintf("slabs reassign %d 3", 20+round%30))
	})
}

// large stores items in chunks, and asks for them slowly.
func (c *cache) large() {
	conn := c.dial()
	value := strings.Repeat("l", 7_000_000)
	c.say(conn, "set l 0 0 7000000\r\n"+value, "STORED", "get l", "END",
		"append l 0 0 9\r\n123456789", "STORED", "get l", "END", "delete l", "DELETED")
}

// slowClients do not read what they asked for until memcached waits for them.
func (c *cache) slowClients() {
	conn := c.dial()
	c.say(conn, "set s 0 0 900000\r\n"+strings.Repeat("s", 900_000), "STORED")
	slow := c.dial()
	slow.SetDeadline(time.Now().Add(patience))
	for range 40 {
		fmt.Fprintf(slow, "get s\r\n")
	}
	c.say(conn, "mn", "MN")
	r := bufio.NewReader(slow)
	for range 40 {
		for line := ""; line != "END\r\n"; {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	gone := c.dial()
	fmt.Fprintf(gone, "%s", strings.Repeat("get s\r\n", 40))
	gone.Close() // while answers are under way
	half := c.dial()
	fmt.Fprintf(half, "set half 0 0 100\r\nonly")
	half.Close()
	var many []net.Conn
	for range 300 {
		many = append(many, c.dial())
	}
	for _, conn := range many {
		c.say(conn, "mn", "MN")
		conn.Close()
	}
}

// crawler starts and stops the crawler, and lets it write to clients by itself.
func (c *cache) crawler() {
	conn := c.dial()
	c.fill(conn, "key", 20_000, 20)
	restartCrawler(c.t, conn)
	c.say(conn, "lru_crawler crawl all", "OK", "lru_crawler sleep 0", "OK", "lru_crawler tocrawl 0", "OK")
	for range 2 {
		dump := c.dial()
		c.until("the crawler is idle", c.dumps(dump), pause)
		talk(c.t, dump, "", "END") // what is left of the dump
	}
	gone := c.dial()
	c.until("the crawler is idle", c.dumps(gone), pause)
	gone.Close() // while the dump is under way
	c.say(conn, "set a 0 1 1\r\na", "STORED", "lru_crawler crawl 1", "")
	restartCrawler(c.t, conn)
	c.until("the crawler crawls again", func() bool { return strings.HasPrefix(talkAny(c.t, conn, "lru_crawler crawl all"), "OK") }, pause)
}

// dumps asks for a dump; the crawler may be busy.
func (c *cache) dumps(conn net.Conn) func() bool {
	return func() bool { return strings.HasPrefix(talkAny(c.t, conn, "lru_crawler metadump all"), "key=") }
}

// watchers see all events, then too many of them, then leave.
func (c *cache) watchers() {
	kinds := []string{"fetchers", "mutations", "evictions", "connevents", "sysevents", "rawcmds", "fetchers mutations evictions"}
	var all []net.Conn
	for _, kind := range kinds {
		w := c.dial()
		talk(c.t, w, "watch "+kind, "OK")
		all = append(all, w)
	}
	conn := c.dial()
	c.say(conn, "set k 0 0 1\r\nx", "STORED", "get k", "END")
	all[0].SetDeadline(time.Now().Add(patience))
	if line, err := bufio.NewReader(all[0]).ReadString('\n'); err != nil || !strings.Contains(line, "gid=") {
		c.t.Errorf("watcher: %q, %v", line, err)
	}
	c.fill(conn, "evicted", 3000, 10_000)
	c.until("a watcher is too slow", func() bool { return c.stat("", "log_watcher_skipped") > "0" }, func(round int) {
		c.fill(conn, "k", 4000, 10)
	})
	for _, w := range all {
		w.Close()
	}
	c.until("the watchers are gone", func() bool { return c.stat("", "log_watchers") == "0" }, pause)
}

func writeAuth(text string) func(*testing.T, user, string) {
	return func(t *testing.T, who user, state string) { write(t, who, filepath.Join(state, "auth"), text) }
}

// login stores with a name and password, and returns the answer.
func (c *cache) login(password string) string {
	c.t.Helper()
	conn := c.dial()
	defer conn.Close()
	text := "user " + password
	return strings.TrimSpace(talkAny(c.t, conn, fmt.Sprintf("set a 0 0 %d\r\n%s", len(text), text)))
}

// reload sends SIGHUP, upon which main reads the -Y file again.
func (c *cache) reload() {
	if got := c.login("first"); got != "STORED" {
		c.t.Fatalf("first password: %s", got)
	}
	writeAuth("user:second\n")(c.t, c.who, c.state)
	c.kill(syscall.SIGHUP)
	c.until("SIGHUP brings the new password", func() bool { return c.login("second") == "STORED" }, pause)
	if got := c.login("first"); !strings.HasPrefix(got, "CLIENT_ERROR") {
		c.t.Errorf("the old password after SIGHUP: %s", got)
	}
	os.Remove(filepath.Join(c.state, "auth"))
	c.kill(syscall.SIGHUP) // a missing file changes nothing
	time.Sleep(1100 * time.Millisecond)
	if got := c.login("second"); got != "STORED" {
		c.t.Errorf("after a SIGHUP without a file: %s", got)
	}
}

// restart stops with SIGUSR1 and starts again with the same memory file.
func (c *cache) restarted() {
	c.say(c.dial(), "set kept 0 0 5\r\nhello", "STORED")
	c.stop(syscall.SIGUSR1)
	for _, name := range []string{"memory", "memory.meta"} {
		if _, err := os.Stat(filepath.Join(c.state, name)); err != nil {
			c.t.Errorf("after SIGUSR1: %v", err)
		}
	}
	time.Sleep(1100 * time.Millisecond) // memcached refuses a memory file of this very second
	next := c.again()
	next.say(next.dial(), "get kept", "VALUE kept 0 5")
	next.stop(syscall.SIGUSR1)
}

// extstore writes to disk, reads back, and compacts the pages of which half was deleted.
func (c *cache) extstore() {
	const each = 100
	conn, rounds := c.dial(), 0
	c.until("items go to disk", func() bool { return c.stat("", "extstore_pages_free") == "7" }, func(round int) {
		c.fill(conn, fmt.Sprintf("e%d.", round), each, 20_000)
		rounds = round + 1
	})
	every := func(do func(key string)) {
		for round := range rounds {
			for i := 0; i < each; i += 2 {
				do(fmt.Sprintf("e%d.%d", round, i))
			}
		}
	}
	c.until("items come from disk", func() bool { return len(c.stat("", "get_extstore")) > 1 }, func(int) {
		every(func(key string) { talk(c.t, conn, "get "+key, "END") })
	})
	c.say(conn, "stats extstore", "END", "extstore drop_under 1", "OK")
	every(func(key string) { fmt.Fprintf(conn, "delete %s noreply\r\n", key) })
	c.until("pages are compacted", func() bool { return c.stat("", "extstore_compact_rescues") != "0" }, pause)
}

func writeCertificate(t *testing.T, who user, state string) {
	key, cert := certificate(t, state)
	if os.Geteuid() == 0 {
		os.Chown(key, int(who.uid), int(who.gid))
		os.Chown(cert, int(who.uid), int(who.gid))
	}
}

// tls serves encrypted, reads its certificates again, and hangs up on nonsense.
func (c *cache) encrypted() {
	conn := c.dial()
	c.say(conn, "set a 0 0 100000\r\n"+strings.Repeat("x", 100_000), "STORED", "get a", "END", "refresh_certs", "OK")
	c.manyKeys()
	plain := dial(c.t, "tcp", c.address)
	fmt.Fprintf(plain, "version\r\nnot TLS at all, is it\r\n")
	plain.SetDeadline(time.Now().Add(5 * time.Second))
	plain.Read(make([]byte, 100))
	silent := dial(c.t, "tcp", c.address)
	silent.Close()
	next := c.dial()
	c.say(next, "get a", "VALUE a 0 100000")
	fmt.Fprintf(next, "quit\r\n")
	watcher := c.dial()
	c.say(watcher, "watch mutations", "OK")
	c.say(conn, "set b 0 0 1\r\nx", "STORED")
	watcher.SetDeadline(time.Now().Add(patience))
	if line, err := bufio.NewReader(watcher).ReadString('\n'); err != nil || !strings.Contains(line, "gid=") {
		c.t.Errorf("watcher over TLS: %q, %v", line, err)
	}
	dump := c.dial()
	c.until("a dump over TLS", c.dumps(dump), pause)
	must(c.t, os.WriteFile(filepath.Join(c.state, "cert.pem"), []byte("not one"), 0o644))
	c.say(conn, "refresh_certs", "Error")
}

// fullHouse opens more connections than it takes.
func (c *cache) fullHouse() {
	var conns []net.Conn
	for range 150 {
		// With no_maxconns_fast it stops listening: that dial hangs, and is meant to.
		conn, err := net.DialTimeout("tcp", c.address, 50*time.Millisecond)
		if err != nil {
			break
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		conn.Close()
	}
	c.until("it serves again", func() bool {
		conn := c.dial()
		defer conn.Close()
		fmt.Fprintf(conn, "version\r\n")
		conn.SetDeadline(time.Now().Add(time.Second))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		return strings.HasPrefix(line, "VERSION")
	}, pause)
}

// idle waits to be hung up on.
func (c *cache) idle() {
	conn := c.dial()
	c.say(conn, "version", "VERSION")
	conn.SetDeadline(time.Now().Add(patience))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		c.t.Errorf("an idle connection: %d bytes, %v", n, err)
	}
	c.text()
}

// shutdown uses a command of -A, for which a worker raises a signal.
func shutdown(command string) func(*cache) {
	return func(c *cache) {
		fmt.Fprintf(c.dial(), "%s\r\n", command)
		c.mustEnd(0)
	}
}

// signals sends each signal that does no harm to every thread in turn.
func (c *cache) signals() {
	stop := make(chan struct{})
	served := make(chan error)
	go func() { served <- keepAsking(c.address, stop) }()
	for range 20 {
		for _, tid := range tids(c.t, c.pid) {
			for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGCONT, syscall.SIGWINCH, syscall.SIGPIPE} {
				if err := tgkill(c.pid, tid, sig); err != nil {
					c.t.Errorf("%v to %d: %v", sig, tid, err)
				}
			}
		}
		c.kill(syscall.SIGSTOP)
		c.kill(syscall.SIGCONT)
	}
	close(stop)
	if err := <-served; err != nil {
		c.t.Error(err)
	}
	worker := tids(c.t, c.pid)[3]
	tgkill(c.pid, worker, syscall.SIGINT)
	c.mustEnd(0)
}

// tools are Debian's own client programs.
func (c *cache) tools() {
	need(c.t, "memccapable")
	host, port, _ := net.SplitHostPort(c.address)
	out, err := exec.Command("memccapable", "-h", host, "-p", port, "-a").CombinedOutput()
	if err != nil {
		c.t.Errorf("memccapable: %v\n%s", err, out)
	}
	if out, err := exec.Command("memcstat", "--servers="+c.address).CombinedOutput(); err != nil {
		c.t.Errorf("memcstat: %v\n%s", err, out)
	}
}
