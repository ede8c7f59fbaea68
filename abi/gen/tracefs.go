package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
)

// tracefsField is one argument in a format file. The type is what the kernel's
// SYSCALL_DEFINE declares; size and signedness are always a register's.
var tracefsField = regexp.MustCompile(`(?m)^\tfield:(.+?)\s*\b(\w+);\toffset:`)

// importTracefs writes the arguments of every call that the running kernel
// traces. dir is events/syscalls of a mounted tracefs.
func importTracefs(dir, table string) error {
	formats, err := filepath.Glob(dir + "/sys_enter_*/format")
	if err != nil {
		return err
	}
	if len(formats) < 300 {
		return fmt.Errorf("%s: %d formats, expected some 350 (mount -t tracefs?)", dir, len(formats))
	}
	sort.Strings(formats)
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# Arguments of kernel functions as Linux %s on %s shows them in tracefs (events/syscalls/sys_enter_*/format).\n",
		kernelVersion(string(release)), runtime.GOARCH)
	out.WriteString("# Written by `go run ./gen -tracefs /sys/kernel/tracing/events/syscalls`.\nfunction\targs\n")
	for _, name := range formats {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		function := strings.TrimPrefix(filepath.Base(filepath.Dir(name)), "sys_enter_")
		out.WriteString(function + "\t" + formatArgs(string(text)) + "\n")
	}
	return os.WriteFile(table, []byte(out.String()), 0o644)
}

// formatArgs is a format file's arguments as a C parameter list.
func formatArgs(text string) string {
	_, text, _ = strings.Cut(text, "__syscall_nr;")
	var args []string
	for _, m := range tracefsField.FindAllStringSubmatch(text, -1) {
		args = append(args, m[1]+" "+m[2])
	}
	return strings.Join(args, ", ")
}

// kernelVersion leaves a builder's suffix out of a kernel's release.
func kernelVersion(release string) string {
	v, _, _ := strings.Cut(strings.TrimSpace(release), "-")
	return v
}
