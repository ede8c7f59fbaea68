package inject

import (
	"os"
	"strconv"
	"strings"
)

// commandOf is what a process calls itself.
func commandOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return "an unknown program"
	}
	return strconv.Quote(strings.TrimSpace(string(text)))
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
