package profiles_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// redis is a connection that speaks the protocol RESP 2, written for these
// tests so that an answer is seen as it came.
type redis struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func newRedis(t *testing.T, conn net.Conn) *redis {
	return &redis{t, conn, bufio.NewReader(conn)}
}

// send writes one request.
func (c *redis) send(args ...string) {
	c.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	c.conn.SetDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(b.Bytes()); err != nil {
		c.t.Fatalf("%.100q: %v", args, err)
	}
}

// answer reads one answer as text: errors begin with "-", null is "(nil)", the
// elements of an array are separated by blanks.
func (c *redis) answer() (string, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, rest := line[0], strings.TrimSuffix(line[1:], "\r\n")
	switch kind {
	case '-':
		return "-" + rest, nil
	case '$':
		return c.bulk(rest)
	case '*':
		n, err := strconv.Atoi(rest)
		elements := make([]string, max(n, 0))
		for i := 0; i < n && err == nil; i++ {
			elements[i], err = c.answer()
		}
		return strings.Join(elements, " "), err
	}
	return rest, nil // + and :
}

func (c *redis) bulk(length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "(nil)", err
	}
	text := make([]byte, n+2)
	_, err = io.ReadFull(c.r, text)
	return string(text[:n]), err
}

// do sends a request and returns its answer.
func (c *redis) do(args ...string) string {
	c.t.Helper()
	c.send(args...)
	answer, err := c.answer()
	if err != nil {
		c.t.Fatalf("%.100q: %v", args, err)
	}
	return answer
}

// want demands the answer to a request, given as words.
func (c *redis) want(answer, request string) {
	c.t.Helper()
	if got := c.do(strings.Fields(request)...); got != answer {
		c.t.Errorf("%s: %.200q, want %q", request, got, answer)
	}
}

// until repeats a request, given as words, until its answer holds the text.
func (c *redis) until(text, request string) {
	c.t.Helper()
	var got string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if got = c.do(strings.Fields(request)...); strings.Contains(got, text) {
			return
		}
	}
	c.t.Fatalf("%s: never answered with %q, but with %.2000q", request, text, got)
}

// info is one line of INFO's answer.
func (c *redis) info(section, name string) string {
	c.t.Helper()
	for _, line := range strings.Split(c.do("INFO", section), "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return value
		}
	}
	c.t.Fatalf("INFO %s has no %s", section, name)
	return ""
}
