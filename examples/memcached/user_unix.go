//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// become makes the process another user's, if root has started it. It does so
// before the first phase, which lets nobody change it any more.
func become(name string) error {
	if name == "" || os.Geteuid() != 0 {
		return nil // as memcached does
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("-u: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("-u %s: %w", name, err)
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{gid}) },
		func() error { return syscall.Setgid(gid) },
		func() error { return syscall.Setuid(uid) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("-u %s: %w", name, err)
		}
	}
	return nil
}
