package freeport

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// childEnv is set where this test binary is to reserve ports and print them.
const childEnv = "FREEPORT_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		for range perProcess {
			port, _, err := reserve(narrowSpan)
			fmt.Println(port, err)
		}
		bufio.NewReader(os.Stdin).ReadString('\n') // holds them until told to end
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// narrowSpan is so small that drawing without a reservation would meet.
var narrowSpan = span{29_000, 29_079}

const perProcess, processes = 10, 3

// No two are given the same, in one process and across several; what a process
// had is free once it has ended.
func TestNobodyElseHasIt(t *testing.T) {
	seen := make(map[string]bool)
	var children []*exec.Cmd
	for range processes {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), childEnv+"=1")
		stdin, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, c)
		t.Cleanup(func() { stdin.Close(); c.Wait() })
		lines := bufio.NewScanner(out)
		for range perProcess {
			if !lines.Scan() {
				t.Fatalf("the process ended after %d ports", len(seen))
			}
			if seen[lines.Text()] {
				t.Errorf("%s was given twice", lines.Text())
			}
			seen[lines.Text()] = true
		}
	}
	for range perProcess {
		port, release, err := reserve(narrowSpan)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if key := fmt.Sprint(port, " ", err); seen[key] {
			t.Errorf("%d was given twice", port)
		} else {
			seen[key] = true
		}
	}
	for _, c := range children {
		c.Process.Kill()
		c.Wait()
	}
	var all []func()
	for port := narrowSpan.low; port <= narrowSpan.high; port++ {
		if release, err := hold(port); err == nil {
			all = append(all, release)
		}
	}
	if size := narrowSpan.high - narrowSpan.low + 1; len(all) != size-perProcess {
		t.Errorf("%d of %d ports could be reserved while %d are", len(all), size, perProcess)
	}
	for _, release := range all {
		release()
	}
}

// A port that anybody uses is not given, whatever the protocol and the address.
func TestUsedPortsAreNotGiven(t *testing.T) {
	for _, use := range []func(at string) (interface{ Close() error }, error){
		func(at string) (interface{ Close() error }, error) { return net.Listen("tcp4", "127.0.0.1"+at) },
		func(at string) (interface{ Close() error }, error) { return net.Listen("tcp6", "[::1]"+at) },
		func(at string) (interface{ Close() error }, error) { return net.ListenPacket("udp4", "127.0.0.1"+at) },
		func(at string) (interface{ Close() error }, error) { return net.ListenPacket("udp6", "[::1]"+at) },
	} {
		port := For(t)
		used, err := use(fmt.Sprint(":", port))
		if err != nil {
			t.Logf("not here: %v", err) // no IPv6
			continue
		}
		if vacant(port) == nil {
			t.Errorf("%d is used: %v", port, used)
		}
		used.Close()
		if err := vacant(port); err != nil {
			t.Errorf("%d is free again: %v", port, err)
		}
	}
}

func TestOrdinaryPortsAreNoClients(t *testing.T) {
	clients := clientPorts()
	for range 20 {
		port := For(t)
		if port >= clients.low && port <= clients.high && (clients.low > 12_000 || clients.high < 64_000) {
			t.Errorf("%d may be a client's: %v", port, clients)
		}
		if port < 1024 || documented[port] {
			t.Errorf("%d is not ours", port)
		}
	}
}

// Fixed waits for whoever has the port.
func TestFixedWaits(t *testing.T) {
	port, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := hold(port); err == nil {
		again()
		t.Errorf("%d was reserved twice", port)
	}
	go release()
	Fixed(t, port)
}
