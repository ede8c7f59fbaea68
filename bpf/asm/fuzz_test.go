package asm

import (
	"bytes"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
)

// FuzzAssemble: no panic, and what is taken can be written and assembled again.
func FuzzAssemble(f *testing.F) {
	for i, c := range corpus(f) {
		if i%9 == 0 && len(c.source) < 500 {
			f.Add([]byte(c.source), byte(i))
		}
	}
	f.Add([]byte(".arch s390x\n.equ a, (1<<4)|~0&3\nld [args[5].hi]\njeq #a+__NR_read, la\n.insn 0x15, 0, 0, 1\nla: ret #SECCOMP_RET_ERRNO|EPERM"), byte(1))
	f.Fuzz(func(t *testing.T, source []byte, flags byte) {
		options := Options{
			For: Target(flags & 1), Bypass: flags&2 != 0, BpfcCompat: flags&4 != 0, LineMarkers: flags&8 != 0,
		}
		a, err := Assemble("x", source, options)
		if err != nil {
			_ = err.Error()
			return
		}
		for pc := range a.Program {
			if at := a.Place(pc); at.Line < 1 || at.Col < 1 {
				t.Fatalf("instruction %d is placed at %v", pc, at)
			}
		}
		if options.For == Seccomp && !options.Bypass && a.Program.Check() != nil {
			t.Fatalf("takes what the kernel refuses: %v", a.Program.Check())
		}
		rewrites(t, Asm, a.Program)
	})
}

// rewrites checks that a program can be written in a format and read again.
func rewrites(t *testing.T, format string, p bpf.Program) {
	text := mustAppend(t, format, p)
	again, err := Read(format, "x", text)
	if err != nil {
		t.Fatalf("%s: %v\n%s", format, err, text)
	}
	if !slices.Equal(p, again) {
		t.Fatalf("%s: got %v, want %v\n%s", format, again, p, text)
	}
}

// FuzzRead gives any bytes to the reader of each format and to detection.
func FuzzRead(f *testing.F) {
	formats := append(Readable(), "")
	p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 4), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0xc000003e, 0, 1), bpf.Stmt(bpf.RET|bpf.K, 0x7fff0000), bpf.Stmt(0xffff, 1)}
	for i, format := range formats {
		if format != "" {
			f.Add(mustAppend(f, format, p), byte(i))
		}
	}
	f.Add([]byte("4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n"), byte(3))
	f.Add([]byte("static struct sock_filter f[] = {\n/* a */ BPF_STMT(BPF_LD+BPF_W+BPF_ABS, (offsetof(struct seccomp_data, args[1]))), // b\n{ 6, 0, 0, 0x7fff0000U },\n};"), byte(8))
	f.Add([]byte(`\x06\x00\x00\x00\x00\x00\xff\x7f`), byte(7))
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		format := formats[int(which)%len(formats)]
		p, err := Read(format, "x", data)
		if err != nil {
			_ = err.Error()
			return
		}
		if format == "" {
			format = Detect(data)
		}
		rewrites(t, format, p)
	})
}

// FuzzWrite gives any program to every writer.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x20\x00\x00\x00\x04\x00\x00\x00\x15\x00\x00\xff\x3e\x00\x00\xc0\x05\x00\x00\x00\xff\xff\xff\xff\x06\x00\x01\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Read(Raw, "x", raw[:len(raw)&^7])
		if err != nil {
			return
		}
		for _, format := range Writable() {
			text := mustAppend(t, format, p)
			if format == Text && bytes.Count(text, []byte("\n")) != len(p) {
				t.Fatalf("the listing of %d instructions:\n%s", len(p), text)
			}
		}
		rewrites(t, Asm, p)
		_ = BpfcListing(p)
	})
}
