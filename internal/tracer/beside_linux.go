package tracer

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Beside is the tracer's process as the one that becomes the program sees it.
type Beside struct {
	control *os.File
	encoded bytes.Buffer // what is about to be sent
	out     *gob.Encoder
	in      *gob.Decoder
}

// The descriptors of the tracer's process.
const (
	fdErrors  = 2
	fdControl = 3
	fdReport  = 4
	fdNotify  = 5
)

// hello is the first message of the tracer's process: who it is.
type hello struct{ PID int }

// answer is its second one, once it traces: what went wrong, if anything.
type answer struct{ Error string }

// Launch starts the tracer's process. argv is how this program is made to call
// Serve with what is appended. report and notify may be nil.
//
// The process is the child of one that has ended already, so that the program
// gets no child that it does not know, and no SIGCHLD; its session is its own,
// so that no terminal's signal reaches it.
func Launch(argv []string, report, notify *os.File) (*Beside, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	control, theirs := os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close() // so that its end is an end of the conversation
	b := &Beside{control: control, in: gob.NewDecoder(control)}
	b.out = gob.NewEncoder(&b.encoded)
	if err := orphan(argv, theirs, report, notify); err != nil {
		return nil, errors.Join(fmt.Errorf("the tracer did not start: %w", err), control.Close())
	}
	return b, nil
}

// orphan starts the process. Were this one the reaper of its descendants, the
// tracer would become its child after all; so it is not, meanwhile.
func orphan(argv []string, control, report, notify *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	or := func(f *os.File) int {
		if f == nil {
			f = null
		}
		return int(f.Fd())
	}
	reaper, err := kernel.ChildSubreaper()
	if err == nil && reaper {
		if err := kernel.SetChildSubreaper(false); err != nil {
			return err
		}
		defer kernel.SetChildSubreaper(true)
	}
	o := kernel.Orphan{
		Path:  "/proc/self/exe",
		Args:  append(slices.Clip(argv), stageTrace, strconv.Itoa(os.Getpid())),
		Files: []int{or(nil), or(nil), int(os.Stderr.Fd()), or(control), or(report), or(notify)},
	}
	return o.Start()
}

// Trace makes the tracer trace the plan's target, which may be the caller. The
// plan is encoded while the tracer's process starts.
func (b *Beside) Trace(plan *Plan) error {
	if err := b.out.Encode(pack(*plan)); err != nil {
		return err
	}
	pid, err := b.awaitHello()
	if err != nil {
		return fmt.Errorf("the tracer did not start: %w", err)
	}
	if err := kernel.SetPtracer(pid); err != nil {
		return err
	}
	if err := b.send(); err != nil {
		return err
	}
	var got answer
	if err := b.in.Decode(&got); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it has ended")
		}
		return fmt.Errorf("the tracer: %w", err)
	}
	if got.Error != "" {
		return errors.New(got.Error)
	}
	return nil
}

// awaitHello waits until the tracer's process runs, and returns its pid.
func (b *Beside) awaitHello() (int, error) {
	var from hello
	err := b.in.Decode(&from)
	if errors.Is(err, io.EOF) {
		err = errors.New("it has ended at once; expected room for one more process (RLIMIT_NPROC), its memory (RLIMIT_AS) and some 20 descriptors (RLIMIT_NOFILE)")
	}
	return from.PID, err
}

// Tell sends what the tracer's Observer receives before the program starts.
func (b *Beside) Tell(message any) error {
	if err := b.out.Encode(message); err != nil {
		return err
	}
	return b.send()
}

// send sends what is encoded.
func (b *Beside) send() error {
	_, err := b.encoded.WriteTo(b.control)
	return err
}

// Close ends a tracer that does not trace.
func (b *Beside) Close() error { return b.control.Close() }
