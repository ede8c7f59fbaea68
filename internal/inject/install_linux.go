package inject

import (
	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// seccomp gives each thread the filter of its class, and then those that are to
// be in mode 1 that, in which they could not be made to do anything more.
func (s *step) seccomp() error {
	b := &batch{step: s}
	var strict []*Thread
	for _, p := range s.plans {
		switch {
		case p.filter == nil:
		case p.filter.Strict:
			strict = append(strict, p.Thread)
		default:
			if err := b.add(p); err != nil {
				return err
			}
		}
	}
	if err := b.install(); err != nil {
		return err
	}
	mode1 := call{"seccomp(SECCOMP_SET_MODE_STRICT)", kernel.Seccomp, unix.SYS_SECCOMP, []uint64{unix.SECCOMP_SET_MODE_STRICT, 0, 0}}
	return s.all(turns(strict, mode1), s.touched)
}

// batch is filters that lie in the borrowed memory at the same time, and the
// threads that take them at once.
type batch struct {
	*step
	places map[*Filter]uint64
	used   uint64 // bytes
	turns  []turn
}

// add adds a thread; what does not fit any more is installed first.
func (b *batch) add(p plan) error {
	at, there := b.places[p.filter]
	if !there {
		var err error
		if at, err = b.put(p.filter); err != nil {
			return err
		}
	}
	install := call{"seccomp(SECCOMP_SET_MODE_FILTER)", kernel.Seccomp, unix.SYS_SECCOMP, []uint64{unix.SECCOMP_SET_MODE_FILTER, 0, at}}
	b.turns = append(b.turns, turn{p.Thread, install})
	return nil
}

// put lays a filter into the borrowed memory.
func (b *batch) put(f *Filter) (at uint64, err error) {
	at = b.place.start + b.used
	fprog := sockFprog(f.Program, at)
	if b.used+uint64(len(fprog)) > borrowed {
		if err := b.install(); err != nil {
			return 0, err
		}
		at = b.place.start
		fprog = sockFprog(f.Program, at)
	}
	if err := kernel.WriteMemory(b.place.tid, at, fprog); err != nil {
		return 0, b.wrong(nil, ErrNoMemory, err, "")
	}
	if b.places == nil {
		b.places = map[*Filter]uint64{}
	}
	b.places[f] = at
	b.used += uint64(len(fprog))
	return at, nil
}

// install makes the threads take their filters, and empties the batch.
func (b *batch) install() error {
	err := b.firstOne(b.turns, b.touched)
	b.turns, b.places, b.used = nil, nil, 0
	return err
}
