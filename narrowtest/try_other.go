//go:build !linux

package narrowtest

import (
	"testing"

	"github.com/narrow-sandbox/narrow"
)

// Try does it in a child process. Off Linux it skips the test.
func (in In) Try(t *testing.T, try func() error) Outcome {
	t.Helper()
	t.Skip("narrowtest needs Linux")
	return Outcome{}
}

func (in In) sandbox() (*narrow.Sandbox, error) { return in.Sandbox, nil }

func (in In) denied(*testing.T, Outcome) string { return "" }
