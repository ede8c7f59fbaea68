package freeport

import (
	"fmt"
	"net"
	"os"
)

// hold reserves a port by an abstract unix socket of its name: the kernel gives
// a name to one process only, needs no file for it, and takes it back when that
// process ends, however it ends. Names and ports alike belong to a network
// namespace.
func hold(port int) (release func(), err error) {
	l, err := net.Listen("unix", fmt.Sprint("@narrow-test-port-", port))
	if err != nil {
		return nil, err
	}
	return func() { l.Close() }, nil
}

// clientPorts are those that the kernel gives to clients (ip(7)).
func clientPorts() span {
	s := span{32768, 60999} // the kernel's default
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(text), &s.low, &s.high)
	}
	return s
}
