package tracer

import "github.com/narrow-sandbox/narrow/internal/inject"

// Observer is told what becomes of a program. Its methods are called one at a
// time, on the tracer's thread, while a thread of the program is stopped: they
// are quick.
type Observer interface {
	// Started: the first phase is on, and nothing of the program has run. An
	// error keeps it from running.
	Started(reports []*inject.Report) error

	// Entered: a process has reached a later phase.
	Entered(pid int, reports []*inject.Report)

	// Failed: a process could not be taken to a phase. Kept or Ended follows.
	Failed(pid int, phase string, err error)

	// Ended: the program is ended, as it can neither go on nor be narrowed.
	Ended(pid int)

	// Kept: a process stays in a phase for good, by BestEffort or a timeout.
	Kept(pid int, phase string)

	// Late: a phase has not begun in time. Kept or Ended follows.
	Late(phase, trigger string)

	// Died: a process was killed for a call.
	Died(*Death)

	// Audited: an audit is over, and the tracer with it.
	Audited(Audit)
}
