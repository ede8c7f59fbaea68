package asm

import "bytes"

// undump leaves of the lines of xxd and of hexdump -C the bytes only: both put
// an offset before them, and text behind. Other text it returns as it is.
func undump(data []byte) []byte {
	text := bytes.TrimSpace(data)
	switch {
	case dumpOffset(text) > 0 && text[dumpOffset(text)] == ':':
		return eachLine(data, fromXxd)
	case dumpOffset(text) > 0 && bytes.IndexByte(text, '|') > 0:
		return eachLine(data, fromHexdump)
	}
	return data
}

// dumpOffset is the length of the offset that text begins with and that a colon
// or two blanks follow; 0 if there is none.
func dumpOffset(text []byte) int {
	word, _ := hexWord(text)
	rest := text[len(word):]
	if len(word) >= 7 && (bytes.HasPrefix(rest, []byte(": ")) || bytes.HasPrefix(rest, []byte("  "))) {
		return len(word)
	}
	return 0
}

// eachLine changes the lines of data, whose number stays.
func eachLine(data []byte, change func([]byte) []byte) []byte {
	lines := bytes.Split(data, []byte("\n"))
	for i, line := range lines {
		lines[i] = change(bytes.TrimSpace(line))
	}
	return bytes.Join(lines, []byte("\n"))
}

// fromXxd leaves what is between the colon and two blanks.
func fromXxd(line []byte) []byte {
	n := dumpOffset(line)
	if n == 0 || line[n] != ':' {
		return line
	}
	bytesOnly, _, _ := bytes.Cut(line[n+2:], []byte("  "))
	return bytesOnly
}

// fromHexdump leaves what is between the offset and the text between bars; of
// the last line, which is an offset alone, nothing.
func fromHexdump(line []byte) []byte {
	n := dumpOffset(line)
	if n == 0 {
		if word, _ := hexWord(line); len(word) == len(line) {
			return nil
		}
		return line
	}
	bytesOnly, _, _ := bytes.Cut(line[n:], []byte("|"))
	return bytesOnly
}
