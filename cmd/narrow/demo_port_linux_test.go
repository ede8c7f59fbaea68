package main

import (
	"fmt"
	"net"
	"testing"
)

// A reserved port is for who is told of it, and for nobody who asks for any.
func TestReservedPort(t *testing.T) {
	port, release, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for range 500 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		other := l.Addr().(*net.TCPAddr).Port
		t.Cleanup(func() { l.Close() })
		if other == port {
			t.Fatalf("%d was given away", port)
		}
	}
	l, err := net.Listen("tcp4", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go net.Dial("tcp4", l.Addr().String())
	if _, err := l.Accept(); err != nil {
		t.Error(err)
	}
}
