package policy

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLimits checks texts that nobody writes by hand: the first error says
// why, and few follow.
func TestLimits(t *testing.T) {
	deep := strings.Repeat("when $x { ", maxDepth+10) + "allow read" + strings.Repeat(" }", maxDepth+10)
	for _, c := range []struct {
		name, src string
		count     int
		want      string
	}{
		{"NUL byte", "allow read\nallow \x00\nfrobnicate", 1, "p:2:7: a NUL byte; expected UTF-8 text; is this a policy?"},
		{"a program", "\x7fELF\x02\x01\x01\x00\x00\xff\xfe", 1, "p:1:1: control character U+007F; expected UTF-8 text; remove it"},
		{"invalid UTF-8", "# \xff\xfe\nallow read # \xc3\n", 2, "p:1:3: byte 0xff is not UTF-8; expected UTF-8 text; remove it"},
		{"control character", "allow read # \x1b[2J", 1, "p:1:14: control character U+001B; expected UTF-8 text; remove it"},
		{"hidden by a carriage return", "allow execve # \rdeny execve\n", 1, "p:1:16: a carriage return within a line, which hides what stands before it; expected UTF-8 text; remove it"},
		{"text that runs backwards", "allow read # \u202e}", 1, "p:1:14: invisible character U+202E; expected UTF-8 text; remove it"},
		{"blank of no width", "allow re\u200bad", 1, "p:1:9: invisible character U+200B; expected UTF-8 text; remove it"},
		{"odd blank", "allow\u00a0read", 1, "p:1:6: unexpected \"\\u00a0read\"; expected a call after allow"},
		{"too large", strings.Repeat("allow read\n", 1<<20), 1, "p:1:1: the file has 11534336 bytes; expected at most 1048576; split it with include, or name calls by sets"},
		{"too deep", deep, 1, "p:1:329: blocks too deep; expected at most 32 within each other"},
		{"too deep and never closed", strings.Repeat("when $x { ", 1000), maxDepth + 1, "p:1:9: this { is never closed; expected } before the end of the text"},
		{"long word", "files { read /" + strings.Repeat("x", 5000) + " }", 1, "p:1:14: a word too long; expected at most 4095 bytes; is a quote or blank missing?"},
		{"many errors", strings.Repeat("frobnicate\n", 2000), maxErrors + 1, "p:1:1: unexpected \"frobnicate\"; expected a statement such as allow, set or phase"},
		{"byte order mark", "\ufefffrobnicate", 1, "p:1:1: unexpected \"frobnicate\"; expected a statement such as allow, set or phase"},
		{"line ends of Windows", "allow read\r\n}\r\n", 1, "p:2:1: this } closes nothing; remove it, or look for a { that is missing above"},
	} {
		_, err := Parse("p", []byte(c.src))
		list, _ := err.(ErrorList)
		if len(list) != c.count {
			t.Errorf("%s: %d errors, want %d: %v", c.name, len(list), c.count, err)
		}
		if len(list) > 0 && list[0].Error() != c.want {
			t.Errorf("%s: got  %v\nwant %s", c.name, list[0], c.want)
		}
	}
}

// TestManyErrors checks that those not listed are counted.
func TestManyErrors(t *testing.T) {
	_, err := Parse("p", []byte(strings.Repeat("frobnicate\n", 2000)))
	list := err.(ErrorList)
	if got, want := list[maxErrors].Error(), "p:101:1: and 1900 more errors from here on"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEmpty checks that a text may hold nothing: what a policy lacks is the
// resolver's to say.
func TestEmpty(t *testing.T) {
	for _, src := range []string{"", "\n", " \t\r\n", "# only a comment", "\ufeff"} {
		f, err := Parse("p", []byte(src))
		if err != nil || len(f.Stmts) != 0 {
			t.Errorf("%q: %d statements, %v", src, len(f.Stmts), err)
		}
	}
}

// TestLargeTexts checks that the largest text of each kind is read or refused
// in a time that grows with its length only, not with its square. With
// NARROW_LONG=1 it takes the largest, else a quarter of that.
func TestLargeTexts(t *testing.T) {
	size := maxText / 4
	if os.Getenv("NARROW_LONG") != "" {
		size = maxText
	}
	for _, piece := range []string{
		"a ", "read\n", "allow read\n", "x {", "when $x {", "}", "(", ")", "{", "a(", "a(b in {", "allow a(b==1,", "#\n", "# x\nread ",
		"\"", "\"a\" ", "$a ", "@a ", "phase x { allow read\n", "phase x {\n", "files { read /a", "allow read # x\n", "set @x { ", "arch ", ",", "arch a, ",
		"alow read\n", "a(b in {1, ", "1|", "allow a(b==1|2|3)", "\\", "\"\\", "label { apparmor ", "test x { allow y\n", "\xff\n", "param a = b\n",
	} {
		longer(t, fmt.Sprintf("%d kB of %q", size>>10, piece), func(part int) {
			src := bytes.Repeat([]byte(piece), size/part/len(piece))
			if f, err := Parse("p", src); err == nil {
				f.Format()
			}
		})
	}
}

// longer reads a text and a part of it, and demands that the whole takes longer
// by about as much as it is longer: half of its square is too much. What else
// the machine does may come between, so it looks again before it complains.
func longer(t *testing.T, what string, read func(part int)) {
	t.Helper()
	const parts, slack, looks = 16, time.Second, 5
	var part, whole time.Duration
	for range looks {
		part, whole = timed(func() { read(parts) }), timed(func() { read(1) })
		if whole < parts*parts/2*part+slack {
			return
		}
	}
	t.Errorf("%s took %v, and a %dth of it %v", what, whole, parts, part)
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
