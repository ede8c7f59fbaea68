package tracer

import (
	"encoding/gob"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// The stages of the tracer's process, by the first argument of Serve.
const (
	stageFork  = "fork"
	stageTrace = "trace"
)

func sessionOfItsOwn() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// Link is the tracer's side of a Beside.
type Link struct {
	in  *gob.Decoder
	out *gob.Encoder
}

// Hear reads what the other side Tells.
func (l *Link) Hear(message any) error { return l.in.Decode(message) }

// Serve is the life of the tracer's process. argv is what Launch was given,
// args what it has appended. observe makes the Observer of a plan; it may
// write to report. The result is an exit status.
func Serve(argv, args []string, observe func(plan *Plan, link *Link, report *os.File) Observer) int {
	if len(args) != 2 || !slices.Contains([]string{stageFork, stageTrace}, args[0]) {
		fmt.Fprintln(os.Stderr, "narrow: this is what `narrow run` starts beside a program, and of no use by itself")
		return 2
	}
	if args[0] == stageFork {
		return serveFork(argv, args[1])
	}
	control := os.NewFile(fdControl, "control")
	link := &Link{gob.NewDecoder(control), gob.NewEncoder(control)}
	if err := serveTrace(control, link, observe); err != nil {
		_ = link.out.Encode(answer{err.Error()}) // nobody reads it if the program runs already
		return 1
	}
	return 0
}

// serveFork starts the tracer and leaves it behind.
func serveFork(argv []string, target string) int {
	var files []*os.File
	for fd := range fdNotify + 1 {
		files = append(files, os.NewFile(uintptr(fd), "inherited"))
	}
	if _, err := start(append(argv, stageTrace, target), files); err != nil {
		fmt.Fprintf(os.Stderr, "narrow: %v\n", err)
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
	plan := new(Plan)
	if err := link.in.Decode(plan); err != nil {
		return err
	}
	own(plan.Policy)
	t := newTracer(plan, link)
	if err := t.prepare(); err != nil {
		return err
	}
	defer t.close()
	t.observer = observe(plan, link, os.NewFile(fdReport, "report"))
	return t.follow()
}
