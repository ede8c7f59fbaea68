// Command bench measures narrow against the same thing without it, side by
// side in one run, and prints ratios:
//
//	go run -C bench .                       everything, about two minutes
//	go run -C bench . -only memcached,start
//	go run -C bench . -only vm -libseccomp FOLDER   beside libseccomp's simulator, too
//	go run -C bench . -update               and write the table into docs/performance.md
//
// What is compared is measured in turns, so that a busy machine slows both
// sides, and what counts is the median of the turns' ratios. It is a module of
// its own, so that what narrow is compared with never enters the product's
// go.mod.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// init keeps main on the process's first thread: it is the one that is pinned,
// and the one whose end would take its child processes along.
func init() { runtime.LockOSThread() }

func main() {
	if spec, ok := os.LookupEnv(childVariable); ok {
		child(spec)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	only    string
	rounds  int
	threads string
	narrow  string
	scmp    string
	update  bool
	record  bool
	strict  bool
	timeout time.Duration
}

func readFlags() *options {
	o := new(options)
	flag.StringVar(&o.only, "only", "", "measure only these `SECTIONS`, separated by commas: "+strings.Join(sectionNames(), ", "))
	flag.IntVar(&o.rounds, "rounds", 10, "rounds of memcached's loads; the other sections take proportionally many")
	flag.StringVar(&o.threads, "threads", "1,4", "memcached's worker `THREADS`, a list")
	flag.StringVar(&o.narrow, "narrow", "", "measure this `BINARY` instead of building cmd/narrow")
	flag.StringVar(&o.scmp, "libseccomp", "", "compare with scmp_bpf_sim of the libseccomp source in this `FOLDER` (apt-get source libseccomp)")
	flag.BoolVar(&o.update, "update", false, "write the table into docs/performance.md")
	flag.BoolVar(&o.record, "record", false, "record traces/ anew instead of measuring; needs strace, memcached, nginx and go")
	flag.BoolVar(&o.strict, "strict", false, "end with 1 if a target is missed")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "give up after this long")
	flag.Parse()
	return o
}

func run() error {
	o := readFlags()
	chosen, err := chooseSections(o.only)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	if o.record {
		return record(b)
	}
	return b.sections(chosen)
}

// sections measures each section, prints it at once, and tells at the end what
// was missed.
func (b *bench) sections(chosen []section) error {
	fmt.Println(b.where)
	var done []report
	var missed []string
	for _, s := range chosen {
		reports, err := s.reports(b)
		if errors.Is(err, exec.ErrNotFound) {
			fmt.Printf("\n%s: skipped: %v\n", s.title, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for _, r := range reports {
			fmt.Print("\n", r.text())
			missed = append(missed, r.missed()...)
		}
		done = append(done, reports...)
	}
	if b.options.update {
		if err := updateDocument(b.where, done); err != nil {
			return err
		}
	}
	if len(missed) == 0 {
		fmt.Println("\nevery target was reached")
		return nil
	}
	fmt.Printf("\ntargets missed: %s\n", strings.Join(missed, "; "))
	if b.options.strict {
		return fmt.Errorf("%d targets missed", len(missed))
	}
	return nil
}
