package abi

import (
	"slices"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, tt := range []struct {
		arch, call string
		nr         uint32
		since      string
	}{
		{"x86_64", "read", 0, "2.6"},
		{"x86_64", "cachestat", 451, "6.5"},
		{"x86_64", "clone3", 435, "5.3"},
		{"x86_64", "uprobe", 336, "6.18"},
		{"amd64", "file_setattr", 469, "6.17"},
		{"x32", "read", 0x40000000, "3.4"},
		{"x32", "execve", 0x40000000 + 520, "3.4"},
		{"i386", "socket", 359, "4.3"},
		{"i386", "arch_prctl", 384, "4.12"},
		{"i386", "clock_gettime64", 403, "5.1"},
		{"aarch64", "openat", 56, "3.7"},
		{"arm", "set_tls", 0x0f0005, "2.6"},
		{"riscv64", "riscv_hwprobe", 258, "6.4"},
		{"loongarch64", "bpf", 280, "5.19"},
		{"ppc64el", "read", 3, "3.13"},
		{"s390x", "pkey_alloc", 385, "4.9"},
		{"mips", "read", 4003, "2.0"},
		{"mipsel", "open", 4005, "2.0"},
		{"mips64", "read", 5000, "2.4"},
		{"mips64el", "openat2", 5437, "5.6"},
	} {
		a, ok := ByName(tt.arch)
		if !ok {
			t.Fatalf("no architecture %s", tt.arch)
		}
		c, ok := a.Call(tt.call)
		if !ok || c.Nr != tt.nr || c.Since.String() != tt.since {
			t.Errorf("%s %s = %+v, %t; want %d since %s", tt.arch, tt.call, c, ok, tt.nr, tt.since)
			continue
		}
		if by, ok := a.Number(tt.nr); !ok || by != c {
			t.Errorf("%s %d = %v, %t; want %s", tt.arch, tt.nr, by, ok, tt.call)
		}
	}
}

// Calls after 6.18 and names of other systems are in no table.
func TestLookupUnknown(t *testing.T) {
	for _, name := range []string{"", "listns", "rseq_slice_yield", "READ", "zzz", "kqueue"} {
		if KnownCall(name) {
			t.Errorf("KnownCall(%q)", name)
		}
		for _, a := range Arches() {
			if c, ok := a.Call(name); ok {
				t.Errorf("%v has %+v", a, c)
			}
		}
	}
	x86, _ := ByName("x86_64")
	if c, ok := x86.Call("_llseek"); ok {
		t.Errorf("x86_64 has %+v", c)
	}
	if !KnownCall("_llseek") {
		t.Error("no architecture has _llseek")
	}
	for _, name := range []string{"", "sparc", "X86_64", "s390"} {
		if a, ok := ByName(name); ok {
			t.Errorf("ByName(%q) = %v", name, a)
		}
	}
}

// Whatever is in a table is found by its name and by its number.
func TestTables(t *testing.T) {
	if n := len(Arches()); n != 15 {
		t.Fatalf("%d architectures, want 15", n)
	}
	for _, a := range Arches() {
		calls := a.Calls()
		if len(calls) < 300 {
			t.Errorf("%v has %d calls", a, len(calls))
		}
		if !slices.IsSortedFunc(calls, func(x, y Syscall) int { return strings.Compare(x.Name, y.Name) }) {
			t.Errorf("%v: not sorted", a)
		}
		for i := range calls {
			c := &calls[i]
			byName, okName := a.Call(c.Name)
			byNumber, okNumber := a.Number(c.Nr)
			if !okName || !okNumber || byName != c || byNumber != c {
				t.Errorf("%v: %s is not found", a, c.Name)
			}
			if !KnownCall(c.Name) || !a.Owns(c.Nr) || a.Beyond(c.Nr) || Current().Before(c.Since) {
				t.Errorf("%v: %+v", a, c)
			}
		}
	}
}

func TestByAudit(t *testing.T) {
	for _, a := range Arches() {
		c, _ := a.Call("read")
		if got, ok := ByAudit(a.Audit, c.Nr); !ok || got != a {
			t.Errorf("ByAudit(%#x, %d) = %v, want %v", a.Audit, c.Nr, got, a)
		}
		if got, ok := ByName(a.Name); !ok || got != a {
			t.Errorf("ByName(%q) = %v", a.Name, got)
		}
	}
	if a, ok := ByAudit(0xa0000008, 6000); ok { // AUDIT_ARCH_MIPS64N32
		t.Errorf("N32 is %v", a)
	}
	x32, _ := ByName("x32")
	if a, _ := ByAudit(0xc000003e, 0xffffffff); a != x32 {
		t.Errorf("-1 with x86_64's audit arch has bit 30 set, but is %v", a)
	}
}

func TestLast(t *testing.T) {
	for _, tt := range []struct {
		arch   string
		last   uint32
		beyond map[uint32]bool
	}{
		{"x86_64", 469, map[uint32]bool{469: false, 470: true, 512: true, 340: false}},
		{"x32", 0x40000000 + 469, map[uint32]bool{0x40000000 + 470: true, 0x40000000 + 512: false, 0x40000000 + 548: true}},
		{"arm", 469, map[uint32]bool{470: true, 0x0f0000: true, 0x0f0005: false, 0x0f0007: true}},
		{"mips", 4469, map[uint32]bool{0: false, 4470: true}},
		{"mips64el", 5469, map[uint32]bool{5470: true, 4470: false}},
	} {
		a, _ := ByName(tt.arch)
		if a.Last() != tt.last {
			t.Errorf("%v: Last() = %d, want %d", a, a.Last(), tt.last)
		}
		for nr, want := range tt.beyond {
			if a.Beyond(nr) != want {
				t.Errorf("%v: Beyond(%d) = %t", a, nr, !want)
			}
		}
	}
}

func BenchmarkCall(b *testing.B) {
	a := Arches()[0]
	for b.Loop() {
		a.Call("openat")
	}
}

func BenchmarkNumber(b *testing.B) {
	a := Arches()[0]
	for b.Loop() {
		a.Number(257)
	}
}
