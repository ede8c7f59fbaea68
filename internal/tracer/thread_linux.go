package tracer

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// process is a process of the program.
type process struct {
	pid     int
	phase   int // index of the phase that it is in; -1 before the first
	threads map[int]*thread
	missed  int  // how often it seemed to have ended when a phase was to begin
	stuck   bool // no later phase is waited for any more

	explained bool // its death has been told
}

// thread is a thread of the program, or of what becomes it.
type thread struct {
	tid      int
	process  *process
	guessed  bool        // what it has is what another thread of its process has; its maker has yet to tell
	stopped  bool        // at a stop that was told and that it was not let go from
	signal   unix.Signal // to hand on when it goes on
	leaving  bool        // it is past PTRACE_EVENT_EXIT: nothing can be done to it any more
	atReturn int         // index of the phase that begins when its present call returns; 0 is none
	nature
}

// nature is what a thread hands on to those that it makes.
type nature struct {
	class string          // by which it got its last filter; "" is the unnamed one
	stack []*policy.Rules // its filters, the oldest first
}

// name is what the policy calls the thread: main for a process's first one,
// else its name in /proc.
func (th *thread) name() string {
	if th.first() {
		return policy.Main
	}
	return th.comm()
}

func (th *thread) first() bool { return th.tid == th.process.pid }

// comm is the thread's name in /proc, as it is now: its creator may write it late.
func (th *thread) comm() string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(th.process.pid) + "/task/" + strconv.Itoa(th.tid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// add makes a thread known.
func (t *tracer) add(p *process, tid int) *thread {
	th := &thread{tid: tid, process: p}
	p.threads[tid] = th
	t.threads[tid] = th
	return th
}

// newProcess makes a process known.
func (t *tracer) newProcess(pid, phase int) *process {
	p := &process{pid: pid, phase: phase, threads: map[int]*thread{}}
	t.processes[pid] = p
	t.ours[pid] = true
	if phase >= 0 {
		t.auditor.enter(pid, phase)
	}
	return p
}

// expectation is what a process was when it made a thread or a process.
type expectation struct {
	phase int
	stuck bool
	nature
}

// expect notes what a new thread's maker is: the new one stops, or has
// stopped, by itself.
func (t *tracer) expect(maker *thread, tid int) {
	if th := t.threads[tid]; th != nil {
		if th.guessed || th.stack == nil {
			th.nature, th.guessed = maker.nature, false
		}
		return
	}
	t.expected[tid] = expectation{maker.process.phase, maker.process.stuck, maker.nature}
}

// adopt makes a thread known by its first stop, which may come before or after
// the one in which its maker tells of it.
func (t *tracer) adopt(tid int) *thread {
	from, told := t.expected[tid]
	delete(t.expected, tid)
	pid, ppid := tid, 0
	if s, err := kernel.ThreadStatus(tid, tid); err == nil {
		pid, ppid = s.TGID, s.PPID
	}
	if !told {
		from = t.guess(pid, ppid)
	}
	p := t.processes[pid]
	if p == nil {
		p = t.newProcess(pid, from.phase)
		p.stuck = from.stuck
		t.await(p)
	}
	th := t.add(p, tid)
	th.nature, th.guessed = from.nature, !told
	return th
}

// guess is what a thread is that stopped before its maker told of it: what its
// process is, or that one's parent, or if that has been killed meanwhile what
// every process is at least.
func (t *tracer) guess(pid, parent int) expectation {
	for _, by := range [...]int{pid, parent} {
		if p := t.processes[by]; p != nil {
			return expectation{p.phase, p.stuck, t.natureOf(p)}
		}
	}
	return expectation{phase: t.plan.First}
}

// forget ends what is known of a thread.
func (t *tracer) forget(th *thread) {
	p := th.process
	delete(t.threads, th.tid)
	delete(p.threads, th.tid)
	if t.succeed(p); len(p.threads) == 0 {
		t.collect()
		delete(t.processes, p.pid)
		t.watch.drop(p.pid)
	}
}
