package trace

import (
	"errors"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// plain adds a line `COUNT CALL`.
func (t *Trace) plain(text string) *policy.Error {
	number, call, _ := strings.Cut(text, " ")
	count, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strings.TrimSpace(call) == "" {
		return &policy.Error{What: "not a counted call", Want: "expected COUNT CALL, such as `12 read(fd == 7)`, or a line of strace"}
	}
	expr, err := policy.ParseCall(call)
	if err != nil {
		return inLine(err)
	}
	pattern, err := policy.ResolvePattern(t.arches, expr)
	if err != nil {
		return inLine(err)
	}
	for _, a := range t.arches {
		if d, ok := pattern.Example(a); ok {
			t.add(d, count)
		}
	}
	return nil
}

// inLine is the first error of a call.
func inLine(err error) *policy.Error {
	var list policy.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		first := *list[0]
		return &first
	}
	return &policy.Error{What: err.Error()}
}
