//go:build linux && !amd64 && !arm64

package tracer

import (
	"errors"

	"github.com/narrow-sandbox/narrow/bpf"
)

// watch is there on x86_64 and aarch64 only.
type watch struct{}

// sighting is a thread at the entry of a call that may begin a phase.
type sighting struct {
	pid, tid int
	name     string
	call     bpf.Data
	birth    bool
	lost     bool
}

func newWatch(plan *Plan) (*watch, error) {
	if plan.Cheap {
		return nil, errors.New("--trigger cheap is there on x86_64 and aarch64 only; leave it out")
	}
	return nil, nil
}

func (w *watch) add(int) error           { return nil }
func (w *watch) drop(int)                {}
func (w *watch) follows() bool           { return false }
func (w *watch) strays() map[int]int     { return nil }
func (w *watch) events() <-chan sighting { return nil }
func (w *watch) close()                  {}
