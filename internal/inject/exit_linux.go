package inject

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Exit makes the process end by exit_group(2) with a status, as if it had done
// so itself. It is for one that was not narrowed and must not run. An error
// says that it lives.
func (p *Process) Exit(status int) error {
	if !p.are(parked) {
		if err := p.Stop(); err != nil && !errors.Is(err, ErrGone) {
			return err
		}
	}
	if len(p.threads) == 0 {
		return nil // it has ended
	}
	if err := p.begin(); err != nil {
		return err
	}
	_, err := p.one(p.threads[0], call{"exit_group", kernel.Exec, unix.SYS_EXIT_GROUP, []uint64{uint64(status)}})
	if errors.Is(err, ErrGone) {
		return nil
	}
	return errors.Join(err, errors.New("exit_group has returned"))
}
