package bpf

import (
	"encoding/binary"
	"fmt"
)

// instructionSize is the size of struct sock_filter in bytes.
const instructionSize = 8

// Bytes is the program as an array of struct sock_filter on a little-endian
// machine: 8 bytes an instruction, code, jt, jf, k. It is the raw format of
// files, and what Decode reads.
func (p Program) Bytes() []byte { return p.Append(nil, LittleEndian) }

// Append appends the program as an array of struct sock_filter in the given
// byte order. A kernel takes its own machine's order.
func (p Program) Append(to []byte, order ByteOrder) []byte {
	put := appender(order)
	for _, i := range p {
		to = put.AppendUint16(to, i.Code)
		to = append(to, i.Jt, i.Jf)
		to = put.AppendUint32(to, i.K)
	}
	return to
}

// Decode reads what Bytes wrote. Any instructions are taken, admissible or not;
// the only error is a *SizeError, where the length is not a multiple of 8.
func Decode(raw []byte) (Program, error) { return DecodeOrder(raw, LittleEndian) }

// DecodeOrder reads a program in the given byte order, as Decode does.
func DecodeOrder(raw []byte, order ByteOrder) (Program, error) {
	if len(raw)%instructionSize != 0 {
		return nil, &SizeError{Bytes: len(raw)}
	}
	get := byteOrder(order)
	p := make(Program, 0, len(raw)/instructionSize)
	for ; len(raw) > 0; raw = raw[instructionSize:] {
		p = append(p, Instruction{
			Code: get.Uint16(raw),
			Jt:   raw[2],
			Jf:   raw[3],
			K:    get.Uint32(raw[4:]),
		})
	}
	return p, nil
}

// SizeError says that raw bytes are no whole number of instructions.
type SizeError struct {
	Bytes int // how many there were
}

// Error says how many bytes are too many.
func (e *SizeError) Error() string {
	rest, verb := e.Bytes%instructionSize, "remain"
	if rest == 1 {
		verb = "remains"
	}
	return fmt.Sprintf("%d bytes are no whole number of instructions: %d %s after %d of %d bytes each",
		e.Bytes, rest, verb, e.Bytes/instructionSize, instructionSize)
}

func appender(order ByteOrder) binary.AppendByteOrder {
	if order == BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func byteOrder(order ByteOrder) binary.ByteOrder {
	if order == BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
