package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/examples/memcached/server"
)

// options are what the command line asks for.
type options struct {
	config                    server.Config
	user                      string // to become
	printPolicy, printVersion bool
}

// errShown is the end of a run whose help has been shown.
var errShown = errors.New("help was shown")

const usageHead = `usage: memcached [-p PORT] [-l ADDRESS,...] [-m MEGABYTES] [-t THREADS] ...

A memcached server that narrows itself: phase init until it listens, then
phase serving, in which its main thread accepts and its workers serve, and none
of them can do anything else. Its policy: memcached -policy | narrow show -

`

// parseFlags reads the command line. Help goes to out.
func parseFlags(args []string, out io.Writer) (*options, error) {
	o := &options{config: server.Defaults()}
	f := flag.NewFlagSet("memcached", flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are returned, and printed once
	o.likeMemcached(f)
	o.own(f)
	err := f.Parse(spread(args, f))
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usageHead)
		f.SetOutput(out)
		f.PrintDefaults()
		return nil, errShown
	case err != nil:
		return nil, fmt.Errorf("%w; see memcached -h", err)
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag; see memcached -h", f.Arg(0))
	}
	return o, nil
}

// likeMemcached defines the flags that memcached has, too.
func (o *options) likeMemcached(f *flag.FlagSet) {
	c := &o.config
	f.IntVar(&c.Port, "p", c.Port, "TCP `port`; -1: a free one, which -v tells")
	f.Func("l", "`addresses` to listen on, with commas between; every one if left out", addAddresses(&c.Addresses))
	f.StringVar(&c.Unix, "s", "", "`path` of a unix socket to listen on, in the place of TCP")
	f.Func("a", "permissions of the unix socket, octal (default 700)", setMode(&c.Mode))
	f.Func("m", "`megabytes` of memory for items (default 64)", setMegabytes(&c.Memory))
	f.Func("I", "the largest item, such as 2m or 512k (default 1m)", setSize(&c.MaxItem))
	f.BoolVar(&c.NoEvict, "M", false, "answer with an error where memory is lacking, and evict nothing")
	f.IntVar(&c.MaxConnections, "c", c.MaxConnections, "the most `connections` at a time")
	f.IntVar(&c.Threads, "t", c.Threads, "worker `threads`")
	f.IntVar(&c.Backlog, "b", c.Backlog, "the `backlog` of connections not yet accepted")
	f.StringVar(&o.user, "u", "", "the `user` to become, where root starts it")
	f.Func("U", "UDP `port`; only 0, which is none", noUDP)
	f.BoolFunc("v", "say what is entered, and where it listens", raise(&c.Verbosity, 1))
	f.BoolFunc("vv", "the same, as memcached has it", raise(&c.Verbosity, 2))
	f.BoolFunc("vvv", "the same", raise(&c.Verbosity, 2))
	f.BoolVar(&o.printVersion, "V", false, "print the version and exit")
}

// own defines the flags that are about the sandbox.
func (o *options) own(f *flag.FlagSet) {
	c := &o.config
	f.BoolVar(&c.Unconfined, "unconfined", false, "enter no phase, for comparison")
	f.BoolFunc("best-effort", "run with what sandbox this kernel has; -v tells what lacks", func(string) error {
		c.Needs = narrow.Needs{Process: narrow.BestEffort, Landlock: narrow.BestEffort, Seccomp: narrow.BestEffort}
		return nil
	})
	f.BoolVar(&o.printPolicy, "policy", false, "print the policy and exit")
}

// spread sets apart what memcached lets stand together: -p11211 is -p 11211.
func spread(args []string, f *flag.FlagSet) []string {
	var all []string
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if len(name) > 2 && name[0] == '-' && f.Lookup(strings.TrimLeft(name, "-")) == nil && takesValue(f.Lookup(name[1:2])) {
			all = append(all, arg[:2], arg[2:])
			continue
		}
		all = append(all, arg)
	}
	return all
}

func takesValue(f *flag.Flag) bool {
	if f == nil {
		return false
	}
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}
