// Command narrow gives a Linux program the smallest set of powers it needs,
// from one readable policy. See the README and `narrow --help`.
package main

import (
	"io"
	"os"
	"runtime"

	"github.com/narrow-sandbox/narrow/internal/launch"
)

// init keeps main on the process's first thread, which alone has what exec
// hands on of it, such as the parent-death signal: run becomes the program on
// that thread.
func init() { runtime.LockOSThread() }

func main() {
	switch {
	case verb() == besideVerb:
		collectLate()
		os.Exit(launch.Beside(os.Args[2:]))
	case verb() == "run":
		collectNever()
	default:
		collectLate()
	}
	os.Exit(execute(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// verb is the first argument, "" if there is none.
func verb() string {
	if len(os.Args) < 2 {
		return ""
	}
	return os.Args[1]
}

// streams are where a command reads and writes: results on out, reports on
// err, so that pipes work.
type streams struct {
	in       io.Reader
	out, err io.Writer
	verb     string // of the command line, once it has been read

	// unread is the policy read last whose text is in no file, or the program's
	// text read last, for what errors mark in it; nil if there is none.
	unread *source
}

// execute runs the command with args and returns its exit status.
func execute(args []string, s streams) int {
	root := newRoot(&s)
	root.SetArgs(args)
	command, err := root.ExecuteC()
	s.verb = command.CommandPath()
	return s.report(err)
}

// besideVerb is the hidden verb with which run starts the tracer that walks a
// program through its phases. It is no cobra verb, as each millisecond counts.
const besideVerb = "__beside"

// besideArgs is how this program is started again for it.
func besideArgs() []string { return []string{os.Args[0], besideVerb} }
