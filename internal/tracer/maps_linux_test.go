package tracer

import (
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestParseMapping(t *testing.T) {
	for _, c := range []struct {
		line string
		want mapping
		ok   bool
	}{
		{"7f3d8c000000-7f3d8c021000 r-xp 00028000 fe:00 1234                       /usr/lib/libc.so.6",
			mapping{0x7f3d8c000000, 0x7f3d8c021000, 0x28000, true, "/usr/lib/libc.so.6"}, true},
		{"00400000-00452000 r--p 00000000 08:02 173521      /opt/a b/x (deleted)", mapping{0x400000, 0x452000, 0, false, "/opt/a b/x"}, true},
		{"7ffe0000-7ffe1000 rw-p 00000000 00:00 0 ", mapping{0x7ffe0000, 0x7ffe1000, 0, false, ""}, true},
		{"7ffe0000-7ffe1000 r-xp 00000000 00:00 0                          [vdso]", mapping{0x7ffe0000, 0x7ffe1000, 0, true, "[vdso]"}, true},
		{"", mapping{}, false},
		{"x-y r-xp 0 0 0", mapping{executable: true}, false},
	} {
		got, ok := parseMapping(c.line)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%q: got %+v, %t, want %+v, %t", c.line, got, ok, c.want, c.ok)
		}
	}
}

// A function of this program is found by its address, with its name.
func TestSiteOfAFunction(t *testing.T) {
	address := uint64(reflect.ValueOf(TestSiteOfAFunction).Pointer()) + 1
	s := mapsOf(os.Getpid()).site(address)
	if !strings.HasSuffix(s.Symbol, "tracer.TestSiteOfAFunction") && s.Symbol != "" || s.Module == "" || s.Symbol != "" && s.Within != 1 {
		t.Errorf("%+v", s)
	}
	if s := (&maps{}).site(0x1234); s.String() != "0x1234, which is in no file" {
		t.Errorf("%v", s)
	}
	runtime.KeepAlive(s)
}

func FuzzParseMapping(f *testing.F) {
	f.Add("7f3d8c000000-7f3d8c021000 r-xp 00028000 fe:00 1234                       /usr/lib/libc.so.6")
	f.Fuzz(func(t *testing.T, line string) { parseMapping(line) })
}

func TestSaysReady(t *testing.T) {
	for text, want := range map[string]bool{
		"READY=1": true, "STATUS=x\nREADY=1\nMAINPID=4": true, "READY=1\n": true,
		"READY=0": false, "XREADY=1": false, "READY=10": false, "": false, "STATUS=READY=1": false,
	} {
		if got := saysReady([]byte(text)); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}
