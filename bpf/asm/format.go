package asm

import (
	"fmt"
	"io"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// The formats of a program. Write takes all of them; Read takes those that
// Readable lists.
const (
	C        = "c"           // { 0x6, 0, 0, 0x7fff0000 }, as bpfc prints by default, and tcpdump -dd
	Netsniff = "netsniff-ng" // the same: bpfc's other name for it
	XTBPF    = "xt_bpf"      // one line, as iptables -m bpf takes it: "1,6 0 0 2147418112,"
	Tcpdump  = "tcpdump"     // decimal numbers, a line each, as bpfc -f tcpdump prints; Read knows tcpdump -ddd's count too
	Asm      = "asm"         // text that Assemble turns into the same program, whatever the program holds
	Raw      = "raw"         // struct sock_filter, 8 bytes each, little-endian
	JSON     = "json"        // [[code,jt,jf,k],...]
	Hex      = "hex"         // Raw as hexadecimal digits, an instruction a line
	CMacros  = "c-macros"    // BPF_STMT and BPF_JUMP of linux/filter.h, with comments
	Go       = "go"          // a Go file with the program as a bpf.Program
	Dot      = "dot"         // the control flow as a graph for Graphviz
	SVG      = "svg"         // the control flow as a picture
	Text     = "listing"     // for people: labels, names of calls and arguments, verdicts
)

// Writable returns the formats that Write knows.
func Writable() []string {
	return []string{C, Netsniff, XTBPF, Tcpdump, Asm, Raw, JSON, Hex, CMacros, Go, Dot, SVG, Text}
}

// Readable returns the formats that Read knows.
func Readable() []string {
	return []string{C, Netsniff, XTBPF, Tcpdump, Asm, Raw, JSON, Hex, CMacros}
}

// FormatError is the error of Write and Read for a format that they lack.
type FormatError struct {
	Format string
	Known  []string
}

// Error names the format and the known ones.
func (e *FormatError) Error() string {
	return fmt.Sprintf("unknown format %q; expected one of %s", e.Format, strings.Join(e.Known, ", "))
}

// Write writes p to w in a format. Its errors are a *FormatError and those of w.
func Write(w io.Writer, format string, p bpf.Program) error {
	text, err := Append(nil, format, p)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Append appends p in a format to dst. Its only error is a *FormatError.
func Append(dst []byte, format string, p bpf.Program) ([]byte, error) {
	return AppendOn(nil, dst, format, p)
}

// AppendOn is Append with notes as for calls of one arch, where p does not test
// that itself: listings, macros and pictures name its calls.
func AppendOn(arch *abi.Arch, dst []byte, format string, p bpf.Program) ([]byte, error) {
	switch format {
	case C, Netsniff:
		return appendC(dst, p), nil
	case XTBPF:
		return appendXTBPF(dst, p), nil
	case Tcpdump:
		return appendTcpdump(dst, p), nil
	case Asm:
		return appendAsm(dst, p), nil
	case Raw:
		return p.Append(dst, bpf.LittleEndian), nil
	case JSON:
		return appendJSON(dst, p), nil
	case Hex:
		return appendHex(dst, p), nil
	case CMacros:
		return annotate(p, arch).appendCMacros(dst), nil
	case Go:
		return annotate(p, arch).appendGo(dst), nil
	case Dot:
		return annotate(p, arch).appendDot(dst), nil
	case SVG:
		return annotate(p, arch).appendSVG(dst), nil
	case Text:
		return annotate(p, arch).appendListing(dst), nil
	}
	return dst, &FormatError{format, Writable()}
}

// Listing returns p as people read it: a line for each instruction with its
// number, its label where something jumps to it, its text as the Asm format
// has it, and a comment that says what the instruction does on the paths that
// lead to it.
func Listing(p bpf.Program) string { return string(annotate(p, nil).appendListing(nil)) }
