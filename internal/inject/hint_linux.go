package inject

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// commandOf is what a process was started as, without its folder.
func commandOf(pid int) string {
	proc := "/proc/" + strconv.Itoa(pid)
	if text, err := os.ReadFile(proc + "/cmdline"); err == nil {
		if name, _, _ := strings.Cut(string(text), "\x00"); name != "" {
			return filepath.Base(name)
		}
	}
	if text, err := os.ReadFile(proc + "/comm"); err == nil {
		return strings.TrimSpace(string(text))
	}
	return "an unknown program"
}

// tracedHint says what to do about a tracer.
func tracedHint(by string) string {
	if by == "narrow" {
		return "it takes the process through the phases of its policy, and is gone after the last"
	}
	return "end that one, or detach it"
}

// mayNotHint says what may keep the caller from tracing a process, and what to do.
func mayNotHint(pid int) string {
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	switch strings.TrimSpace(string(scope)) {
	case "1":
		return "Yama lets a process be traced by its ancestors and root only (kernel.yama.ptrace_scope is 1): run as root"
	case "2":
		return "Yama lets root alone trace (kernel.yama.ptrace_scope is 2): run as root"
	case "3":
		return "Yama lets nobody trace until the next boot (kernel.yama.ptrace_scope is 3)"
	}
	if err == nil || os.Getuid() != 0 {
		return "it is another user's, set-id, or not dumpable: run as root"
	}
	return "root lacks CAP_SYS_PTRACE here, or a security module forbids it"
}
