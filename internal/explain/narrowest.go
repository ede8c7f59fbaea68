package explain

import (
	"strings"
	"unicode"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Suggest is a rule that would allow the call, for people to put into their
// policy: the call with the one argument that tells what it is for. That is the
// first one whose value has a name, such as a socket's family or a mapping's
// protection; descriptors, sizes and addresses differ from run to run.
func Suggest(arch *abi.Arch, d *bpf.Data) (rule string, ok bool) {
	call, ok := arch.Number(d.Nr)
	if !ok {
		return "", false
	}
	values := arch.FormatArgs(call, &d.Args)
	for i := range call.Args {
		arg := &call.Args[i]
		if arg.Pointer || strings.HasSuffix(arg.Name, "fd") || !named(values[i]) {
			continue
		}
		return "allow " + call.Name + "(" + arg.Name + " == " + values[i] + ")", true
	}
	return "allow " + call.Name, true
}

// named reports whether a value is written with a constant's name.
func named(value string) bool {
	return strings.ContainsFunc(value, unicode.IsUpper) && !strings.HasPrefix(value, "0")
}

// Readable is a call without what is in registers that the kernel does not read
// for it: whatever the thread did before.
func Readable(arch *abi.Arch, d *bpf.Data) bpf.Data {
	shown := *d
	call, ok := arch.Number(d.Nr)
	if !ok {
		return shown
	}
	shown.Args = [6]uint64{}
	for _, arg := range call.Args {
		shown.Args[arg.Reg] = d.Args[arg.Reg]
		if arg.High >= 0 {
			shown.Args[arg.High] = d.Args[arg.High]
		}
	}
	return shown
}
