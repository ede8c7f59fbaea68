package abi

import (
	"strings"
	"testing"
)

// notInHeaders are calls that the headers lack although they are old: arm's
// private ones are macros of another name.
var notInHeaders = map[string]bool{
	"breakpoint": true, "cacheflush": true, "usr26": true, "usr32": true, "set_tls": true, "get_tls": true,
}

// The numbers are those of the kernel's asm/unistd.h, each way.
func TestNumbersAgreeWithHeaders(t *testing.T) {
	eachHeaderTree(t, func(t *testing.T, a *Arch, tree []string) {
		compiler := newCompiler(a, tree, "asm/unistd")
		names := compiler.macros(t, func(name string) bool {
			call, ok := strings.CutPrefix(name, "__NR_")
			return ok && KnownCall(call)
		})
		values := compiler.values(t, names)
		if len(values) < 280 {
			t.Errorf("only %d numbers", len(values))
		}
		for name, nr := range values {
			if c, ok := a.Call(name[len("__NR_"):]); !ok || int64(c.Nr) != nr {
				t.Errorf("%s is %d, in the table %+v", name, nr, c)
			}
		}
		for _, c := range a.Calls() {
			_, ok := values["__NR_"+c.Name]
			if !ok && !notInHeaders[c.Name] && c.Since.Before(Version{6, 2}) {
				t.Errorf("%s is not in the headers", c.Name)
			}
		}
	})
}
