package inject

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Exit makes the process end by exit_group(2) with a status, as if it had done
// so itself. It is for one that was not narrowed and must not run. An error
// says that it lives.
func (p *Process) Exit(status int) error {
	if !p.all(parked) {
		if err := p.Stop(); err != nil {
			return err
		}
	}
	if err := p.begin(); err != nil {
		return err
	}
	_, err := p.call(p.threads[0], unix.SYS_EXIT_GROUP, uint64(status))
	if errors.Is(err, ErrGone) {
		return nil
	}
	return errors.Join(err, errors.New("exit_group has returned"))
}
