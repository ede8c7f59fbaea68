package asm

import (
	"fmt"
	"math"
)

// names gives the value of a name in an expression. It says what is wrong with
// one that it lacks, and what may have been meant.
type names interface {
	value(name []byte) (value int64, what, hint string)
	suggest(name []byte) string
}

// expression reads the value at hand: a number, a name, or both joined by C's
// operators | ^ & << >> + - * / % with unary + - ~ and parentheses. The value
// has 32 bits: -2^31 to 2^32-1. It reports false after recording an error.
func (s *scanner) expression(n names) (uint32, bool) {
	s.blanks()
	start := s.pos
	if s.plain() {
		value, ok := s.number()
		return uint32(value), ok
	}
	value, ok := s.binary(n, 0, maxDepth)
	if !ok {
		return 0, false
	}
	if value < math.MinInt32 || value > math.MaxUint32 {
		if !s.compat {
			s.fail(start, fmt.Sprintf("%d does not fit 32 bits", value), "expected -0x80000000 to 0xffffffff")
			return 0, false
		}
		s.warn(start, fmt.Sprintf("bpfc wraps %d to 0x%x", value, uint32(value)))
	}
	return uint32(value), true
}

// maxDepth bounds how deeply an expression may be nested.
const maxDepth = 64

// plain reports whether a number is at hand that no operator can follow: a
// short way round for the most frequent expressions.
func (s *scanner) plain() bool {
	i := s.pos
	if i == len(s.src) || s.src[i] < '0' || s.src[i] > '9' {
		return false
	}
	for i < len(s.src) && isWord(s.src[i]) {
		i++
	}
	return i == len(s.src) || s.src[i] == ',' || s.src[i] == ']' || s.src[i] == '\n'
}

// binaryOperator is an operator between two values; more strength binds
// tighter, as in C.
type binaryOperator struct {
	text     string
	strength int
}

var binaryOperators = [...]binaryOperator{
	{"|", 1}, {"^", 2}, {"&", 3}, {"<<", 4}, {">>", 4}, {"+", 5}, {"-", 5}, {"*", 6}, {"/", 6}, {"%", 6},
}

// operator returns the operator at hand, after blanks.
func (s *scanner) operator() (binaryOperator, bool) {
	s.blanks()
	if s.at("//") {
		return binaryOperator{}, false // somebody's comment
	}
	for _, op := range binaryOperators {
		if s.at(op.text) {
			return op, true
		}
	}
	return binaryOperator{}, false
}

// binary reads values joined by operators stronger than weakest.
func (s *scanner) binary(n names, weakest, depth int) (int64, bool) {
	left, ok := s.unary(n, depth)
	for ok {
		end := s.pos
		op, more := s.operator()
		if !more || op.strength <= weakest {
			s.pos = end
			return left, true
		}
		at := s.pos
		s.pos += len(op.text)
		right, rightOK := s.binary(n, op.strength, depth)
		if !rightOK {
			return 0, false
		}
		if left, ok = apply(op.text, left, right); !ok {
			s.fail(at, "the value of "+op.text+" is out of range", "expected at most 32 bits")
		}
	}
	return 0, false
}

// apply is false where the result is not within 40 bits, far enough for every
// way to write a number of 32.
func apply(op string, a, b int64) (int64, bool) {
	const limit = 1 << 40
	var value int64
	switch op {
	case "|":
		value = a | b
	case "^":
		value = a ^ b
	case "&":
		value = a & b
	case "<<":
		if b < 0 || b > 32 || a > math.MaxUint32 || a < -limit>>b {
			return 0, false
		}
		value = a << b
	case ">>":
		if b < 0 || b > 32 {
			return 0, false
		}
		value = a >> b
	case "+":
		value = a + b
	case "-":
		value = a - b
	case "*":
		value = a * b
		if a != 0 && value/a != b {
			return 0, false
		}
	default:
		return divide(op, a, b)
	}
	return value, -limit <= value && value <= limit
}

// divide is / and %.
func divide(op string, a, b int64) (int64, bool) {
	if b == 0 {
		return 0, false
	}
	if op == "/" {
		return a / b, true
	}
	return a % b, true
}

// unary reads one value with the operators before it.
func (s *scanner) unary(n names, depth int) (int64, bool) {
	s.blanks()
	c := s.peek()
	if depth == 0 {
		s.fail(s.pos, "the expression is nested too deeply", "")
		return 0, false
	}
	switch {
	case '0' <= c && c <= '9':
		return s.number()
	case isLetter(c):
		return s.named(n)
	case c == '-' || c == '+' || c == '~':
		s.pos++
		value, ok := s.unary(n, depth-1)
		switch c {
		case '-':
			value = -value
		case '~':
			value = ^value
		}
		return value, ok
	case c == '(':
		return s.parenthesis(n, depth-1)
	}
	s.fail(s.pos, "unexpected "+s.found(), "expected a number or the name of a constant")
	return 0, false
}

func (s *scanner) parenthesis(n names, depth int) (int64, bool) {
	s.pos++
	value, ok := s.binary(n, 0, depth)
	if ok && !s.take(')') {
		s.fail(s.pos, "unexpected "+s.found(), "expected )")
		return 0, false
	}
	return value, ok
}

// maxSuggestions bounds the errors of one text for which names are compared.
const maxSuggestions = 100

// named reads a name and finds its value.
func (s *scanner) named(n names) (int64, bool) {
	start := s.pos
	name := s.word()
	if string(name) == "offsetof" || string(name) == "__builtin_offsetof" {
		return s.offsetof()
	}
	value, what, hint := n.value(name)
	if what != "" {
		if hint == "" && s.errors < maxSuggestions {
			hint = n.suggest(name)
		}
		s.fail(start, what, hint)
		return 0, false
	}
	return value, true
}
