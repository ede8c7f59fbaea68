package policy

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

func TestDescribe(t *testing.T) {
	for _, test := range []struct {
		arch string
		data bpf.Data
		want string
	}{
		{"x86_64", bpf.Data{Nr: 41, Args: [6]uint64{2, 1, 6}}, "socket(family == AF_INET, type == SOCK_STREAM, protocol == IPPROTO_TCP)"},
		{"x86_64", bpf.Data{Nr: 41, Args: [6]uint64{0xffffffff00000002, 0x80801, 0}}, "socket(family == AF_INET, type == SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, protocol == IPPROTO_IP)"},
		{"x86_64", bpf.Data{Nr: 39}, "getpid"},
		{"x86_64", bpf.Data{Nr: 1, Args: [6]uint64{1, 0x7fff0000, 5}}, "write(fd == 1, buf != NULL, count == 5)"},
		{"x86_64", bpf.Data{Nr: 257, Args: [6]uint64{0xffffff9c, 0, 0}}, "openat(dfd == AT_FDCWD, flags == O_RDONLY, mode == 0)"},
		{"x86_64", bpf.Data{Nr: 1007}, "syscall_1007"},
		{"x86_64", bpf.Data{Nr: 0x3fffffff, Args: [6]uint64{0, 7}}, "syscall_0x3fffffff(arg1 == 0x7)"},
		{"x32", bpf.Data{Nr: 0x40000001, Args: [6]uint64{2}}, "write(fd == 2, count == 0)"},
		{"x86_64", bpf.Data{Nr: 3, Args: [6]uint64{5, 0, 0, 0, 0, 9}}, "close(fd == 5, arg5 == 0x9)"},
		{"i386", bpf.Data{Nr: 180, Args: [6]uint64{3, 0, 0, 2, 1}}, "pread64(fd == 3, count == 0, pos == 0x100000002)"},
	} {
		a, _ := abi.ByName(test.arch)
		if got := Describe(a, test.data); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestDescribeReadsBack draws calls of every architecture: what is written of
// one must be a call that fits it, in all that the kernel reads.
func TestDescribeReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := abi.Arches()[rapid.IntRange(0, len(abi.Arches())-1).Draw(t, "arch")]
		d := bpf.Data{Arch: a.Audit, Nr: rapid.Uint32().Draw(t, "nr")&^0x40000000 | a.NumberBit}
		if rapid.IntRange(0, 3).Draw(t, "known") > 0 {
			calls := a.Calls()
			d.Nr = calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")].Nr
		}
		for i := range d.Args {
			d.Args[i] = edgeBits(t, uint8(a.Register), "argument")
		}
		text := Describe(a, d)
		e, err := ParseCall(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p, err := ResolvePattern([]*abi.Arch{a}, e)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !p.Fits(&d) {
			t.Fatalf("%x does not fit %s", d, text)
		}
		back, ok := p.Example(a)
		if !ok || Describe(a, back) != text {
			t.Fatalf("%x is %s, read back %x is %s", d, text, back, Describe(a, back))
		}
	})
}

func TestExampleIsSmallest(t *testing.T) {
	a, _ := abi.ByName("x86_64")
	for _, test := range []struct {
		call string
		want [6]uint64
	}{
		{"read", [6]uint64{}},
		{"read(fd > 2)", [6]uint64{3}},
		{"read(fd not in {0, 1, 2, 4})", [6]uint64{3}},
		{"accept(fd < 0)", [6]uint64{0x80000000}},
		{"openat(dfd == AT_FDCWD, flags has O_CREAT, flags lacks O_TRUNC, mode in {0600..0644})", [6]uint64{0xffffff9c, 0, 0x40, 0600}},
		{"openat(filename != NULL)", [6]uint64{0, 1}},
		{"@strict", [6]uint64{}},
	} {
		if d := callOf(t, a, test.call); d.Args != test.want {
			t.Errorf("%s: got %x, want %x", test.call, d.Args, test.want)
		}
	}
	e, err := ParseCall("openat(flags has O_CREAT, flags lacks O_CREAT)")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ResolvePattern([]*abi.Arch{a}, e)
	if err != nil {
		t.Fatal(err)
	}
	if d, ok := p.Example(a); ok {
		t.Errorf("got %x where nothing fits", d)
	}
}
