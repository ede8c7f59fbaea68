package main

import (
	"fmt"
	"strings"
)

// param is an argument as a kernel function declares it.
type param struct {
	name string
	typ  ctype
}

// arg is an argument as it lies in the registers of one architecture.
type arg struct {
	param
	reg, high int
	bits      int
	signed    bool
	group     int       // in groupTable, from 1
	when      []argCase // how another argument's value changes it
	cases     int       // when, in groupTable, from 1
}

// argCase is what an argument is when another one has a value.
type argCase struct {
	decider, value string // an argument and a constant
	group          string // "" as otherwise
	width          width  // zero as otherwise
}

// signatures knows the parameters of every call on every architecture.
type signatures struct {
	functions map[string][]param
	entries   map[string]string // "call arch" or "call *" to a function, "" for none
	widths    widthTable
}

func loadSignatures(data string) (*signatures, error) {
	s := &signatures{functions: map[string][]param{}, entries: map[string]string{}}
	for _, name := range []string{"tracefs.tsv", "functions.tsv"} {
		if err := s.addFunctions(data + "/" + name); err != nil {
			return nil, err
		}
	}
	entries, err := readTSV(data + "/entries.tsv")
	if err != nil {
		return nil, err
	}
	for i, row := range entries.rows {
		if _, ok := s.functions[row[2]]; !ok && row[2] != "-" {
			return nil, entries.errorf(i, "no function %s", row[2])
		}
		for _, arch := range strings.Split(row[1], ",") {
			s.entries[row[0]+" "+arch] = strings.TrimPrefix(row[2], "-")
		}
	}
	s.widths, err = loadWidths(data + "/widths.tsv")
	return s, err
}

func (s *signatures) addFunctions(name string) error {
	t, err := readTSV(name)
	if err != nil {
		return err
	}
	for i, row := range t.rows {
		if _, dup := s.functions[row[0]]; dup {
			return t.errorf(i, "%s is declared twice", row[0])
		}
		if s.functions[row[0]], err = parseParams(row[1]); err != nil {
			return t.errorf(i, "%s: %v", row[0], err)
		}
	}
	return nil
}

// parseParams reads "int fd, const char * name".
func parseParams(list string) ([]param, error) {
	var params []param
	if list == "" {
		return nil, nil
	}
	for _, decl := range strings.Split(list, ",") {
		decl = strings.TrimSpace(decl)
		cut := strings.LastIndexAny(decl, " *") + 1
		typ, ok := parseType(decl[:cut])
		if !ok {
			return nil, fmt.Errorf("unknown type %q", decl[:cut])
		}
		params = append(params, param{decl[cut:], typ})
	}
	return params, nil
}

// of returns the arguments of a call on an architecture.
func (s *signatures) of(call string, a *arch) ([]arg, error) {
	function, listed := s.entries[call+" "+a.name]
	if !listed {
		function, listed = s.entries[call+" *"]
	}
	if listed && function == "" {
		return nil, nil
	}
	if !listed {
		function = call
	}
	params, ok := s.functions[function]
	if !ok {
		return nil, fmt.Errorf("no arguments of %s on %s: add %s to functions.tsv, or the call to entries.tsv", call, a.name, function)
	}
	args := layout(params, a)
	s.widths.apply(call, args, a)
	return args, nil
}

// fill gives each call its arguments.
func (s *signatures) fill(calls []call, a *arch) (err error) {
	for i := range calls {
		if calls[i].args, err = s.of(calls[i].name, a); err != nil {
			return err
		}
	}
	return nil
}

// layout puts parameters into registers 0..5. On a 32-bit ABI a 64-bit one
// takes two, which begin at an even register where the ABI aligns them; what
// has no register (the seventh word of mips's sync_file_range) is left out.
func layout(params []param, a *arch) []arg {
	var args []arg
	next := 0
	for _, p := range params {
		g := arg{param: p, reg: next, high: -1, bits: p.typ.bits, signed: p.typ.signed}
		if g.bits == 0 {
			g.bits = a.register
		}
		if g.bits > a.register {
			g.reg, g.high = a.pair(&next)
		}
		next++
		if next > 6 {
			break
		}
		args = append(args, g)
	}
	return args
}

// pair takes the register pair of a 64-bit value and leaves next at its last.
func (a *arch) pair(next *int) (low, high int) {
	if a.evenPairs {
		*next += *next & 1
	}
	first := *next
	*next++
	if a.bigEndian {
		return first + 1, first
	}
	return first, first + 1
}
