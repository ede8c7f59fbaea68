package asm

import (
	"bytes"

	"github.com/narrow-sandbox/narrow/bpf"
)

// isHex reports whether text is a hex dump: words of whole bytes, eight bytes
// at least, that are not the decimal numbers of tcpdump -ddd. Those have no
// leading zeros, and each is shorter than an instruction's sixteen digits.
func isHex(text []byte) bool {
	sure, digits := false, 0
	for word := range bytes.FieldsSeq(text) {
		word = bytes.TrimSuffix(trimHexPrefix(word), []byte(","))
		if len(word) == 0 || len(word)%2 != 0 {
			return false
		}
		for _, c := range word {
			if digitValue(c) > 15 {
				return false
			}
			sure = sure || c > '9'
		}
		sure = sure || len(word) > 1 && word[0] == '0' || len(word) >= 2*instructionSize
		digits += len(word)
	}
	return sure && digits >= 2*instructionSize
}

// trimHexPrefix takes a 0x or \x off a word.
func trimHexPrefix(word []byte) []byte {
	if len(word) > 2 && (word[0] == '0' || word[0] == '\\') && word[1]|0x20 == 'x' {
		return word[2:]
	}
	return word
}

// readHex reads raw bytes written as hexadecimal digits: together or apart,
// with blanks, commas, 0x or \x between them.
func readHex(name string, data []byte) (bpf.Program, error) {
	raw := make([]byte, 0, len(data)/2)
	line, high, half := 1, byte(0), false
	for i := 0; i < len(data); i++ {
		c := data[i]
		digit := digitValue(c)
		switch {
		case !half && i+1 < len(data) && (c == '0' || c == '\\') && data[i+1]|0x20 == 'x':
			i++
		case digit < 16 && half:
			raw, half = append(raw, high<<4|digit), false
		case digit < 16:
			high, half = digit, true
		case half:
			return nil, &ReadError{name, line, Hex, "half a byte; expected two digits"}
		case c == '\n':
			line++
		case !isBlank(c) && c != ',':
			return nil, &ReadError{name, line, Hex, "unexpected " + quote(c) + "; expected hexadecimal digits"}
		}
	}
	if half {
		return nil, &ReadError{name, line, Hex, "half a byte; expected two digits"}
	}
	p, err := bpf.Decode(raw)
	if err != nil {
		return nil, &ReadError{name, 0, Hex, err.Error()}
	}
	return p, nil
}

// digitValue returns the value of a hexadecimal digit, more than 15 for
// anything else.
func digitValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
