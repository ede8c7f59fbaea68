package proved

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
)

// Filters is Filter of several rules, which are compiled on all processors at
// the same time. Programs and errors are in the order of the rules.
func (p *Proofs) Filters(rules []*policy.Rules) (programs []bpf.Program, errs []error) {
	programs, errs = make([]bpf.Program, len(rules)), make([]error, len(rules))
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rules)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(rules)); i = next.Add(1) - 1 {
				programs[i], errs[i] = compile.Compile(rules[i], compile.Options{})
			}
		})
	}
	all.Wait()
	for i, program := range programs {
		if errs[i] == nil {
			errs[i] = p.same(program, rules[i])
		}
	}
	return programs, errs
}
