package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	checkRounds = 20
	checkLimit  = 50 * time.Millisecond // what must be reached
	simRounds   = 5
	simCalls    = 2_000_000
	simLimit    = 500_000 // calls a second that must be reached
)

// commandRows measures the command as its users meet it.
func commandRows(b *bench) ([]row, error) {
	narrow, err := b.narrow()
	if err != nil {
		return nil, err
	}
	version, err := wholeProcess(b, checkRounds, "", narrow, "version")
	if err != nil {
		return nil, err
	}
	check, err := wholeProcess(b, checkRounds, "", narrow, "check", "memcached")
	if err != nil {
		return nil, err
	}
	rows := []row{
		limitRow("narrow version", "", "", version.wall.median(), 0),
		limitRow("narrow check memcached", "", "CPU "+duration(check.cpu.median()), check.wall.median(), checkLimit),
	}
	for _, s := range streams {
		r, err := simRow(b, narrow, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.what, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// simRow measures `narrow sim --jsonl` on a stream of calls.
func simRow(b *bench, narrow string, s stream) (row, error) {
	in := filepath.Join(b.dir, "calls.jsonl")
	if err := s.write(in, simCalls); err != nil {
		return row{}, err
	}
	took, err := wholeProcess(b, simRounds, in, narrow, "sim", "memcached", "--phase", "serving", "--thread", "mc-worker", "--jsonl")
	if err != nil {
		return row{}, err
	}
	answers, err := os.ReadFile(filepath.Join(b.dir, "out"))
	if err != nil {
		return row{}, err
	}
	if n := bytes.Count(answers, []byte("\n")); n != simCalls {
		return row{}, fmt.Errorf("%d answers to %d calls", n, simCalls)
	}
	perSecond := simCalls / took.wall.median() * 1e9
	return row{
		what:     fmt.Sprintf("narrow sim --jsonl, %s", s.what),
		with:     "per second of CPU " + rate(simCalls/took.cpu.median()*1e9),
		result:   rate(perSecond),
		target:   "≥ " + rate(simLimit),
		exceeded: perSecond < simLimit,
	}, nil
}

// processTimes are the times of one command's runs, in nanoseconds.
type processTimes struct{ wall, cpu samples }

// wholeProcess runs a command again and again, which must end well, with a file
// (or nothing) as its input and the file "out" for its output.
func wholeProcess(b *bench, rounds int, in string, argv ...string) (*processTimes, error) {
	times := new(processTimes)
	for range b.rounds(rounds) {
		if err := b.wholeRun(times, in, argv); err != nil {
			return nil, err
		}
	}
	return times, nil
}

func (b *bench) wholeRun(times *processTimes, in string, argv []string) error {
	out, err := os.Create(filepath.Join(b.dir, "out"))
	if err != nil {
		return err
	}
	defer out.Close()
	var problems bytes.Buffer
	cmd := exec.CommandContext(b.ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, &problems
	if in != "" {
		f, err := os.Open(in)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w\n%s", argv, err, problems.Bytes())
	}
	times.wall = append(times.wall, float64(time.Since(start)))
	times.cpu = append(times.cpu, float64(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()))
	return nil
}
