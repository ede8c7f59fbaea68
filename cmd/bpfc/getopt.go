package main

import (
	"fmt"
	"strings"
)

// longFlag is a flag with its letter, and whether it takes a value.
type longFlag struct {
	name   string
	letter byte
	value  bool
}

// getopt reads arguments as getopt_long(3) does: letters may stand together, a
// value behind its letter or as the next argument, a long flag may be
// abbreviated, operands may stand between flags, and -- ends them. It calls set
// for each flag and returns the operands.
func getopt(args []string, set func(flag byte, value string) (more bool, err error)) (operands []string, err error) {
	g := &getopts{args: args, set: set}
	for len(g.args) > 0 && !g.done && err == nil {
		arg := g.args[0]
		g.args = g.args[1:]
		switch {
		case arg == "--":
			return append(operands, g.args...), nil
		case strings.HasPrefix(arg, "--"):
			err = g.long(arg[2:])
		case len(arg) > 1 && arg[0] == '-':
			err = g.letters(arg[1:])
		default:
			operands = append(operands, arg)
		}
	}
	return operands, err
}

// getopts is the state of getopt.
type getopts struct {
	args []string // those not read yet
	done bool
	set  func(flag byte, value string) (more bool, err error)
}

// letters reads an argument of letters.
func (g *getopts) letters(letters string) error {
	for i := range len(letters) {
		if !takesValue(letters[i]) {
			if err := g.call(letters[i], ""); err != nil || g.done {
				return err
			}
			continue
		}
		if i+1 < len(letters) {
			return g.call(letters[i], letters[i+1:])
		}
		return g.next(letters[i], "-"+letters[i:])
	}
	return nil
}

// takesValue reports whether a letter's flag takes one.
func takesValue(letter byte) bool {
	for _, f := range longFlags {
		if f.letter == letter {
			return f.value
		}
	}
	return false
}

// long reads a long flag.
func (g *getopts) long(arg string) error {
	name, value, assigned := strings.Cut(arg, "=")
	if name == compatFlag && !assigned {
		return g.call('c', "")
	}
	f, err := findLong(name)
	switch {
	case err != nil:
		return err
	case assigned && !f.value:
		return fmt.Errorf("option --%s takes no value", f.name)
	case assigned || !f.value:
		return g.call(f.letter, value)
	}
	return g.next(f.letter, "--"+f.name)
}

// findLong finds a long flag by its name or by an abbreviation that no other
// shares.
func findLong(name string) (found longFlag, err error) {
	n := 0
	for _, f := range longFlags {
		if f.name == name {
			return f, nil
		}
		if strings.HasPrefix(f.name, name) {
			found = f
			n++
		}
	}
	switch n {
	case 0:
		return found, fmt.Errorf("unknown option --%s; -h shows the options", name)
	case 1:
		return found, nil
	}
	return found, fmt.Errorf("option --%s is ambiguous", name)
}

// next calls set with the next argument as the value.
func (g *getopts) next(letter byte, shown string) error {
	if len(g.args) == 0 {
		return fmt.Errorf("option %s requires an argument", shown)
	}
	value := g.args[0]
	g.args = g.args[1:]
	return g.call(letter, value)
}

func (g *getopts) call(letter byte, value string) error {
	more, err := g.set(letter, value)
	g.done = !more
	return err
}
