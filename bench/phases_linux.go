package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
)

const (
	phaseRounds = 60
	initLimit   = 1.20                 // of the free one, with the cheap trigger: what must be reached
	stopLimit   = 5 * time.Millisecond // for ten threads
)

// phaseRows measures what the phases of memcached's profile cost: in init, and
// while its threads are stopped to enter the last one.
func phaseRows(b *bench) ([]row, error) {
	for _, program := range []string{"memcached", "cc"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, start := range []struct{ what, memory string }{{"init", ""}, {"a longer init (-m 1000 -e)", "1000"}} {
		r, err := b.initRows(start.what, start.memory)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r...)
	}
	stops, err := b.stops()
	return append(rows, stops...), err
}

// initRows measures an init: free, free again, with each kind of trigger.
func (b *bench) initRows(what, memory string) ([]row, error) {
	dir, err := stateFolder()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	library, err := initProbe(b.ctx, dir)
	if err != nil {
		return nil, err
	}
	triggers := []string{"", "", "exact", "cheap"}
	walls := make([]samples, len(triggers))
	turns := make([]func() (float64, error), len(triggers))
	for i, trigger := range triggers {
		turns[i] = func() (float64, error) {
			wall, cpu, err := b.initTime(trigger, memory, dir, library)
			walls[i] = append(walls[i], wall)
			return cpu, err
		}
	}
	cpus, err := interleave(b.ctx, b.rounds(phaseRounds), turns...)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range []struct {
		what string
		s    []samples
	}{{"CPU", cpus}, {"time", walls}} {
		exact := ratioRow(what+", trigger exact: "+m.what, duration(m.s[0].median()), duration(m.s[2].median()), m.s[2].ratioTo(m.s[0]), 0)
		exact.noise = fmt.Sprintf("%.3f", m.s[1].ratioTo(m.s[0]))
		cheap := ratioRow(what+", trigger cheap: "+m.what, duration(m.s[0].median()), duration(m.s[3].median()), m.s[3].ratioTo(m.s[0]), initLimit)
		if os.Geteuid() != 0 {
			cheap.target, cheap.exceeded = "", false // it takes root
		}
		rows = append(rows, exact, cheap)
	}
	return rows, nil
}

// initTime measures one init, free or with a trigger.
func (b *bench) initTime(trigger, memory, dir, library string) (wall, cpu float64, err error) {
	var options, args []string
	if trigger != "" {
		options = []string{"--trigger", trigger, "--set", "state=" + dir}
	}
	if memory != "" {
		args = []string{"-m", memory, "-e", filepath.Join(dir, "memory")}
	}
	told := filepath.Join(dir, "told")
	for _, old := range []string{told, filepath.Join(dir, "memory")} {
		os.Remove(old)
	}
	s, err := b.startPhased(options, []string{"LD_PRELOAD=" + library, "BENCH_INIT=" + told}, args...)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	return initTold(told)
}

// stateFolder is a folder in memory that memcached's user may write.
func stateFolder() (string, error) {
	dir, err := os.MkdirTemp("/dev/shm", "narrow-bench-")
	if err == nil && os.Geteuid() == 0 {
		err = os.Chown(dir, 65534, 65534)
	}
	return dir, err
}

// startPhased starts memcached with ten threads, under narrow if there are
// options for run, and waits until it serves.
func (b *bench) startPhased(options, env []string, args ...string) (*server, error) {
	port, free, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	argv := append([]string{"memcached", "-l", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "0", "-t", "4"}, args...)
	if os.Geteuid() == 0 {
		argv = append(argv, "-u", "nobody")
	}
	if len(options) > 0 {
		narrow, err := b.narrow()
		if err != nil {
			return nil, err
		}
		argv = slices.Concat([]string{narrow, "run", "--set", "port=" + strconv.Itoa(port)}, options, []string{"memcached", "--"}, argv)
	}
	s := &server{cmd: exec.CommandContext(b.ctx, argv[0], argv[1:]...), port: port, free: free, done: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		free()
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	go func() { s.cmd.Wait(); close(s.done) }()
	if err := s.ready(len(options) > 0); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
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
	s, err := b.startPhased(append(options, "--detach", "--report", report), nil)
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
	s, err := b.startPhased([]string{"--phase", "init"}, nil)
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
