// Package tracer walks a program through the phases of its policy from
// outside. It is what runs beside the program that `narrow run` has become:
// nobody's child, it traces the program, installs the first phase at the exec
// event, waits for each later phase's trigger, stops every thread of the
// process that reached it, gives each its layers, and is gone once no process
// has a phase left to reach.
//
// # Stops
//
// A tracer hears of its threads by stops, one stream for all of them (wait4).
// All stops of all processes go through one function, handle, on one thread;
// nothing else touches what the tracer knows. Other sources (a timeout, a
// service's READY=1, an eBPF trigger) are channels that the same loop reads.
//
// # One process, one staircase
//
// A phase is entered per process. A fork is traced from its first instruction
// and is in its parent's phase; from then on it goes its own way. That is what
// a server needs whose master forks workers: the workers reach the trigger, the
// master never does and may fork more, so the tracer stays with it.
//
// # Loosely
//
// Where calls are watched by eBPF and no death is to be explained, one thread
// of a process is traced and no other, until a phase begins: then the engine
// finds them all. Forks of the others are noted by a second eBPF program, and
// when the traced thread ends another one takes its place.
//
// # What the program sees of it
//
// TracerPid, while it lasts. Signals, job control stops, exit statuses and
// parents are as they would be: a stop that is not ours is handed on.
package tracer
