// Package asmtest draws sources in bpfc's language: generators of
// pgregory.net/rapid that spell each thing in one of the ways that bpfc's
// grammar has for it.
package asmtest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// Source draws a program that bpfc takes and assembles rightly, of up to most
// instructions and a return. Its jumps lead forward.
func Source(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return speller{t, false}.source(most) })
}

// Wild draws a source that has, here and there, what bpfc takes and gets wrong:
// numbers that wrap, comments that it does not see the end of, tokens that were
// lost, doubled or exchanged.
func Wild(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return mutate(t, speller{t, true}.source(most)) })
}

// speller draws sources, wild ones or not.
type speller struct {
	*rapid.T
	wild bool
}

func (s speller) pick(of ...string) string { return rapid.SampledFrom(of).Draw(s.T, "word") }

// word is a keyword in some case.
func (s speller) word(of ...string) string {
	w := s.pick(of...)
	if rapid.IntRange(0, 9).Draw(s.T, "case") == 0 {
		w = strings.ToUpper(w)
	}
	return w
}

// blank is what may stand between two tokens that would not run together.
func (s speller) blank() string {
	if s.wild && rapid.IntRange(0, 9).Draw(s.T, "wild") == 0 {
		return s.pick("/**/", "/* **/ /* */", "/* **/ ldx #1 /**/ ", "/***/", "/*/*/", " ; */\n", "\n# */\n")
	}
	return s.pick("", "", "", " ", "  ", "\t", "/* x */", " /* * / x\n */ ", " ; x\n\t", "\n# x\n ")
}

// space is what must stand between two words.
func (s speller) space() string {
	return s.pick(" ", " ", "\t", "\n ", " /**/ ", "\n; x\n\t", "\n#x\n\t", " /* y */ ")
}

// join puts tokens together with blanks.
func (s speller) join(tokens ...string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(s.blank())
		b.WriteString(t)
	}
	return b.String()
}

func (s speller) number() string {
	if s.wild && rapid.IntRange(0, 4).Draw(s.T, "wild") == 0 {
		return s.pick("08", "0129", "0x1ffffffff", "4294967296", "-4294967297", "99999999999999999999", "0xffffffffffffffffff",
			"-99999999999999999999", "0b111111111111111111111111111111111", "0777777777777777777777777", "-2147483649", "00", "007")
	}
	n := rapid.OneOf(rapid.Uint32Range(0, 70), rapid.Uint32()).Draw(s.T, "n")
	switch s.pick("dec", "dec", "hex", "oct", "bin", "plus", "minus") {
	case "hex":
		return fmt.Sprintf(s.pick("0x%x", "0X%X", "0x%08x"), n)
	case "oct":
		return fmt.Sprintf("0%o", n)
	case "bin":
		return fmt.Sprintf(s.pick("0b%b", "0B%b", "0b000%b"), n)
	case "plus":
		return fmt.Sprintf("+%d", n%1000+1)
	case "minus":
		return fmt.Sprintf("-%d", n%0x80000000+1)
	}
	return fmt.Sprint(n)
}

// small is a number from low to high.
func (s speller) small(low, high int) string {
	return fmt.Sprintf(s.pick("%d", "0x%x"), rapid.IntRange(low, high).Draw(s.T, "small"))
}

func (s speller) extension() string {
	return s.pick("", "#") + s.word("proto", "pto", "type", "poff", "ifx", "ifidx", "nla", "nlan", "mark", "que", "queue", "q",
		"hat", "hatype", "rxh", "rxhash", "cpu", "vlant", "vlan_tci", "vlana", "vlan_acc", "vlanp")
}

func (s speller) x() string { return s.pick("x", "X", "%x", "% x") }

func (s speller) literal() string { return s.join("#", s.number()) }

func (s speller) scratch() string { return s.join(s.word("m"), "[", s.small(0, 15), "]") }

func (s speller) address() string {
	if s.pick("abs", "ind") == "ind" {
		return s.join("[", s.x(), "+ ", s.number(), "]")
	}
	return s.join("[", s.number(), "]")
}

func (s speller) nibble() string {
	return s.join("4", "*", "(", "[", s.number(), "]", "&", s.pick("0xf", "15", "017", "0b1111"), ")")
}

// plain is an instruction that does not jump.
func (s speller) plain() string {
	switch s.pick("ld", "part", "ldx", "imm", "st", "alu", "bare", "ret") {
	case "ld":
		return s.word("ld") + s.space() + s.pick(s.literal(), s.address(), s.scratch(), s.extension(), s.pick("len", "#len", "PKTLEN"))
	case "part":
		return s.word("ldh", "ldb") + s.space() + s.pick(s.address(), s.extension())
	case "ldx":
		return s.pick(s.word("ldxb")+" "+s.nibble(), s.word("ldx")+s.space()+s.pick(s.nibble(), s.literal(), s.scratch(), "#len", "pktlen"))
	case "imm":
		return s.word("ldi", "ldxi") + s.space() + s.pick(s.literal(), s.number())
	case "st":
		return s.word("st", "stx") + s.space() + s.scratch()
	case "alu":
		op := s.word("add", "sub", "mul", "div", "mod", "and", "or", "xor", "lsh", "rsh")
		return op + s.space() + s.pick(s.join("#", s.small(1, 31)), s.x())
	case "bare":
		return s.word("neg", "tax", "txa")
	}
	return s.word("ret") + s.space() + s.pick(s.literal(), s.x(), s.pick("a", "A", "%a", "% a"))
}

// jumpTo is an instruction that jumps to labels.
func (s speller) jumpTo(a, b string) string {
	subject := s.pick(s.literal(), s.x())
	switch s.pick("ja", "one", "two") {
	case "ja":
		return s.word("ja", "jmp") + " " + a
	case "one":
		op := s.word("jeq", "jneq", "jne", "jlt", "jle", "jgt", "jge", "jset")
		return op + s.space() + s.join(subject, ",", a)
	}
	return s.word("jeq", "jgt", "jge", "jset") + s.space() + s.join(subject, ",", a, ",", b)
}

// source is a whole program. Its jumps lead forward.
func (s speller) source(most int) string {
	n := rapid.IntRange(1, most).Draw(s.T, "instructions")
	var b strings.Builder
	for i := range n {
		if s.pick("label", "no") == "label" || i > 0 {
			fmt.Fprintf(&b, "la%d%s:%s", i, s.pick("", " "), s.blank())
		}
		if i+1 < n && s.pick("jump", "plain", "plain") == "jump" {
			ahead := rapid.IntRange(i+1, n-1)
			b.WriteString(s.jumpTo(fmt.Sprint("la", ahead.Draw(s.T, "to")), fmt.Sprint("la", ahead.Draw(s.T, "to"))))
		} else {
			b.WriteString(s.plain())
		}
		b.WriteString(s.space())
	}
	return b.String() + "ret #0" + s.blank()
}
