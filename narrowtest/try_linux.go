package narrowtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/narrow-sandbox/narrow"
)

// childEnv names, in a child, the test whose assertion it is there for.
const childEnv = "NARROWTEST_CHILD"

// trapEnv is set in a child that is to tell where it is killed.
const trapEnv = "NARROWTEST_TRAP"

// sandbox is the one to enter.
func (in In) sandbox() (*narrow.Sandbox, error) {
	if os.Getenv(trapEnv) != "" {
		return in.Sandbox.Trapping()
	}
	return in.Sandbox, nil
}

// denied says, of a try that was killed, which call it was for: by one more
// child, in which what kills is a trap.
func (in In) denied(t *testing.T, o Outcome) string {
	if in.Sandbox == nil || !o.Killed && !o.ThreadKilled {
		return ""
	}
	again, err := in.parent(t.Name(), trapEnv+"=1", "GOTRACEBACK=single")
	if err != nil {
		return ""
	}
	if text := where(again.Output, in.why); text != "" {
		return "; " + text
	}
	return ""
}

// board is what parent and child see of each other: a page that both have
// mapped, so that a child which may make no call at all can still say how it goes.
type board struct {
	page []byte
}

// What a child has come to: the first word of the board.
const (
	stateStarted = iota
	stateTrying
	stateDone
	stateFailed // to enter
)

const boardSize = 1 << 16

const textAt = 16

func mapBoard(fd int) (*board, error) {
	page, err := syscall.Mmap(fd, 0, boardSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return &board{page}, err
}

func (b *board) word(i int) *uint32 { return (*uint32)(unsafe.Pointer(&b.page[4*i])) }

// Try does it in a child process of its own, and tells how it went. In a test
// it may be called once; Allows, Fails and Kills do it in a subtest.
func (in In) Try(t *testing.T, try func() error) Outcome {
	t.Helper()
	if os.Getenv(childEnv) == t.Name() {
		in.child(try) // does not return
	}
	if os.Getenv(childEnv) != "" {
		t.SkipNow() // a child that is there for another one
	}
	o, err := in.parent(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// child enters the phase, does it, writes down how it went, and ends.
func (in In) child(try func() error) {
	runtime.LockOSThread() // for good: the thread that tries is the one that is watched
	b, err := mapBoard(3)
	if err != nil {
		os.Stderr.WriteString("narrowtest: " + err.Error() + "\n")
		os.Exit(3)
	}
	_ = syscall.Close(3) // it would stand in the report of what is open
	*b.word(1) = uint32(syscall.Gettid())
	if err := in.enter(); err != nil {
		b.say(err, stateFailed)
		os.Exit(3)
	}
	*b.word(0) = stateTrying
	b.say(try(), stateDone)
	os.Exit(0) // the policy may deny it; the parent has seen enough then
}

func (b *board) say(err error, state uint32) {
	if err != nil {
		*b.word(2) = uint32(errnoOf(err))
		*b.word(3) = uint32(copy(b.page[textAt:], err.Error()))
	}
	*b.word(0) = state
}

// parent starts the child and watches it.
func (in In) parent(name string, env ...string) (Outcome, error) {
	f, err := os.CreateTemp("", "narrowtest")
	if err != nil {
		return Outcome{}, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if err := f.Truncate(boardSize); err != nil {
		return Outcome{}, err
	}
	b, err := mapBoard(int(f.Fd()))
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = syscall.Munmap(b.page) }()
	ctx, cancel := context.WithTimeout(context.Background(), in.timeout())
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run="+pattern(name), "-test.count=1", "-test.timeout="+(in.timeout()+orphaned).String())
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(append(os.Environ(), childEnv+"="+name), env...)
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return Outcome{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	lost := watch(ctx, b, cmd.Process, ended)
	o := b.outcome()
	o.Output = output.String()
	o.TimedOut = ctx.Err() != nil && !o.Done && !lost
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		o.Killed = ws.Signal() == syscall.SIGSYS
		// Of a process that dies as a whole, the thread may be gone long before.
		o.ThreadKilled = lost && ws.Signal() == syscall.SIGKILL
	}
	return o, nil
}

// orphaned is how much longer than its parent wants to wait a child lives that
// has lost it.
const orphaned = time.Minute

func (in In) timeout() time.Duration {
	if in.Timeout > 0 {
		return in.Timeout
	}
	return 30 * time.Second
}

// pattern is a -test.run that fits one test by its full name.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// watch waits for the child's end, and brings it about where the child cannot:
// it is done and may not exit, or the thread that tried is dead.
func watch(ctx context.Context, b *board, p *os.Process, ended <-chan error) (threadLost bool) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var since time.Time
	for {
		select {
		case <-ended:
			return false
		case <-ctx.Done(): // it is being killed
			<-ended
			return false
		case <-tick.C:
		}
		state := *b.word(0)
		over := state == stateDone || state == stateFailed || state == stateTrying && !alive(p.Pid, int(*b.word(1)))
		if !over {
			since = time.Time{}
			continue
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since) > 500*time.Millisecond {
			_ = p.Kill()
			<-ended
			return state == stateTrying
		}
	}
}

// alive reports whether the process has the thread, and it is no zombie.
func alive(pid, tid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/stat")
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH)
	}
	at := bytes.LastIndexByte(text, ')')
	return at < 0 || at+2 >= len(text) || text[at+2] != 'Z' && text[at+2] != 'X'
}

func (b *board) outcome() Outcome {
	state := *b.word(0)
	o := Outcome{
		Entered: state == stateTrying || state == stateDone,
		Tried:   state == stateTrying || state == stateDone,
		Done:    state == stateDone,
		Errno:   syscall.Errno(*b.word(2)),
	}
	n := min(int(*b.word(3)), boardSize-textAt)
	o.Text = string(b.page[textAt : textAt+n])
	return o
}
