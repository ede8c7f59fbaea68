package asm

import (
	"bytes"

	"github.com/narrow-sandbox/narrow/bpf"
)

// isHex reports whether text is a hex dump: words of whole bytes, eight bytes
// at least, that are not the decimal numbers of tcpdump -ddd. Those have no
// leading zeros, no 0x, and each is shorter than an instruction's 16 digits.
func isHex(text []byte) bool {
	sure, digits := false, 0
	for len(text) > 0 {
		if isBlank(text[0]) || text[0] == ',' {
			text = text[1:]
			continue
		}
		word, prefixed := hexWord(text)
		n := len(word)
		if n == 0 || n%2 != 0 {
			return false
		}
		sure = sure || prefixed || word[0] == '0' || n >= 2*instructionSize || bytes.ContainsAny(word, "abcdefABCDEF")
		digits += n
		text = text[n:]
		if prefixed {
			text = text[2:]
		}
	}
	return sure && digits >= 2*instructionSize
}

// hexWord returns the digits that text begins with, after 0x or \x if that is
// before them.
func hexWord(text []byte) (word []byte, prefixed bool) {
	if len(text) > 2 && (text[0] == '0' || text[0] == '\\') && text[1]|0x20 == 'x' {
		text, prefixed = text[2:], true
	}
	n := 0
	for n < len(text) && digitValue(text[n]) < 16 {
		n++
	}
	return text[:n], prefixed
}

// readHex reads raw bytes written as hexadecimal digits: together or apart,
// with blanks, commas, 0x or \x between them, or as xxd and hexdump print them.
func readHex(name string, data []byte) (bpf.Program, error) {
	data = undump(data)
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
		case !isBlank(c) && c != ',':
			return nil, &ReadError{Name: name, Line: line, Format: Hex, Reason: "unexpected " + quote(c) + "; expected hexadecimal digits"}
		case half:
			return nil, &ReadError{Name: name, Line: line, Format: Hex, Reason: "half a byte; expected two digits"}
		case c == '\n':
			line++
		}
	}
	if half {
		return nil, &ReadError{Name: name, Line: line, Format: Hex, Reason: "half a byte; expected two digits"}
	}
	p, err := bpf.Decode(raw)
	if err != nil {
		return nil, &ReadError{Name: name, Format: Hex, Reason: err.Error()}
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
