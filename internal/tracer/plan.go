package tracer

import (
	"time"

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
