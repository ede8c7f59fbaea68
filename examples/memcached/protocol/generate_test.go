package protocol_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomCommand is a command, most often a good one, on a few keys. None of its
// lines is longer than the 2048 bytes beyond which memcached may hang up, by
// how the line came to be cut into reads.
func randomCommand(r *rand.Rand) string {
	for {
		command := anyCommand(r)
		if line, _, _ := strings.Cut(command, "\n"); len(line) < 2048 {
			return command
		}
	}
}

func anyCommand(r *rand.Rand) string {
	switch r.IntN(14) {
	case 0, 1, 2:
		return setCommand(r)
	case 3:
		return pick(r, "get ", "gets ", "gat 100 ", "gats 0 ", "gat -1 ", "gat x ", "bget ") + keys(r) + end(r)
	case 4:
		return pick(r, "incr ", "decr ") + key(r) + " " + numberText(r) + noreply(r) + end(r)
	case 5:
		return "delete " + key(r) + pick(r, "", "", "", " 0", " 5", " noreply", " 0 noreply", " 1 noreply", " a b c") + end(r)
	case 6:
		return "touch " + key(r) + " " + ttlText(r) + noreply(r) + end(r)
	case 7, 8:
		command := "mg " + metaKey(r) + metaFlags(r, "bchfklOqstuvNRTEPL") + end(r)
		return strings.ReplaceAll(command, longOpaque, "") // whether that counts as a fetch depends on other flags
	case 9, 10:
		return metaSetCommand(r)
	case 11:
		return "md " + metaKey(r) + metaFlags(r, "bCIkOqTPLx") + end(r)
	case 12:
		return "ma " + metaKey(r) + metaFlags(r, "bCNJDMqtcvOk") + end(r)
	}
	return oddCommand(r)
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// end is a line's end.
func end(r *rand.Rand) string {
	if r.IntN(20) == 0 {
		return pick(r, "\n", " \r\n", "\x00junk\r\n", "\r\r\n", "  \n")
	}
	return "\r\n"
}

func noreply(r *rand.Rand) string {
	return pick(r, "", "", "", "", " noreply", " nonsense", " noreply x")
}

func key(r *rand.Rand) string {
	switch r.IntN(40) {
	case 0:
		return strings.Repeat("k", 250)
	case 1:
		return strings.Repeat("k", 251)
	case 2:
		return "\x01\xff\x7f"
	}
	return fmt.Sprintf("k%d", r.IntN(12))
}

func keys(r *rand.Rand) string {
	n := 1 + r.IntN(3)
	if r.IntN(10) == 0 {
		n = r.IntN(60)
	}
	var all []string
	for range n {
		all = append(all, key(r))
	}
	return strings.Join(all, pick(r, " ", " ", "  "))
}

// metaKey is a key, or a good or bad base64 text.
func metaKey(r *rand.Rand) string {
	if r.IntN(6) == 0 {
		return pick(r, "azE=", "azI=", "Zm9vYmFy", "AAEC", "=", "a", "====")
	}
	return key(r)
}

// numberText is a number, or nearly one. None from 2^63 on: where an item holds
// one, memcached refuses it if a minus stands anywhere in the memory behind it.
func numberText(r *rand.Rand) string {
	return pick(r, "0", "1", "2", "10", "99", "9223372036854000000", "18446744073709551616",
		"-1", "+3", "x", "5x", "5\tx", "\t7", "", "007", "-18446744073709551615")
}

func ttlText(r *rand.Rand) string {
	return pick(r, "0", "0", "0", "1000", "1000", "2592000", "2592001", "-1", "4000000000", "4294967296", "2147483647",
		"2147483648", "99999999999999999999", "x", "1x", "-", "+100", "\t50", "9223372036854775807", "-9223372036854775808", "--5", "-+5")
}

func flagsText(r *rand.Rand) string {
	return pick(r, "0", "0", "0", "5", "42", "65535", "65536", "4294967295", "4294967296", "-1", "x", "+7")
}

func value(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return ""
	case 1:
		return lines(r.IntN(3000))
	case 2:
		return "a\r\nget k1\r\n"
	case 3:
		return "\x00\xff binary \x80"
	}
	return numberText(r)
}

// setCommand is a storage command with its value, whose announced length is
// sometimes wrong.
func setCommand(r *rand.Rand) string {
	v := value(r)
	length := fmt.Sprint(len(v))
	tail := "\r\n"
	switch r.IntN(40) {
	case 0:
		length = fmt.Sprint(len(v) + 1)
		v += "x"
	case 1:
		tail = pick(r, "xx\r\n", "\n\r\r\n")
	case 2:
		length, v = pick(r, "-1", "x", "2147483647", "2147483646", "99999999999", "4294967295"), "stray"
		if length == "2147483646" || length == "99999999999" || length == "4294967295" {
			length = "-2"
		}
		if length == "2147483647" {
			return "" // would swallow the rest of the script
		}
	case 3:
		v = lines(1048576 - pickInt(r, 0, 50, 60, 61, 62, 63, 64, 65, 66, 67, 100))
		length = fmt.Sprint(len(v))
	}
	name := pick(r, "set", "set", "set", "add", "replace", "append", "prepend", "cas")
	cas := ""
	if name == "cas" {
		cas = " " + casText(r)
	}
	head := fmt.Sprintf("%s %s %s %s %s%s%s", name, key(r), flagsText(r), ttlText(r), length, cas, noreply(r))
	return head + "\r\n" + v + tail
}

// lines is a text of n bytes that is no command line too long for a server,
// as it is read as commands where the command before it is refused.
func lines(n int) string {
	const line = "a line that is no command and short enough for one, again and again, up to the length that was asked for\r\n"
	return strings.Repeat(line, n/len(line)+1)[:n]
}

func pickInt(r *rand.Rand, from ...int) int { return from[r.IntN(len(from))] }

// casText is a version that some item may have.
func casText(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return numberText(r)
	}
	return fmt.Sprint(r.IntN(3000))
}

func metaSetCommand(r *rand.Rand) string {
	v := value(r)
	length := fmt.Sprint(len(v))
	if r.IntN(40) == 0 {
		length = pick(r, "", "x", "-1")
		v = "stray"
	}
	tail := "\r\n"
	if r.IntN(40) == 0 {
		tail = "xx\r\n"
	}
	return "ms " + metaKey(r) + " " + length + metaFlags(r, "bcCFIkOqTMPL") + "\r\n" + v + tail
}

// longOpaque is an opaque token that is too long.
var longOpaque = strings.Repeat("o", 32)

// metaFlags are some of the letters, with tokens where they take one.
func metaFlags(r *rand.Rand, letters string) string {
	var b strings.Builder
	for range r.IntN(6) {
		letter := letters[r.IntN(len(letters))]
		b.WriteString(" " + string(letter))
		switch letter {
		case 'O':
			b.WriteString(pick(r, "paque", "", "1", strings.Repeat("o", 31), longOpaque))
		case 'N', 'T', 'R':
			b.WriteString(ttlText(r))
		case 'C':
			b.WriteString(casText(r))
		case 'F':
			b.WriteString(flagsText(r))
		case 'J', 'D':
			b.WriteString(numberText(r))
		case 'M':
			b.WriteString(pick(r, "S", "E", "R", "A", "P", "I", "D", "+", "-", "X", "", "SS"))
		case 'P', 'L':
			b.WriteString(pick(r, "", "/path/"))
		}
	}
	if r.IntN(100) == 0 {
		b.WriteString(strings.Repeat(" x", 20))
	}
	return b.String()
}

// oddCommand is what is rarely sent, or never rightly.
func oddCommand(r *rand.Rand) string {
	return pick(r, "\r\n", "\n", " \r\n", "g\r\n", "get\r\n", "get \r\n", "gat\r\n", "gat 10\r\n", "set\r\n", "set a b\r\n", "set a 0 0\r\n", "mg\r\n", "ms\r\n", "ms a\r\n",
		"md\r\n", "ma\r\n", "me\r\n", "me "+key(r)+"\r\n", "me AAEC b\r\n", "mx\r\n", "version\r\n", "version 1 2 3\r\n", "verbosity\r\n", "verbosity 0\r\n", "verbosity 0 noreply\r\n",
		"verbosity x\r\n", "flush_all\r\n", "flush_all noreply\r\n", "flush_all 0\r\n", "flush_all x\r\n", "flush_all -1\r\n", "flush_all 1 2 3\r\n",
		"GET a\r\n", "Set a 0 0 1\r\n", "nonsense\r\n", "stats reset\r\n", "stats nonsense\r\n", "stats detail\r\n", "stats detail off\r\n", "stats sizes\r\n", "cas a 0 0 1\r\n", "incr\r\n", "incr a\r\n", "delete\r\n", "touch a\r\n",
		"cache_memlimit\r\n", "cache_memlimit x\r\n", "cache_memlimit 1\r\n", "cache_memlimit 64\r\n", "lru\r\n", "shutdown\r\n", "slabs\r\n", "lru_crawler\r\n", "get HTTP/1.1\r\n", "mm HTTP/1.1\r\n", "i a HTTP/1.1\r\n",
		strings.Repeat("w ", 40)+"\r\n", "get "+strings.Repeat("key ", 200)+"\r\n", "get "+strings.Repeat("key ", 30)+strings.Repeat("k", 251)+"\r\n")
}
