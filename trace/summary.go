package trace

import (
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// summary adds a line of the table of strace -c, and reports whether it is one:
//
//	% time     seconds  usecs/call     calls    errors syscall
//	 42.36    0.000061           1        34        13 openat
//
// Where time is not counted (strace -c -w, or nothing took any) it looks alike.
func (t *Trace) summary(text string) bool {
	f := strings.Fields(text)
	if strings.HasPrefix(text, "% time") || strings.HasPrefix(text, "------ ") {
		return true
	}
	if len(f) < 5 || len(f) > 6 || !isDecimal(f[0]) || !isDecimal(f[1]) {
		return false
	}
	calls, err := strconv.ParseUint(f[3], 10, 64)
	if err != nil {
		return false
	}
	t.named(f[len(f)-1], calls, func(*abi.Arch, *abi.Syscall) [6]uint64 { return [6]uint64{} })
	return true
}

func isDecimal(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && strings.Contains(s, ".")
}
