// Package freeport gives tests ports for the servers that they start. To look
// for a free port and let it go again is a race: two tests that run at once, of
// one package or of two, are given the same one, and the second server fails. A
// port from here stays reserved until its test ends, or its process does, so no
// other test on this machine gets it.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// patience is how long Fixed waits for a test that has the port.
const patience = time.Minute

// For reserves a port, TCP and UDP, until t ends.
func For(t testing.TB) int {
	t.Helper()
	return one(t, ordinary())
}

// Low reserves a port that only root may bind, until t ends.
func Low(t testing.TB) int {
	t.Helper()
	return one(t, span{600, 1023})
}

// Fixed reserves one certain port until t ends. It waits for another test that
// has it, and skips t if a stranger listens there.
func Fixed(t testing.TB, port int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		release, err := hold(port)
		if err == nil {
			t.Cleanup(release)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("port %d: another test has had it for %v: %v", port, patience, err)
		}
	}
	if err := vacant(port); err != nil {
		t.Skipf("port %d is taken: %v", port, err)
	}
}

// Reserve is For where there is no test: the port is reserved until release is
// called.
func Reserve() (port int, release func(), err error) { return reserve(ordinary()) }

func one(t testing.TB, s span) int {
	t.Helper()
	port, release, err := reserve(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// span is the ports from low to high, both included.
type span struct{ low, high int }

// ours is where ports come from, as far as clients are given none there.
var ours = span{10_000, 30_000}

// documented are ports that our documents name: a reader's server may have one.
var documented = map[int]bool{11211: true, 11311: true, 11312: true}

// ordinary are ports that everybody may bind and that the kernel gives to no
// client: one that a client has cannot be listened on.
func ordinary() span {
	clients := clientPorts()
	switch below, above := clients.low-1, clients.high+1; {
	case below-ours.low > 1000:
		return span{ours.low, min(ours.high, below)}
	case 65535-above > 1000:
		return span{above, 65535}
	}
	return ours
}

// reserve draws ports until one is neither reserved nor used.
func reserve(s span) (port int, release func(), err error) {
	const tries = 1000
	for range tries {
		port = s.low + rand.IntN(s.high-s.low+1)
		if documented[port] {
			continue
		}
		if release, err = hold(port); err != nil {
			continue
		}
		if err = vacant(port); err == nil {
			return port, release, nil
		}
		release()
	}
	return 0, nil, fmt.Errorf("no port from %d to %d is free; the last of %d tried: %w", s.low, s.high, tries, err)
}

// vacant asks whether a server can have the port at each address, by IPv4 and,
// where there is any, by IPv6.
func vacant(port int) error {
	at := fmt.Sprint(":", port)
	stream, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	packet, err := net.ListenPacket("udp", at)
	if err != nil {
		return errors.Join(err, stream.Close())
	}
	return errors.Join(packet.Close(), stream.Close())
}
