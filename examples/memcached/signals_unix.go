//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endings are the signals that end the server in order, as they do memcached.
func endings() []os.Signal { return []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1} }

// ignoreHangup makes the server outlive its terminal, as memcached does, whose
// file of users this one has not to read again.
func ignoreHangup() { signal.Ignore(syscall.SIGHUP) }
