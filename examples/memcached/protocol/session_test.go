package protocol_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/examples/memcached/protocol"
	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// newCache is an empty cache whose clock the test moves.
func newCache() (*protocol.Cache, *time.Time) {
	now := time.Unix(1_700_000_000, 0)
	return &protocol.Cache{
		Store:   store.New(store.Options{Now: func() time.Time { return now }}),
		Version: "1.6",
	}, &now
}

// talk gives a session its input in the pieces that cut says, and returns all
// that it answers.
func talk(t failer, s *protocol.Session, in []byte, cut func(left int) int) (out []byte, closed bool) {
	t.Helper()
	var buffer []byte
	for {
		for {
			used, more, status := s.Advance(buffer, nil)
			if used < 0 || used > len(buffer) {
				t.Fatalf("used %d of %d bytes", used, len(buffer))
			}
			buffer, out = buffer[used:], append(out, more...)
			if status == protocol.Closed {
				return out, true
			}
			if status == protocol.Hungry {
				break
			}
			if used == 0 && len(more) == 0 {
				t.Fatal("full of nothing")
			}
		}
		if len(in) == 0 {
			return out, false
		}
		n := cut(len(in))
		buffer, in = append(buffer, in[:n]...), in[n:]
	}
}

func whole(left int) int { return left }

// ask is a conversation with a new cache, in lines.
func ask(t *testing.T, in string) string {
	t.Helper()
	c, _ := newCache()
	out, _ := talk(t, c.NewSession(), []byte(in), whole)
	return string(out)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 251)
	large := strings.Repeat("x", 1<<20)
	for _, test := range []struct{ name, in, want string }{
		{"set and get", "set a 5 0 3\r\nabc\r\nget a b\r\n", "STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n"},
		{"bad data chunk", "set a 0 0 3\r\nabcd\r\nget a\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\nEND\r\n"},
		{"too large drops the item", "set a 0 0 1\r\n1\r\nset a 0 0 1048576\r\n" + large + "\r\nget a\r\n", "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n"},
		{"key too long", "get " + long + "\r\ndelete " + long + "\r\n", "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n"},
		{"cas", "set a 0 0 1\r\n1\r\ngets a\r\ncas a 0 0 1 1\r\n2\r\ncas a 0 0 1 1\r\n3\r\ncas b 0 0 1 1\r\n4\r\n", "STORED\r\nVALUE a 0 1 1\r\n1\r\nEND\r\nSTORED\r\nEXISTS\r\nNOT_FOUND\r\n"},
		{"counting", "set n 0 0 2\r\n10\r\ndecr n 1\r\nincr n 18446744073709551615\r\nget n\r\ndecr n 100\r\nincr n x\r\nincr m 1\r\n", "STORED\r\n9\r\n8\r\nVALUE n 0 2\r\n8 \r\nEND\r\n0\r\nCLIENT_ERROR invalid numeric delta argument\r\nNOT_FOUND\r\n"},
		{"the largest number", "set n 0 0 20\r\n18446744073709551615\r\nincr n 1\r\n", "STORED\r\n0\r\n"},
		{"not a number", "set n 0 0 1\r\nx\r\nincr n 1\r\nset n 0 0 2\r\n-1\r\nincr n 1\r\n", "STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nSTORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n"},
		{"negative time to live", "set a 0 -1 1\r\n1\r\nget a\r\n", "STORED\r\nEND\r\n"},
		{"noreply", "set a 0 0 1 noreply\r\n1\r\nincr a 1 noreply\r\nget a\r\n", "VALUE a 0 1\r\n2\r\nEND\r\n"},
		{"vivify", "mg a N30 v c t s\r\nmg a v\r\n", "VA 0 c1 t30 s0 W\r\n\r\nVA 0 Z\r\n\r\n"},
		{"stale", "ms a 1 T90\r\n1\r\nmd a I T30\r\nmg a v t\r\nmg a v\r\n", "HD\r\nHD\r\nVA 1 t30 X W\r\n1\r\nVA 1 Z X\r\n1\r\n"},
		{"recache", "ms a 1 T20\r\n1\r\nmg a R30\r\nmg a R30\r\nmg a R10\r\n", "HD\r\nHD W\r\nHD Z\r\nHD Z\r\n"},
		{"meta set modes", "ms a 1 MR\r\n1\r\nms a 1 ME\r\n1\r\nms a 1 MA\r\n2\r\nms a 1 MP\r\n0\r\nmg a v\r\n", "NS\r\nHD\r\nHD\r\nHD\r\nVA 3\r\n012\r\n"},
		{"meta set, older version", "ms a 1\r\n1\r\nms a 1 T50\r\n2\r\nms a 1 C1 I\r\n3\r\nmg a v\r\nms a 1 C9\r\n4\r\n", "HD\r\nHD\r\nHD\r\nVA 1 X W\r\n3\r\nEX\r\n"},
		{"meta arithmetic", "ma n N0 J13 v\r\nma n D7 v\r\nma n MD D30 v t c\r\nma n C1 v\r\n", "VA 2\r\n13\r\nVA 2\r\n20\r\nVA 1 t-1 c3\r\n0\r\nEX\r\n"},
		{"quiet", "mg a q\r\nms a 1 q\r\n1\r\nmd a q\r\nmd a q\r\nmn\r\n", "NF\r\nMN\r\n"},
		{"binary key", "ms Zm9v 1 b k O7\r\n1\r\nmg foo k v\r\nmg ~ b\r\n", "HD kZm9v b O7\r\nVA 1 kZm9v b\r\n1\r\nCLIENT_ERROR error decoding key\r\n"},
		{"opaque too long", "mg a O" + strings.Repeat("o", 32) + "\r\n", "CLIENT_ERROR opaque token too long\r\n"},
		{"meta debug", "set a 0 0 1\r\n1\r\nme a\r\nget a\r\nme a\r\nme b\r\n", "STORED\r\nME a exp=-1 la=0 cas=1 fetch=no cls=1 size=61\r\nVALUE a 0 1\r\n1\r\nEND\r\nME a exp=-1 la=0 cas=1 fetch=yes cls=1 size=61\r\nEN\r\n"},
		{"a browser", "POST / HTTP/1.1\r\nset a 0 0 1\r\n1\r\n", ""},
		{"a line too long", strings.Repeat("x", 2049), ""},
		{"quit", "version\r\nquit\r\nversion\r\n", "VERSION 1.6\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ask(t, test.in); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestTimeToLive(t *testing.T) {
	t.Parallel()
	c, now := newCache()
	s := c.NewSession()
	expect := func(in, want string) {
		t.Helper()
		if got, _ := talk(t, s, []byte(in), whole); string(got) != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	expect("set a 0 10 1\r\n1\r\nset b 0 1700000020 1\r\n1\r\nset c 0 2592000 1\r\n1\r\nset d 0 2592001 1\r\n1\r\n", "STORED\r\nSTORED\r\nSTORED\r\nSTORED\r\n")
	expect("get a b c d\r\n", "VALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n1\r\nVALUE c 0 1\r\n1\r\nEND\r\n")
	*now = now.Add(9999 * time.Millisecond)
	expect("mg a t\r\n", "HD t1\r\n")
	*now = now.Add(time.Millisecond)
	expect("get a b\r\ntouch b 100\r\n", "VALUE b 0 1\r\n1\r\nEND\r\nTOUCHED\r\n")
	*now = now.Add(99 * time.Second)
	expect("gat 0 b\r\n", "VALUE b 0 1\r\n1\r\nEND\r\n")
	expect("flush_all 5\r\nget b\r\n", "OK\r\nVALUE b 0 1\r\n1\r\nEND\r\n")
	*now = now.Add(5 * time.Second)
	expect("set e 0 0 1\r\n1\r\nget b e\r\n", "STORED\r\nVALUE e 0 1\r\n1\r\nEND\r\n")
	expect("flush_all\r\nget e\r\nset e 0 0 1\r\n2\r\nget e\r\n", "OK\r\nEND\r\nSTORED\r\nVALUE e 0 1\r\n2\r\nEND\r\n")
	expect("flush_all 2000\r\nget c\r\n", "OK\r\nEND\r\n") // memcached would bring c back
}

// TestSplit: the answers do not depend on how the input is cut.
func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var in []byte
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			in = append(in, randomCommand(r)...)
		}
		in = append(in, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "junk")...)
		most := rapid.IntRange(1, 3000).Draw(t, "most")
		a, _ := newCache()
		b, _ := newCache()
		at1, closed1 := talk(t, a.NewSession(), in, whole)
		at2, closed2 := talk(t, b.NewSession(), in, func(left int) int { return min(left, 1+r.IntN(most)) })
		if !bytes.Equal(at1, at2) || closed1 != closed2 {
			t.Fatalf("cut up: %q (%v)\nwhole:  %q (%v)", at2, closed2, at1, closed1)
		}
	})
}

// failer is a test of the library's or of rapid's.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// TestLargeAnswers: an answer of many values comes in pieces, so that a client
// that reads slowly makes nobody keep all of it.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	c, _ := newCache()
	s := c.NewSession()
	value := strings.Repeat("v", 100_000)
	in := fmt.Sprintf("set a 0 0 %d\r\n%s\r\nget%s\r\nversion\r\n", len(value), value, strings.Repeat(" a b", 300))
	rest, most, total := []byte(in), 0, 0
	for {
		used, out, status := s.Advance(rest, nil)
		rest = rest[used:]
		most, total = max(most, len(out)), total+len(out)
		if status != protocol.Full {
			if !bytes.HasSuffix(out, []byte("END\r\nVERSION 1.6\r\n")) {
				t.Errorf("ends with %q", out[max(0, len(out)-50):])
			}
			break
		}
	}
	if want := 300 * len(value); total < want || most > 2*len(value) {
		t.Errorf("%d bytes in pieces of up to %d", total, most)
	}
}

// FuzzSession: no input makes a session panic, hang, or answer by how it is cut.
func FuzzSession(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		f.Add([]byte(randomCommand(r)+randomCommand(r)), uint16(r.IntN(40)))
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint16) {
		a, _ := newCache()
		b, _ := newCache()
		whole1, closed1 := talk(t, a.NewSession(), in, whole)
		pieces, closed2 := talk(t, b.NewSession(), in, func(left int) int { return min(left, int(piece)+1) })
		if !bytes.Equal(whole1, pieces) || closed1 != closed2 {
			t.Errorf("%q in pieces of %d: %q (%v), whole %q (%v)", in, piece+1, pieces, closed2, whole1, closed1)
		}
	})
}
