package bpf

import (
	"fmt"
	"strconv"
	"strings"
)

// ErrorCode says which rule of admission a program breaks. It is an error
// itself, so that errors.Is(err, ErrJump) asks whether err is about jumps.
type ErrorCode uint8

// The rules of admission.
const (
	ErrEmpty     ErrorCode = iota + 1 // the program has no instruction
	ErrTooLong                        // it has more than MAXINSNS
	ErrOpcode                         // seccomp has no such instruction
	ErrOffset                         // a load is not of an aligned word of struct seccomp_data
	ErrMemory                         // the index of a scratch word is not below MEMWORDS
	ErrUnwritten                      // a scratch word is read that some path did not write
	ErrShift                          // a shift by a constant of 32 or more
	ErrDivision                       // a division by the constant 0
	ErrJump                           // a jump beyond the last instruction
	ErrEnd                            // the last instruction is no return
	ErrBudget                         // the stack of filters costs more than Budget
)

// codeTexts are the rules in words, by ErrorCode.
var codeTexts = [...]string{
	ErrEmpty:     "empty program",
	ErrTooLong:   "too many instructions",
	ErrOpcode:    "no instruction of seccomp",
	ErrOffset:    "load outside of the call's data",
	ErrMemory:    "no such scratch word",
	ErrUnwritten: "scratch word read before it is written",
	ErrShift:     "shift by 32 or more",
	ErrDivision:  "division by zero",
	ErrJump:      "jump beyond the end",
	ErrEnd:       "last instruction is no return",
	ErrBudget:    "stack of filters too long",
}

// Error is the rule in words, without a place.
func (c ErrorCode) Error() string {
	if c == 0 || int(c) >= len(codeTexts) {
		return "unknown rule " + strconv.Itoa(int(c))
	}
	return codeTexts[c]
}

// Error is a reason why the kernel would not admit a program.
type Error struct {
	PC          int         // the index of the instruction, from 0; -1 if it is about the program as a whole
	Code        ErrorCode   // the rule
	Instruction Instruction // the instruction at PC; zero if PC is -1
	Detail      string      // what is wrong and what was expected, without the place
}

// Error gives the place and the detail: instruction 3: shift by 32: a constant
// shift is by 31 at most.
func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Code.Error()
	}
	if e.PC < 0 {
		return text
	}
	return "instruction " + strconv.Itoa(e.PC) + ": " + text
}

// Unwrap gives the rule, for errors.Is.
func (e *Error) Unwrap() error { return e.Code }

// Errors is all the reasons why the kernel would not admit a program, by their
// places. The empty list means that it would.
type Errors []*Error

// Error gives the reasons, one a line.
func (es Errors) Error() string {
	var b strings.Builder
	for i, e := range es {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	return b.String()
}

// Unwrap gives the reasons, for errors.Is and errors.As.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

// Err is es as an error, nil if it is empty.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// add appends a reason about the instruction at pc.
func (es *Errors) add(p Program, pc int, code ErrorCode, format string, args ...any) {
	*es = append(*es, &Error{PC: pc, Code: code, Instruction: p[pc], Detail: fmt.Sprintf(format, args...)})
}
