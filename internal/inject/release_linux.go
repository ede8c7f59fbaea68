package inject

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Release ends the tracing of all threads, which go on where they were. One
// that sleeps where nothing wakes it is let go when the calling thread ends.
func (p *Process) Release() error {
	p.collect()
	defer p.over()
	var wrong error
	for _, t := range append([]*Thread(nil), p.threads...) {
		if t.state != parked {
			continue
		}
		if err := p.back(t); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		if err := kernel.PtraceDetach(t.TID, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			wrong = errors.Join(wrong, p.wrong(t, nil, err, ""))
			continue
		}
		p.remove(t)
	}
	return wrong
}

// Resume lets all threads of an adopted process go on, traced; those of a
// process that is stopped by SIGSTOP stay so.
func (p *Process) Resume() error {
	defer p.over()
	var wrong error
	for _, t := range append([]*Thread(nil), p.threads...) {
		if t.state != parked {
			continue
		}
		err := p.back(t)
		switch {
		case err != nil:
		case t.group:
			err = kernel.PtraceListen(t.TID)
		default:
			err = p.onwards(t.TID)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			wrong = errors.Join(wrong, p.wrong(t, nil, err, ""))
		}
		t.state, t.asked, t.ready, t.known = running, false, false, false
	}
	return wrong
}

// over notes how long the process stood still, and what it has open, of which
// there may be so much that it is not kept waiting for that.
func (p *Process) over() {
	if p.report == nil {
		return
	}
	p.report.Stopped = time.Since(p.stopped)
	open, err := kernel.DescriptorsOf(p.PID)
	if err != nil {
		p.report.Notes = append(p.report.Notes, fmt.Sprintf("the descriptors that stay open are unknown: %v", err))
	}
	for _, d := range open {
		p.report.Descriptors = append(p.report.Descriptors, Descriptor{d.FD, d.Target})
	}
	p.report = nil
}

// collect waits a moment for threads that were asked to stop and have not yet.
func (p *Process) collect() {
	const moment = 20 * time.Millisecond
	if p.are(parked) || p.interrupt() != nil {
		return
	}
	for deadline := time.Now().Add(moment); !p.are(parked) && time.Now().Before(deadline); {
		if moved, err := p.poll(); err != nil {
			return
		} else if !moved {
			kernel.Nanosleep(shortPause)
		}
	}
}

// back gives a parked thread what it goes on with. One that was only stopped
// may be in a call that is to be made again, too.
func (p *Process) back(t *Thread) error {
	if !t.ready {
		if err := p.readThread(t); err != nil {
			return nil // it ends, or its registers are not ours to read: as the kernel has it
		}
		if err := p.writeRegs(t); err != nil && !errors.Is(err, unix.ESRCH) {
			return p.lost(t, err)
		}
	}
	if p.options.Trace == 0 {
		return nil
	}
	if err := kernel.PtraceSetOptions(t.TID, p.options.Trace); err != nil && !errors.Is(err, unix.ESRCH) {
		return p.lost(t, err)
	}
	return nil
}

// onwards lets an adopted thread go on as its tracer wants it to.
func (p *Process) onwards(tid int) error {
	if p.options.Onward != nil {
		return p.options.Onward(tid, 0)
	}
	return kernel.PtraceCont(tid, 0)
}
