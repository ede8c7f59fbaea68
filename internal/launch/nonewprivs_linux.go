package launch

import (
	"errors"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// noNewPrivs is what Landlock and seccomp need, and what keeps set-id programs
// from giving back what was taken.
func noNewPrivs() *step {
	return &step{
		layer: kernel.NoNewPrivs,
		does:  describeNoNewPrivs(),
		apply: kernel.SetNoNewPrivs,
		seen: func(s *kernel.Status) (string, error) {
			if !s.NoNewPrivs {
				return "", errors.New("NoNewPrivs is 0")
			}
			return "NoNewPrivs 1", nil
		},
	}
}
