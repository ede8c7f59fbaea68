package inject

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Listen makes the process, which has one thread, install a filter whose
// notify verdicts arrive at a listener, for it and all that come after it. serve
// is given the listener on a goroutine of its own, and closes it: the call that
// closes the process's own copy may be among the first that wait for an answer.
//
// Afterwards the thread is stopped: Resume or Release follows.
func (p *Process) Listen(program bpf.Program, serve func(listener int)) (err error) {
	if err := p.Stop(); err != nil {
		return err
	}
	if len(p.threads) != 1 {
		return p.wrong(nil, nil, errors.New("has several threads, and a listener is for those that one of them makes"), "")
	}
	borrowed, err := p.borrow()
	if err != nil {
		return err
	}
	if err := p.begin(); err != nil {
		return err
	}
	err = p.listen(program, serve)
	borrowed.giveBack()
	err = errors.Join(err, p.settle())
	for _, t := range p.threads {
		t.ready = true
	}
	return err
}

func (p *Process) listen(program bpf.Program, serve func(int)) error {
	first := p.threads[0]
	if !first.Status.NoNewPrivs {
		if _, err := p.one(first, call{"prctl(PR_SET_NO_NEW_PRIVS)", kernel.NoNewPrivs, unix.SYS_PRCTL, []uint64{unix.PR_SET_NO_NEW_PRIVS, 1}}); err != nil {
			return err
		}
	}
	pidfd, err := kernel.PidfdOpen(p.PID)
	if err != nil {
		return p.wrong(nil, nil, err, "")
	}
	defer kernel.Close(pidfd)
	at, err := p.write(sockFprog(program, p.place.start))
	if err != nil {
		return p.wrong(nil, nil, err, "")
	}
	theirs, err := p.one(first, call{"seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)", kernel.Seccomp, unix.SYS_SECCOMP,
		[]uint64{unix.SECCOMP_SET_MODE_FILTER, kernel.FilterNewListener | kernel.FilterWaitKillableRecv, at}})
	if err != nil {
		return err
	}
	listener, err := kernel.PidfdGetfd(pidfd, int(theirs))
	if err != nil {
		return p.wrong(nil, nil, err, "") // its calls would wait for ever; the caller ends it
	}
	go serve(listener)
	_, err = p.one(first, call{"close", kernel.Seccomp, unix.SYS_CLOSE, []uint64{uint64(theirs)}})
	return err
}
