//go:build !linux

package inject

import (
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// Process is another process.
type Process struct{ PID int }

// Options are how patient and how careful a Process is.
type Options struct{ BestEffort bool }

// Attach begins to trace a process.
func Attach(int, Options) (*Process, error) { return nil, kernel.ErrNotSupported }

// Step makes all threads take on the layers.
func (p *Process) Step(*Layers) (*Report, error) { return nil, kernel.ErrNotSupported }

// Release ends the tracing.
func (p *Process) Release() error { return kernel.ErrNotSupported }

// Identify looks whether a process is one that can be narrowed.
func Identify(int) error { return kernel.ErrNotSupported }

// Plan makes the layers by which a live process enters a phase.
func Plan(*policy.Policy, int, int) (*Layers, []Lack, error) {
	return nil, nil, kernel.ErrNotSupported
}

// Filters reads the filters of all threads of a process.
func Filters(int) ([]ThreadFilters, error) { return nil, kernel.ErrNotSupported }
