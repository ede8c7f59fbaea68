package scmp

import (
	"errors"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Receive waits for a notification on a listener. ENOENT: the thread died
// meanwhile, ECANCELED: anything else. Like seccomp_notify_receive(3).
func Receive(listener int) (n Notification, err error) {
	err = patiently(func() error {
		got, err := kernel.NotifRecv(listener)
		n = Notification(got)
		return err
	})
	return n, err
}

// Respond answers a notification. ENOENT: nobody waits any more, ECANCELED:
// anything else. Like seccomp_notify_respond(3).
func Respond(listener int, r Response) error {
	return patiently(func() error { return kernel.NotifSend(listener, kernel.NotifResponse(r)) })
}

// IDValid is ENOENT if the thread of a notification does not wait any more.
// Like seccomp_notify_id_valid(3).
func IDValid(listener int, id uint64) error {
	return patiently(func() error { return kernel.NotifIDValid(listener, id) })
}

// patiently does it again after a signal.
func patiently(do func() error) error {
	for {
		err := do()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ENOENT):
			return syscall.ENOENT
		}
		return syscall.ECANCELED
	}
}
