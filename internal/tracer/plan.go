package tracer

import (
	"time"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// Plan is what the process that becomes the program tells its tracer.
type Plan struct {
	Target  int // the process, and its main thread
	Program string
	Policy  *policy.Policy
	First   int // index of the phase that begins at the exec
	Last    int // and of the last one that is waited for

	BestEffort bool // a thread that cannot be narrowed leaves its process in the phase where it is
	Deaths     bool // explain deaths, for which the tracer stays
	Audit      bool // deny nothing, count what would be denied
	Cheap      bool // watch for call triggers by eBPF instead of stepping

	Timeout      time.Duration // for each trigger; 0 is none
	EndOnTimeout bool          // end the program at the timeout instead of leaving it in its phase

	Report  bool   // there is a file for a report
	Service bool   // a phase begins by READY=1, and the socket for it is there
	Manager string // the NOTIFY_SOCKET that messages are handed on to, "" if there is none
}

// slim is the plan as it is sent: the policy's tests and warnings stay behind.
func (p Plan) slim() *Plan {
	slim := *p.Policy
	slim.Tests, slim.Warnings = nil, nil
	p.Policy = &slim
	return &p
}

// own replaces the copies of architectures, which came without their calls, by
// the tables' own, which are also told apart by their address.
func own(p *policy.Policy) {
	table := func(a **abi.Arch) { *a, _ = abi.ByName((*a).Name) }
	for i := range p.Arches {
		table(&p.Arches[i])
	}
	rules := func(r *policy.Rules) {
		for _, a := range r.Arches {
			table(&a.Arch)
		}
	}
	for _, phase := range p.Phases {
		rules(phase.Own)
		for _, class := range phase.Classes {
			rules(class.Rules)
		}
		if phase.Trigger == nil || phase.Trigger.Call == nil {
			continue
		}
		for i := range phase.Trigger.Call.Arches {
			table(&phase.Trigger.Call.Arches[i].Arch)
		}
	}
}
