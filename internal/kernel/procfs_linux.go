package kernel

import (
	"fmt"
	"os"
	"strconv"
)

// CheckProc makes sure that /proc is there and is this PID namespace's: in
// another's the same numbers are other processes, and what would be read back
// is theirs.
func CheckProc() error {
	const hint = "to see what is enforced, mount this PID namespace's: mount -t proc proc /proc"
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return fmt.Errorf("/proc does not show processes (%w); %s", err, hint)
	}
	if pid := os.Getpid(); self != strconv.Itoa(pid) {
		return fmt.Errorf("/proc is of another PID namespace: this process is %d, and is %s there; %s", pid, self, hint)
	}
	return nil
}
