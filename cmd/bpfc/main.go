// Command bpfc assembles Berkeley Packet Filter programs. It takes the flags
// and the language of netsniff-ng's bpfc 0.6.8 and prints its formats byte for
// byte. Where that one assembles something wrong this one is right or says
// what is wrong; --bpfc-compat gives its bytes, with a warning for each.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/narrow-sandbox/narrow/bpf/asm"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// failure is the status of everything but a program printed: bpfc's own, for
// its help and its version too.
const failure = 1

// run is the command with its streams. It returns the exit status.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	o, err := parse(args)
	if err != nil {
		tell(errw, err)
		return failure
	}
	switch o.show {
	case showHelp:
		fmt.Fprint(out, help)
		return failure
	case showVersion:
		fmt.Fprint(out, version)
		return failure
	case showMnemonics:
		for _, name := range asm.BpfcMnemonics() {
			fmt.Fprintln(out, name)
		}
		return failure
	}
	if err := compile(o, in, out, errw); err != nil {
		tell(errw, err)
		return failure
	}
	return 0
}

// compile assembles the source and prints the program.
func compile(o *options, in io.Reader, out, errw io.Writer) error {
	name, source, err := readSource(o, in, errw)
	if err != nil {
		return err
	}
	as := asm.Options{For: asm.Socket, Bypass: o.bypass, BpfcCompat: o.compat, LineMarkers: o.cpp}
	a, err := asm.Assemble(name, source, as)
	for _, w := range a.Warnings {
		fmt.Fprintln(errw, w)
	}
	if o.verbose {
		unchecked := explain(out, name, source, as, err)
		if err != nil && unchecked != nil && o.compat {
			fmt.Fprintf(errw, "%v\n%s: warning: bpfc -V prints the program all the same\n", err, name)
			a, err = unchecked, nil
		}
	}
	if err != nil {
		return err
	}
	if o.verbose {
		fmt.Fprint(out, "Result:\n")
	}
	return asm.Write(out, o.format, a.Program)
}

// explain prints what -V adds: the program as bpfc lists it, and whether it
// passed validation. It returns the program as it is without validation, nil if
// there is none.
func explain(out io.Writer, name string, source []byte, as asm.Options, invalid error) *asm.Assembly {
	validated := !as.Bypass
	as.Bypass = true
	a, err := asm.Assemble(name, source, as)
	if err != nil {
		return nil
	}
	fmt.Fprintf(out, "Generated program:\n%s", asm.BpfcListing(a.Program))
	switch {
	case validated && invalid != nil:
		fmt.Fprint(out, "Validating: Semantic error! BPF validation failed!\n")
	case validated:
		fmt.Fprint(out, "Validating: is runnable!\n")
	}
	return a
}

// tell prints an error: those of a source have their places, a line each.
func tell(errw io.Writer, err error) {
	var list asm.ErrorList
	if !errors.As(err, &list) {
		err = fmt.Errorf("bpfc: %w", err)
	}
	fmt.Fprintln(errw, err)
}

// errNoProgram is bpfc's word for a missing source.
var errNoProgram = errors.New("no Berkeley Packet Filter program specified; give a file or - for standard input")
