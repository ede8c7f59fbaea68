package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Each round starts fresh servers, as the layout of a process's memory alone
// makes some percent of difference, and measures each load in turns.
const (
	memcachedTurns   = 16
	memcachedTurn    = 9 * time.Millisecond // about how long one turn of one server takes
	memcachedCPU     = 1.03                 // what must be reached
	memcachedServers = 3                    // free, free again (the noise), narrow
)

// memcachedRows measures each number of worker threads under each load.
func memcachedRows(b *bench) ([]row, error) {
	if _, err := exec.LookPath("memcached"); err != nil {
		return nil, err
	}
	measured, driver, err := processors()
	if err != nil {
		return nil, err
	}
	m := &memcached{bench: b, measured: measured, driver: driver}
	defer unpin()
	var rows []row
	for _, threads := range strings.Split(b.options.threads, ",") {
		results, err := m.rounds(threads)
		if err != nil {
			return nil, err
		}
		for i, l := range loads {
			rows = append(rows, results[i].rows(l.name+", threads "+threads)...)
		}
	}
	return rows, nil
}

// loadResult is what the servers took for one load: nanoseconds per operation,
// a sample a turn.
type loadResult struct{ cpu, wall [memcachedServers]samples }

// memcached is the measurement of one number of worker threads after another.
type memcached struct {
	bench            *bench
	measured, driver int // processors: the servers', the client's
}

func (m *memcached) rounds(threads string) ([]loadResult, error) {
	results := make([]loadResult, len(loads))
	rounds := max(1, m.bench.rounds(10)/len(strings.Split(m.bench.options.threads, ",")))
	for range rounds {
		if err := m.round(threads, results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// round adds one round to the results.
func (m *memcached) round(threads string, results []loadResult) error {
	unpin() // starting is another section's
	var servers [memcachedServers]*server
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	for i := range servers {
		var err error
		if servers[i], err = startServer(m.bench, threads, i == memcachedServers-1); err != nil {
			return err
		}
		if err := pinProcess(servers[i].pid, m.measured); err != nil {
			return err
		}
	}
	if err := pin(0, m.driver); err != nil {
		return err
	}
	for i, l := range loads {
		if err := results[i].add(m.bench, l, servers); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}

// add measures one load on all servers in turns.
func (r *loadResult) add(b *bench, l load, servers [memcachedServers]*server) error {
	operations := 0
	turns := make([]func() (float64, error), memcachedServers)
	for i, s := range servers {
		n, err := s.calibrate(l)
		if err != nil {
			return err
		}
		operations = max(operations, n)
		turns[i] = func() (float64, error) {
			cpu, wall, err := s.turn(l, operations)
			r.wall[i] = append(r.wall[i], wall)
			return cpu, err
		}
	}
	cpu, err := interleave(b.ctx, memcachedTurns, turns...)
	for i := range cpu {
		r.cpu[i] = append(r.cpu[i], cpu[i]...)
	}
	return err
}

// rows are the CPU per operation, and the throughput beside it.
func (r *loadResult) rows(what string) []row {
	free, narrow := r.cpu[0], r.cpu[2]
	cpu := ratioRow(what+": CPU", duration(free.median()), duration(narrow.median()), narrow.ratioTo(free), memcachedCPU)
	cpu.noise, _ = noise(r.cpu[1], r.cpu[0])

	// The ratio of rates is that of times turned round.
	free, narrow = r.wall[0], r.wall[2]
	ratio := free.ratioTo(narrow)
	throughput := ratioRow(what+": throughput", rate(1e9/free.median()), rate(1e9/narrow.median()), ratio, 0)
	var low float64
	throughput.noise, low = noise(r.wall[0], r.wall[1])
	throughput.target = "within noise"
	throughput.exceeded = ratio < min(low, 1)
	return []row{cpu, throughput}
}

// noise is the ratio of two alternatives that are the same: the median of all
// turns, and what nine turns in ten lie between.
func noise(a, b samples) (text string, low float64) {
	each := make(samples, len(a))
	for i := range a {
		each[i] = a[i] / b[i]
	}
	slices.Sort(each)
	low = each[len(each)/20]
	return fmt.Sprintf("%.3f (%.2f–%.2f)", each.median(), low, each[len(each)-1-len(each)/20]), low
}

// server is a memcached that was started here.
type server struct {
	cmd  *exec.Cmd
	pid  int
	port int
	free func() // gives the port back
	done chan struct{}
}

// startServer starts memcached, free or under its profile, and waits until it
// serves. It makes sure that every thread is filtered, or none.
func startServer(b *bench, threads string, narrowed bool) (*server, error) {
	port, free, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	args := []string{"memcached", "-l", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "0", "-m", "64", "-t", threads}
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody")
	}
	if narrowed {
		narrow, err := b.narrow()
		if err != nil {
			return nil, err
		}
		args = slices.Concat([]string{narrow, "run", "--set", "port=" + strconv.Itoa(port), "memcached", "--"}, args)
	}
	s := &server{cmd: exec.Command(args[0], args[1:]...), port: port, free: free, done: make(chan struct{})}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		free()
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	go func() { s.cmd.Wait(); close(s.done) }()
	if err := s.ready(narrowed); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// ready waits until the server answers, and looks at its threads.
func (s *server) ready(narrowed bool) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := dial(s.port)
		if err == nil {
			err = c.store()
			c.close()
			if err != nil {
				return err
			}
			break
		}
		select {
		case <-s.done:
			return fmt.Errorf("%v ended: %v", s.cmd.Args, s.cmd.ProcessState)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%v does not serve: %w", s.cmd.Args, err)
		}
	}
	list, err := kernel.ProcessStatus(s.pid)
	if err != nil {
		return err
	}
	for _, thread := range list {
		if filtered := thread.SeccompMode == 2; filtered != narrowed {
			return fmt.Errorf("%v: seccomp mode of thread %s is %d", s.cmd.Args, thread.Name, thread.SeccompMode)
		}
	}
	return nil
}

// stop ends the server. It may be nil.
func (s *server) stop() {
	if s == nil {
		return
	}
	s.cmd.Process.Kill()
	<-s.done
	s.free()
}

// calibrate warms the server up and finds how many operations fill a turn.
func (s *server) calibrate(l load) (int, error) {
	const tries = 200
	if _, _, err := s.turn(l, tries); err != nil {
		return 0, err
	}
	_, each, err := s.turn(l, tries)
	return max(tries, int(float64(memcachedTurn)/each)), err
}

// turn makes so many operations and returns the nanoseconds that each took: of
// the server's CPU, and of time.
func (s *server) turn(l load, operations int) (cpu, wall float64, err error) {
	clock := processClock(s.pid)
	before, err := cpuUsed(clock)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	done, err := l.run(s.port, operations)
	if err != nil {
		return 0, 0, err
	}
	took := time.Since(start)
	time.Sleep(300 * time.Microsecond) // the answer came; let the server go back to sleep
	after, err := cpuUsed(clock)
	return float64(after-before) / float64(done), float64(took) / float64(done), err
}
