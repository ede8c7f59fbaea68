// Echo is a server that narrows itself: it sends back each line it gets.
//
//	go run ./examples/echo -port 7007
//
// It listens in phase init, and enters serving before it takes a client. Each
// client has a goroutine that is locked to its thread, and the thread has
// less than the process: it can talk to clients, and that is all.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"log"
	"net"
	"runtime"
	"strconv"

	"github.com/narrow-sandbox/narrow"
)

//go:embed echo.narrow
var policyText string

func main() {
	port := flag.Int("port", 7007, "the TCP `port` to listen on, of 127.0.0.1")
	flag.Parse()
	log.SetFlags(0) // with times it would look for /etc/localtime, inside the sandbox
	log.Fatal(run(*port))
}

// sandbox is the policy for a port, ready to be entered.
func sandbox(port int) (*narrow.Sandbox, error) {
	return narrow.Parse("echo.narrow", policyText, narrow.Options{Set: map[string]string{"port": strconv.Itoa(port)}})
}

// run listens, narrows the process and serves.
func run(port int) error {
	s, err := sandbox(port)
	if err != nil {
		return err
	}
	report, err := s.Enter("init")
	if err != nil {
		return err
	}
	log.Print(report) // what /proc says of each thread now
	listener, err := listen(port)
	if err != nil {
		return err
	}
	if _, err := s.Enter("serving"); err != nil {
		return err
	}
	return serve(s, listener)
}

func listen(port int) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // Landlock does not see its ports, so the policy denies it
	return config.Listen(context.Background(), "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// serve gives each client a goroutine with a thread of its own.
func serve(s *narrow.Sandbox, listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := work(s, conn); err != nil {
				log.Print(err)
			}
		}()
	}
}

// work is a client's goroutine. It ends together with its thread.
func work(s *narrow.Sandbox, conn net.Conn) error {
	runtime.LockOSThread() // for good
	if _, err := s.EnterThread("worker"); err != nil {
		return err
	}
	return echo(conn)
}

// echo sends back each line.
func echo(conn net.Conn) error {
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := fmt.Fprintf(conn, "%s\n", lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}
