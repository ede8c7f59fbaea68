package kernel

import "golang.org/x/sys/unix"

// limitNames are the RLIMIT_* of setrlimit(2) by name.
var limitNames = [...]struct {
	name     string
	resource int
}{
	{"AS", unix.RLIMIT_AS},
	{"CORE", unix.RLIMIT_CORE},
	{"CPU", unix.RLIMIT_CPU},
	{"DATA", unix.RLIMIT_DATA},
	{"FSIZE", unix.RLIMIT_FSIZE},
	{"LOCKS", unix.RLIMIT_LOCKS},
	{"MEMLOCK", unix.RLIMIT_MEMLOCK},
	{"MSGQUEUE", unix.RLIMIT_MSGQUEUE},
	{"NICE", unix.RLIMIT_NICE},
	{"NOFILE", unix.RLIMIT_NOFILE},
	{"NPROC", unix.RLIMIT_NPROC},
	{"RSS", unix.RLIMIT_RSS},
	{"RTPRIO", unix.RLIMIT_RTPRIO},
	{"RTTIME", unix.RLIMIT_RTTIME},
	{"SIGPENDING", unix.RLIMIT_SIGPENDING},
	{"STACK", unix.RLIMIT_STACK},
}

// LimitByName returns the resource of a limit called NOFILE, AS, ...
func LimitByName(name string) (resource int, ok bool) {
	for _, l := range limitNames {
		if l.name == name {
			return l.resource, true
		}
	}
	return 0, false
}

// SetLimit sets a limit of this process and all its threads. A higher hard
// limit needs CAP_SYS_RESOURCE.
func SetLimit(resource int, l Limit) error {
	if err := unix.Prlimit(0, resource, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil); err != nil {
		return &Error{"prlimit64", Limits, 0, err}
	}
	return nil
}

// GetLimit reads a limit of this process.
func GetLimit(resource int) (Limit, error) {
	var r unix.Rlimit
	if err := unix.Prlimit(0, resource, nil, &r); err != nil {
		return Limit{}, &Error{"prlimit64", Limits, 0, err}
	}
	return Limit{r.Cur, r.Max}, nil
}
