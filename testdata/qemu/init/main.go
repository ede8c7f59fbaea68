// Command init is the first process of a virtual machine that runs tests: it
// mounts what they need, runs the commands of /commands, a line each, and switches
// the machine off. As any other process it only waits, which is all that some
// tests want of a program.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() != 1 {
		_ = unix.Pause()
		return
	}
	_, err := unix.Setsid() // else every process's group is 0
	if err == nil {
		err = mount()
	}
	if err == nil {
		err = runAll("/commands")
	}
	if err != nil {
		fmt.Println("init:", err)
	} else {
		fmt.Println("init: all passed")
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// mount makes the usual file systems.
func mount() error {
	for _, m := range []struct{ kind, at string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}, {"tmpfs", "/dev/shm"}, {"tracefs", "/sys/kernel/tracing"}, {"bpf", "/sys/fs/bpf"},
	} {
		if err := os.MkdirAll(m.at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.at, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	return unix.Chmod("/tmp", 0o1777)
}

// runAll runs the commands of a file; all of them, also behind one that fails.
func runAll(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	failed := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		fmt.Println("$", lines.Text())
		if err := run(lines.Text()); err != nil {
			fmt.Println("init:", err)
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d commands failed", failed)
	}
	return nil
}

// run runs a command by the shell.
func run(line string) error {
	c := exec.Command("/bin/sh", "-c", line)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = []string{"PATH=/bin:/sbin", "HOME=/tmp", "TMPDIR=/tmp"}
	return c.Run()
}
