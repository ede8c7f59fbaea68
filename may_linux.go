package narrow

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// may answers by the policy's reference meaning which calls run under the
// process-wide filters of the first phases, and under one more filter if it is
// not nil.
func (s *Sandbox) may(phases int, more *filter) kernel.May {
	var stack []*filter
	for _, st := range s.steps[:phases] {
		if st.wide != nil {
			stack = append(stack, st.wide)
		}
	}
	if more != nil {
		stack = append(stack, more)
	}
	native := abi.Native()
	return func(nr uintptr, args ...uint64) bool {
		if len(stack) == 0 {
			return true
		}
		if native == nil {
			return false
		}
		d := bpf.Data{Nr: uint32(nr), Arch: native.Audit}
		copy(d.Args[:], args)
		for _, f := range stack {
			if v, _ := f.rules.Evaluate(&d); !v.Kind.Runs() {
				return false
			}
		}
		return true
	}
}
