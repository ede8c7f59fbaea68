package main

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// options are what the command line says.
type options struct {
	input   string
	format  string
	defines []string
	cpp     bool
	verbose bool
	bypass  bool
	compat  bool
	show    show
}

// show is what to print instead of a program.
type show uint8

const (
	showProgram show = iota
	showHelp
	showVersion
	showMnemonics
)

// longFlags are bpfc's. The ninth is ours: it has no letter and, so that every
// abbreviation means what it means in bpfc, no abbreviations.
var longFlags = [...]longFlag{
	{"input", 'i', true},
	{"format", 'f', true},
	{"cpp", 'p', false},
	{"define", 'D', true},
	{"verbose", 'V', false},
	{"bypass", 'b', false},
	{"dump", 'd', false},
	{"version", 'v', false},
	{"help", 'h', false},
}

const compatFlag = "bpfc-compat"

// parse reads the arguments as bpfc does. A single argument is the source
// whatever else it is, and of two that show something the first does.
func parse(args []string) (*options, error) {
	o := &options{format: asm.C}
	if len(args) == 0 {
		o.show = showHelp
		return o, nil
	}
	rest, err := getopt(args, o.set)
	switch {
	case err != nil:
		return nil, err
	case o.show != showProgram:
		return o, nil
	case len(args) == 1:
		o.input = args[0]
	case o.input == "" && len(rest) == 1:
		o.input = rest[0]
	}
	if o.input == "" {
		return nil, errNoProgram
	}
	return o, nil
}

// set takes one flag. It is false to stop reading flags.
func (o *options) set(flag byte, value string) (more bool, err error) {
	switch flag {
	case 'i':
		o.input = value
	case 'f':
		return o.setFormat(value)
	case 'p':
		o.cpp = true
	case 'D':
		o.defines = append(o.defines, value)
	case 'V':
		o.verbose = true
	case 'b':
		o.bypass = true
	case 'c':
		o.compat = true
	case 'd':
		o.show = showMnemonics
	case 'v':
		o.show = showVersion
	case 'h':
		o.show = showHelp
	default:
		return false, fmt.Errorf("unknown option -%c; -h shows the options", flag)
	}
	return o.show == showProgram, nil
}

func (o *options) setFormat(value string) (more bool, err error) {
	format, ok := asm.BpfcFormat(value)
	if !ok {
		return false, fmt.Errorf("unknown format %q; expected C, netsniff-ng, xt_bpf or tcpdump", value)
	}
	o.format = format
	return true, nil
}
