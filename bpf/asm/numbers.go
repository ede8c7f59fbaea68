package asm

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

const hexDigits = "0123456789abcdef"

// appendC writes bpfc's default format: printf("{ 0x%x, %u, %u, 0x%08x },\n").
func appendC(dst []byte, p bpf.Program) []byte {
	for _, in := range p {
		dst = append(dst, "{ 0x"...)
		dst = strconv.AppendUint(dst, uint64(in.Code), 16)
		dst = append(dst, ", "...)
		dst = appendDecimal(dst, uint64(in.Jt))
		dst = append(dst, ", "...)
		dst = appendDecimal(dst, uint64(in.Jf))
		dst = append(dst, ", 0x"...)
		dst = appendHex32(dst, in.K)
		dst = append(dst, " },\n"...)
	}
	return dst
}

// appendXTBPF writes the count and then each instruction, all behind commas
// and, as bpfc does, without a newline.
func appendXTBPF(dst []byte, p bpf.Program) []byte {
	dst = appendDecimal(dst, uint64(len(p)))
	dst = append(dst, ',')
	for _, in := range p {
		dst = append(appendDecimals(dst, in, ' '), ',')
	}
	return dst
}

// appendTcpdump writes bpfc's tcpdump format: tcpdump -ddd without its count.
func appendTcpdump(dst []byte, p bpf.Program) []byte {
	for _, in := range p {
		dst = append(appendDecimals(dst, in, ' '), '\n')
	}
	return dst
}

// appendJSON writes one array on one line.
func appendJSON(dst []byte, p bpf.Program) []byte {
	dst = append(dst, '[')
	for i, in := range p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendDecimals(append(dst, '['), in, ','), ']')
	}
	return append(dst, "]\n"...)
}

// appendDecimals writes the four numbers of an instruction.
func appendDecimals(dst []byte, in bpf.Instruction, separator byte) []byte {
	dst = appendDecimal(dst, uint64(in.Code))
	dst = append(dst, separator)
	dst = appendDecimal(dst, uint64(in.Jt))
	dst = append(dst, separator)
	dst = appendDecimal(dst, uint64(in.Jf))
	dst = append(dst, separator)
	return appendDecimal(dst, uint64(in.K))
}

// instructionSize is the size of a struct sock_filter in bytes.
const instructionSize = 8

// appendHex writes the raw bytes of one instruction a line.
func appendHex(dst []byte, p bpf.Program) []byte {
	var raw [instructionSize]byte
	for i := range p {
		for _, b := range p[i:i+1].Append(raw[:0], bpf.LittleEndian) {
			dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
		}
		dst = append(dst, '\n')
	}
	return dst
}

// appendHex32 writes k as eight hexadecimal digits.
func appendHex32(dst []byte, k uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[k>>shift&15])
	}
	return dst
}
