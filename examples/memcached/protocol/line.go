package protocol

import "bytes"

// maxTokens is how many words of a command are told apart; the last of them
// would have the rest of the line, and no command has that many.
const maxTokens = 24

// line runs the command that in begins with, if it is whole.
func (s *Session) line(in []byte) (n int, goes bool) {
	end := bytes.IndexByte(in, '\n')
	if tooLong(in, end) {
		s.closed = true
		return 0, false
	}
	if end < 0 {
		return 0, false
	}
	text := in[:end]
	if end > 1 && text[end-1] == '\r' {
		text = text[:end-1]
	}
	if nul := bytes.IndexByte(text, 0); nul >= 0 {
		text = text[:nul] // memcached reads a string of C
	}
	s.noreply = false
	s.command(text)
	return end + 1, true
}

// tooLong reports whether the line, which may lack its end, is beyond its limit.
func tooLong(in []byte, end int) bool {
	if end < 0 {
		end = len(in)
	}
	if end <= maxLine {
		return false
	}
	text := bytes.TrimLeft(in[:maxLine], " ")
	isGet := bytes.HasPrefix(text, []byte("get ")) || bytes.HasPrefix(text, []byte("gets "))
	return end > maxGetLine || !isGet || maxLine-len(text) > 100
}

// split puts the words of text into s.tokens, and returns them and what is
// left of text once there is room for no more.
func (s *Session) split(text []byte) (tokens [][]byte, rest []byte) {
	n := 0
	for n < maxTokens-1 {
		text = bytes.TrimLeft(text, " ")
		if len(text) == 0 {
			return s.tokens[:n], nil
		}
		end := bytes.IndexByte(text, ' ')
		if end < 0 {
			end = len(text)
		}
		s.tokens[n] = text[:end]
		text = text[end:]
		n++
	}
	return s.tokens[:n], bytes.TrimLeft(text, " ")
}
