package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	phaseRounds = 60
	initLimit   = 1.20                 // of the free one, with the cheap trigger: what must be reached
	stopLimit   = 5 * time.Millisecond // for ten threads
)

// phaseRows measures what the phases of memcached's profile cost: until it
// listens, and while its threads are stopped to enter the last one.
func phaseRows(b *bench) ([]row, error) {
	if _, err := exec.LookPath("memcached"); err != nil {
		return nil, err
	}
	var rows []row
	for _, start := range []struct{ what, memory string }{{"a start", ""}, {"a start that takes longer (-m 1000 -e)", "1000"}} {
		r, err := b.initRows(start.what, start.memory)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r...)
	}
	stops, err := b.stops()
	return append(rows, stops...), err
}

// initRows measures how long a start takes until it listens: free, free again,
// with each kind of trigger.
func (b *bench) initRows(what, memory string) ([]row, error) {
	turn := func(trigger string) func() (float64, error) {
		return func() (float64, error) { return b.initTime(trigger, memory) }
	}
	s, err := interleave(b.ctx, b.rounds(phaseRounds), turn(""), turn(""), turn("exact"), turn("cheap"))
	if err != nil {
		return nil, err
	}
	// The best of each, as a start has many switches from one process to
	// another, for each of which it queues on a busy machine.
	free := s[0].best()
	exact := ratioRow(what+", trigger exact", duration(free), duration(s[2].best()), s[2].best()/free, 0)
	exact.noise = fmt.Sprintf("%.3f", s[1].best()/free)
	cheap := ratioRow(what+", trigger cheap", duration(free), duration(s[3].best()), s[3].best()/free, initLimit)
	if os.Geteuid() != 0 {
		cheap.target, cheap.exceeded = "", false // it takes root
	}
	return []row{exact, cheap}, nil
}

// initTime measures one start, free or with a trigger.
func (b *bench) initTime(trigger, memory string) (float64, error) {
	var options, args []string
	if trigger != "" {
		options = []string{"--trigger", trigger}
	}
	if memory != "" {
		dir, err := stateFolder()
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
		args = []string{"-m", memory, "-e", filepath.Join(dir, "memory")}
		if trigger != "" {
			options = append(options, "--set", "state="+dir)
		}
	}
	s, listens, err := b.startPhased(options, args...)
	if err != nil {
		return 0, err
	}
	s.stop()
	return float64(listens), nil
}

// stateFolder is a folder in memory that memcached's user may write.
func stateFolder() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "narrow-bench-")
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(dir, 65534, 65534)
	}
	return dir, err
}

// startPhased starts memcached with ten threads, and tells how long after its
// exec it listened. Without options it is free.
func (b *bench) startPhased(options []string, args ...string) (*server, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	path, err := exec.LookPath("memcached")
	if err != nil {
		return nil, 0, err
	}
	argv := []string{path, "-l", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "0", "-t", "4"}
	argv = append(argv, args...)
	if os.Geteuid() == 0 {
		argv = append(argv, "-u", "nobody")
	}
	if len(options) > 0 {
		narrow, err := b.narrow()
		if err != nil {
			return nil, 0, err
		}
		run := append([]string{narrow, "run", "--set", "port=" + strconv.Itoa(port)}, options...)
		argv = append(append(run, "memcached", "--"), argv...)
	}
	s := &server{cmd: exec.CommandContext(b.ctx, argv[0], argv[1:]...), port: port, done: make(chan struct{})}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, 0, err
	}
	s.pid = s.cmd.Process.Pid
	go func() { s.cmd.Wait(); close(s.done) }()
	listens, err := s.timed(path)
	if err != nil {
		s.stop()
		return nil, 0, err
	}
	return s, listens, nil
}

// timed waits for the exec of the program at path, and then until it listens.
func (s *server) timed(path string) (time.Duration, error) {
	deadline := time.Now().Add(20 * time.Second)
	exe := fmt.Sprintf("/proc/%d/exe", s.pid)
	for link := ""; link != path; link, _ = os.Readlink(exe) {
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%v: not executed", s.cmd.Args)
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 20_000}, nil)
	}
	began := time.Now()
	for {
		c, err := dial(s.port)
		if err == nil {
			took := time.Since(began)
			defer c.close()
			return took, c.store() // main accepts: the last phase has begun
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%v does not listen: %w", s.cmd.Args, err)
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 50_000}, nil)
	}
}

// stops measures how long ten threads stand still while they enter phase
// serving: at its trigger, and by an operator.
func (b *bench) stops() ([]row, error) {
	var triggered, entered samples
	for range b.rounds(phaseRounds) / 2 {
		ms, err := b.stopped("--trigger", "exact")
		if err != nil {
			return nil, err
		}
		triggered = append(triggered, ms)
		if ms, err = b.entered(); err != nil {
			return nil, err
		}
		entered = append(entered, ms)
	}
	return []row{
		limitRow("ten threads stand still at the trigger", "", "", triggered.median(), stopLimit),
		limitRow("ten threads stand still for narrow enter", "", "", entered.median(), stopLimit),
	}, nil
}

// stopReport is what the reports of run and enter say of it.
type stopReport struct {
	Steps []struct {
		Stopped float64         `json:"stopped_ms"`
		Threads json.RawMessage `json:"threads"`
	} `json:"steps"`
	Stopped float64 `json:"stopped_ms"`
}

// stopped is the time at the trigger, in nanoseconds, from run's report.
func (b *bench) stopped(options ...string) (float64, error) {
	report := filepath.Join(b.dir, "report.json")
	s, _, err := b.startPhased(append(options, "--detach", "--report", report))
	if err != nil {
		return 0, err
	}
	defer s.stop()
	var r stopReport
	for deadline := time.Now().Add(10 * time.Second); len(r.Steps) < 2; time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(report)
		r = stopReport{}
		_ = json.Unmarshal(text, &r) // it may be half written
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("the report tells of no second phase:\n%s", text)
		}
	}
	return r.Steps[1].Stopped * 1e6, nil
}

// entered is the time that `narrow enter` takes of a server that is in phase init.
func (b *bench) entered() (float64, error) {
	s, _, err := b.startPhased([]string{"--phase", "init"})
	if err != nil {
		return 0, err
	}
	defer s.stop()
	out, err := exec.CommandContext(b.ctx, b.command, "enter", strconv.Itoa(s.pid), "--policy", "memcached", "--phase", "serving",
		"--set", "port="+strconv.Itoa(s.port), "--json").Output()
	if err != nil {
		return 0, fmt.Errorf("narrow enter: %w\n%s", err, out)
	}
	var r stopReport
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, err
	}
	if r.Stopped == 0 && len(r.Steps) > 0 {
		r.Stopped = r.Steps[0].Stopped
	}
	return r.Stopped * 1e6, nil
}
