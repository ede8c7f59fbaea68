//go:build !linux

package freeport

// hold reserves nothing: no test that runs here starts a server.
func hold(int) (release func(), err error) { return func() {}, nil }

// clientPorts are those of IANA, which most systems follow.
func clientPorts() span { return span{49152, 65535} }
