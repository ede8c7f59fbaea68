package main

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf/asm/asmtest"
)

// testCase is a source with the name that it has in the archive.
type testCase struct{ name, source string }

// cases returns the corpus: each instruction in each spelling, then what
// numbers, comments, labels and jumps may look like, right and wrong.
func cases() []testCase {
	var all []testCase
	add := func(group string, sources ...string) {
		for i, s := range sources {
			all = append(all, testCase{fmt.Sprintf("%s-%03d", group, i), s})
		}
	}
	for _, f := range forms() {
		add(f.name, f.sources...)
	}
	add("number", numbers()...)
	add("comment", comments...)
	add("label", labels...)
	add("jump", jumps()...)
	add("layout", layouts...)
	add("wrong", wrong...)
	add("manual", manual...)
	add("random", drawn(asmtest.Source(12), 700)...)
	add("wild", drawn(asmtest.Wild(6), 500)...)
	return all
}

// drawn returns so many sources of a generator, the same ones each time.
func drawn(generator *rapid.Generator[string], n int) []string {
	sources := make([]string, n)
	for seed := range sources {
		sources[seed] = generator.Example(seed)
	}
	return sources
}

// manual is the examples of bpfc's manual page, bpfc(8).
var manual = []string{
	"ld poff\nret a",
	"ldh [12]\njne #0x806, drop\nret #-1\ndrop: ret #0",
	"ldh [12]\njne #0x800, drop\nldb [23]\njneq #6, drop\nret #-1\ndrop: ret #0",
	"ldh [12]\njne #0x800, drop\nldb [23]\njneq #6, drop\nldh [20]\njset #0x1fff, drop\nldxb 4 * ([14] & 0xf)\nldh [x + 14]\n" +
		"jeq #0x16, pass\nldh [x + 16]\njne #0x16, drop\npass: ret #-1\ndrop: ret #0",
	"ld [4] /* arch */\njne #0xc000003e, bad\nld [0] /* nr */\njeq #15, good\njeq #231, good\njeq #60, good\njeq #0, good\n" +
		"jeq #1, good\njeq #5, good\njeq #9, good\njeq #14, good\njeq #13, good\njeq #35, good\nbad: ret #0\ngood: ret #0x7fff0000",
	"ld vlanp\njeq #0, drop\nret #-1\ndrop: ret #0",
	"ld vlant\njneq #10, drop\nret #-1\ndrop: ret #0",
	"ld vlanp\njeq #0, drop\nld vlant\njneq #10, drop\nret #-1\ndrop: ret #0",
	"ldh #proto\njneq #0, skip\nldb [4]\njneq #0x10, skip\nldx #16\nldb [x + 4]\njneq #0x3, skip\nld #32\nldx #16\nld #nla\n" +
		"jeq #0, skip\ntax\nldb [x + 4]\njneq #0x6, skip\nret #-1\nskip: ret #0",
}

// ending makes a source of one instruction one that passes validation.
const ending = "\nret a"

// ended appends the ending to each source.
func ended(sources ...string) []string {
	for i := range sources {
		sources[i] += ending
	}
	return sources
}

// form is a mnemonic with its sources.
type form struct {
	name    string
	sources []string
}

// forms returns every mnemonic with every operand that it may have, and with
// those of others that it must not have.
func forms() []form {
	var all []form
	operands := []string{
		"", "#7", "# 7", "7", "#0xffffffff", "#-1", "[4]", "[ 4 ]", "[-4]", "[x + 4]", "[%x + 4]", "[x +4]", "[x+4]", "[ X + 0x10 ]",
		"M[3]", "m [ 15 ]", "M[16]", "M3", "4*([14]&0xf)", "4 * ( [ 0xe ] & 15 )", "5*([14]&0xf)", "4*([14]&0xe)",
		"x", "%x", "% X", "a", "%a", "A", "la", "la, lb", "#7, la", "#7, la, lb", "x, la", "%x , la , lb", "7, la", "a, la", "#7 la",
	}
	for _, word := range extensions {
		operands = append(operands, word, "#"+word)
	}
	for _, m := range []string{
		"ld", "ldh", "ldb", "ldi", "ldx", "ldxi", "ldxb", "st", "stx", "jmp", "ja", "jeq", "jneq", "jne", "jlt", "jle", "jgt",
		"jge", "jset", "add", "sub", "mul", "div", "mod", "and", "or", "xor", "lsh", "rsh", "neg", "tax", "txa", "ret",
	} {
		f := form{name: m}
		for _, o := range operands {
			f.sources = append(f.sources, strings.TrimSpace(m+" "+o)+"\nlb: ret #0\nla: ret #1")
		}
		f.sources = append(f.sources, strings.ToUpper(m)+" #0x1F"+ending, strings.ToUpper(m[:1])+m[1:]+" x"+ending)
		all = append(all, f)
	}
	return all
}

// extensions are all names that bpfc has for them, and some that it lacks.
var extensions = []string{
	"len", "pktlen", "proto", "pto", "type", "poff", "ifx", "ifidx", "nla", "nlan", "mark", "que", "queue", "q", "hat", "hatype",
	"rxh", "rxhash", "cpu", "vlant", "vlan_tci", "vlana", "vlan_acc", "vlanp", "rand", "LEN", "Proto",
}

// numbers returns sources with a number in each way to write it.
func numbers() []string {
	var sources []string
	for _, n := range []string{
		"0", "1", "10", "4294967295", "4294967296", "99999999999", "18446744073709551616", "-1", "+1", "-0", "+0",
		"-2147483648", "-2147483649", "-4294967296", "-99999999999999999999", "- 1", "00", "07", "010", "0777", "08", "019", "0129",
		"037777777777", "040000000000", "0777777777777777777777777", "0x0", "0xf", "0XF", "0xABCDEF", "0xffffffff", "0x100000000",
		"0x1ffffffff", "0xffffffffffffffffff", "0x", "0xg", "0b0", "0b1", "0B101", "0b11111111111111111111111111111111",
		"0b111111111111111111111111111111111", "0b", "0b2", "0b12", "1a", "0x1g", "1 2", "1_000", "1.5", "'a'",
	} {
		sources = append(sources, "ret #"+n)
	}
	for _, n := range []string{"010", "0x10", "0b10", "-4", "+4", "4294967296", "0xfffff000"} {
		sources = append(sources, ended("ld ["+n+"]", "ldx M["+n+"]", "ldb [x + "+n+"]", "ldxb 4*(["+n+"]&0xf)")...)
	}
	return sources
}

var comments = []string{
	"ret #0 ; to the end ret #1",
	"; first\nret #0",
	"# in the first column\nret #0",
	" # not in the first column\nret #0",
	"ret #0\n#ret #1",
	"ret #0\n#",
	"ret #0 # behind",
	"ret\n#5",
	"ret\n#\n5",
	"ld\n#len\nret a",
	"ld\n#len \nret a",
	"ld\n#proto\nret a",
	"/* a */ ret #0 /* b */",
	"ret /* a */ # /* b */ 5",
	"/* a\nb */ ret #0",
	"/**/ ret #0",
	"/***/ ret #0",
	"/****/ ret #0",
	"/* **/ ret #0",
	"/* **/ ret #0 /* */ ret #1",
	"/* ***/ ret #0",
	"/* ****/ ret #0 /**/ ret #1",
	"/*/ ret #0 /*/ ret #1",
	"/* /* */ ret #0",
	"/* a */ */ ret #0",
	"/* no end ret #0",
	"ret #0 /*",
	"// ret #0",
	"ret #0 // no",
	"; /* not open\nret #0",
	"/* ; */ ret #0",
	"ret#0",
	"ld[0]ret a",
	"ret #0ret #1",
	"ret #0x1ret #1",
	"ld #lenla: ret a",
	"/",
}

var labels = []string{
	"ja la\nla: ret #0",
	"ja La\nla: ret #0\nLa: ret #1",
	"ja la\nLA: ret #0",
	"la: ret #0",
	"la :ret #0",
	"la\n:\nret #0",
	"la:\nret #0",
	"la: lb: ret #0",
	"ret #0\nla:",
	"ja la\nret #0",
	"ja la\nla: ret #0\nla: ret #1",
	"jeq #1, la\nla: ret #0\nret #2\nla: ret #1",
	"b: ret #0",
	"_1: ret #0",
	"1a: ret #0",
	"l_a9: ret #0",
	"la-b: ret #0",
	"la.b: ret #0",
	"ld: ret #0",
	"jset: ret #0",
	"x: ret #0",
	"a: ret #0",
	"m: ret #0",
	"q: ret #0",
	"len: ret #0",
	"type: ret #0",
	"cpu: ret #0",
	"rand: ret #0",
	"ja type\ntype: ret #0",
	"xx: aa: ret #0",
	"ja xx\nxx: ret #0",
	"a_very_long_label_with_more_than_sixty_four_characters_that_nobody_would_write: ret #0",
}

// jumps returns sources with jumps of interesting lengths.
func jumps() []string {
	sources := []string{
		"back: ja back\nret #0",
		"back: ld [0]\njeq #1, back\nret #0",
		"back: ld [0]\njeq #1, la, back\nla: ret #0",
		"jeq #1, la, la\nla: ret #0",
		"jne #1, la\nla: ret #0",
		"jeq #1, la",
		"la: ja la",
	}
	for _, n := range []int{0, 254, 255, 256, 512, 600} {
		fill := strings.Repeat("txa ", n) + "\n"
		for _, m := range []string{"ja far", "jeq #1, far", "jset x, far", "jlt #5, far", "jgt #5, far, near", "jge x, near, far"} {
			sources = append(sources, m+"\nnear: "+fill+"ret #1\nfar: ret #0")
		}
	}
	return sources
}

// layouts are programs in unusual shapes.
var layouts = []string{
	"ld [0] jeq #1, la ret #0 la: ret #1",
	"ld\n[\n0\n]\nret\n#\t5",
	"\tld [0]\n\n\n\tret a\n\n",
	"ret #0",
	"RET A",
	"ld [0]\r\nret a",
	"ld [0]\fret a",
	"ret\u00a0#0",
	strings.TrimSpace(strings.Repeat("ret #0\n", 4096)),
	strings.TrimSpace(strings.Repeat("ret #0\n", 4097)),
}

// wrong are programs with something amiss.
var wrong = []string{
	"", "\n", "foo", "foo:", ":", "ret", "ret #", "ret # #5", "ld [", "ld [4", "ld ]", "ld [x", "ld [x +", "ld [x + ]", "ld [x 4]",
	"ld [4 + x]", "ldx [4]", "ldh #4", "ldh M[0]", "st [4]", "st #4", "st x", "jeq", "jeq #1", "jeq #1,", "jeq #1, la,", "jeq la",
	"jeq #1, #2", "ja 1", "ja #1", "ja", "add", "add [4]", "neg x", "tax x", "ret [0]", "ret M[0]", "ld #4, ret a",
	"ld [0]", "neg", "div #0\nret a", "mod #0\nret a", "div x\nret a", "lsh #32\nret a", "lsh #99\nret a", "st M[16]\nret a",
	"stx M[99]\nret a", "ldx M[16]\nret a", "ld M[15]\nret a", "ret x", "\x00", "ret #0\x00", "ret #0 \x80", "@", "$5", "%", "ret %",
	".equ a, 1\nret #0", "ret #EPERM", "ld [nr]\nret a", "jeq #1; la\nret #0",
}
