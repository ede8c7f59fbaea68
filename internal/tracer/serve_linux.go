package tracer

import (
	"encoding/gob"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// stageTrace is the first argument of Serve: in the list of processes it tells
// what this one does, with the process that it does it to as the second.
const stageTrace = "trace"

// Link is the tracer's side of a Beside.
type Link struct {
	in  *gob.Decoder
	out *gob.Encoder
}

// Hear reads what the other side Tells.
func (l *Link) Hear(message any) error { return l.in.Decode(message) }

// Serve is the life of the tracer's process. args is what Launch has appended to
// its command line. observe makes the Observer of a plan; it may
// write to report. The result is an exit status.
func Serve(args []string, observe func(plan *Plan, link *Link, report *os.File) Observer) int {
	if len(args) != 2 || args[0] != stageTrace {
		fmt.Fprintln(os.Stderr, "narrow: this is what `narrow run` starts beside a program, and of no use by itself")
		return 2
	}
	control := os.NewFile(fdControl, "control")
	link := &Link{gob.NewDecoder(control), gob.NewEncoder(control)}
	if err := serveTrace(control, link, observe); err != nil {
		_ = link.out.Encode(answer{err.Error()}) // nobody reads it if the program runs already
		return 1
	}
	return 0
}

func serveTrace(control *os.File, link *Link, observe func(*Plan, *Link, *os.File) Observer) error {
	// It ends with the program, and by nothing that is meant for the program.
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE, unix.SIGALRM, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	for fd := fdErrors; fd <= fdNotify; fd++ {
		unix.CloseOnExec(fd)
	}
	if err := link.out.Encode(hello{os.Getpid()}); err != nil {
		return err
	}
	sent := new(parcel)
	if err := link.in.Decode(sent); err != nil {
		return err
	}
	plan := sent.unpack()
	t := newTracer(plan, link)
	if err := t.prepare(); err != nil {
		return err
	}
	defer t.close()
	t.observer = observe(plan, link, os.NewFile(fdReport, "report"))
	return t.follow()
}
