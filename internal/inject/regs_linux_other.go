//go:build linux && !arm64

package inject

import "github.com/narrow-sandbox/narrow/internal/kernel"

// slept is the call that a thread slept in when it was asked to stop, which its
// registers tell afterwards, too.
type slept struct{}

// sample has nothing to note; what other architectures note stays empty.
func (t *Thread) sample() { t.slept, t.full = slept{}, false }

// interruptSleepers has nothing to ask before all are asked.
func (p *Process) interruptSleepers() error { return nil }

// readRegs reads the registers of a parked thread, which tell the call that it
// was taken out of and what that returned.
func (p *Process) readRegs(t *Thread) (err error) {
	t.regs, err = kernel.PtraceGetRegs(t.TID)
	return err
}

// writeRegs gives a parked thread the registers that it goes on with; the
// kernel finds in them the call that it was taken out of.
func (p *Process) writeRegs(t *Thread) error { return kernel.PtraceSetRegs(t.TID, t.regs) }
