package profiles_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// exercise is a client's round of requests.
func exercise(t *testing.T, c *memcache.Client) {
	t.Helper()
	c.Timeout = patience
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

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout(network, address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// talk sends a line and reads up to a line that begins with want.
func talk(t *testing.T, conn net.Conn, line, want string) {
	t.Helper()
	conn.SetDeadline(time.Now().Add(patience))
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
		if err != nil || got.Len() > 32<<20 {
			t.Fatalf("%.60s: got %.500q, want %q (%v)", line, got.String(), want, err)
		}
	}
}

// talkAny sends a line and returns the first line of the answer.
func talkAny(t *testing.T, conn net.Conn, line string) string {
	t.Helper()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		t.Fatalf("%.60s: %v", line, err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatalf("%.60s: %v", line, err)
	}
	return answer
}

// keepAsking asks one thing after another until stop is closed, and demands an
// answer to each.
func keepAsking(address string, stop <-chan struct{}) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "mn\r\n")
		if line, err := r.ReadString('\n'); err != nil || line != "MN\r\n" {
			return fmt.Errorf("request %d: %q, %v", n, line, err)
		}
	}
}

// restartCrawler stops the crawler thread and starts a new one. memcached says
// OK to the first before the thread has ended, and an error to the second until then.
func restartCrawler(t *testing.T, conn net.Conn) {
	t.Helper()
	talk(t, conn, "lru_crawler disable", "OK")
	r := bufio.NewReader(conn)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
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
