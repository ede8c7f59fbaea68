package tracer

// Death is why a process was killed by a filter.
type Death struct {
	PID, TID int
}
