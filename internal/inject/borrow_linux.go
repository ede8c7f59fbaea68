package inject

import (
	"encoding/binary"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// loan is the process's memory as it was, while calls take their arguments
// from it. All its threads are stopped meanwhile.
type loan struct {
	*Process
	was []byte
}

func (p *Process) borrow() (*loan, error) {
	l := &loan{p, make([]byte, borrowed)}
	if err := kernel.ReadMemory(p.place.tid, p.place.start, l.was); err != nil {
		return nil, p.wrong(nil, ErrNoMemory, err, "")
	}
	return l, nil
}

func (l *loan) giveBack() { _ = kernel.WriteMemory(l.place.tid, l.place.start, l.was) }

// write lays arguments into the borrowed memory and returns their address.
func (p *Process) write(args []byte) (uint64, error) {
	return p.place.start, kernel.WriteMemory(p.place.tid, p.place.start, args)
}

// sockFprog is struct sock_fprog, with the program behind it, for an address.
func sockFprog(program bpf.Program, at uint64) []byte {
	const size = 16 // of the structure: a length, a gap, a pointer
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(program)))
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = binary.NativeEndian.AppendUint64(b, at+size)
	return program.Append(b, bpf.NativeOrder())
}
