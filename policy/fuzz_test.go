package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse holds Parse to its word on any text: no panic, errors in order and
// within the text, and what is accepted formats to a text that means the same
// and formats to itself.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/format/*.in", "../profiles/*.narrow"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	for _, c := range errorCases(f) {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkParse(t, src) })
}

// checkParse checks what Parse makes of any text.
func checkParse(t failer, src []byte) {
	t.Helper()
	file, err := Parse("any", src)
	if err != nil {
		checkErrors(t, err, src)
		file.Format() // of what could be understood: nothing is promised of the result
		return
	}
	checkFormat(t, file)
}

// FuzzParseCalls does the same for the notation alone.
func FuzzParseCalls(f *testing.F) {
	for _, seed := range []string{
		"read", "getpid()", "write(fd in {1, 2})", "socket(family == AF_INET, type & SOCK_TYPE_MASK == SOCK_STREAM)",
		"@reply * syscall_0x3ef", "mmap(prot lacks PROT_EXEC, flags only A|B, len not in {0, 3..9}, addr == -1)", "read(", "write(fd = 1)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		calls, err := ParseCalls(text)
		if err != nil {
			checkErrors(t, err, []byte(text))
			return
		}
		printed := make([]string, len(calls))
		for i, c := range calls {
			printed[i] = c.String()
		}
		canonical := strings.Join(printed, " ")
		again, err := ParseCalls(canonical)
		if err != nil || len(again) != len(calls) {
			t.Fatalf("%q reads as %d calls, want %d: %v", canonical, len(again), len(calls), err)
		}
		for i, c := range again {
			if c.String() != printed[i] {
				t.Fatalf("%q prints as %q", printed[i], c)
			}
		}
	})
}

// checkErrors checks that errors have places within the text, in order, and
// say something that a terminal shows.
func checkErrors(t failer, err error, src []byte) {
	list := err.(ErrorList)
	if len(list) == 0 || len(list) > maxErrors+1 {
		t.Fatalf("%d errors", len(list))
	}
	for i, e := range list {
		if e.What == "" || strings.ContainsFunc(e.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("error %q", e.Error())
		}
		if len(e.Error()) > 1000 {
			t.Fatalf("an error of %d bytes: %q", len(e.Error()), e.Error())
		}
		if e.Caret(src) == "" {
			t.Fatalf("%v: no such place", e)
		}
		if i > 0 && (e.Pos.Line < list[i-1].Pos.Line || e.Pos.Line == list[i-1].Pos.Line && e.Pos.Col < list[i-1].Pos.Col) {
			t.Fatalf("%v stands behind %v", e, list[i-1])
		}
	}
}
