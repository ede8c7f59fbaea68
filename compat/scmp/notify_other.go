//go:build !linux

package scmp

import "syscall"

// Receive is EOPNOTSUPP off Linux.
func Receive(int) (Notification, error) { return Notification{}, syscall.EOPNOTSUPP }

// Respond is EOPNOTSUPP off Linux.
func Respond(int, Response) error { return syscall.EOPNOTSUPP }

// IDValid is EOPNOTSUPP off Linux.
func IDValid(int, uint64) error { return syscall.EOPNOTSUPP }
