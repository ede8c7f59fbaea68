package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// installedOn reads the filters of a process's first thread, the newest last.
func installedOn(pid int) (bpf.Stack, error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		return nil, fmt.Errorf("ptrace: %w", err)
	}
	if err := unix.PtraceInterrupt(pid); err != nil {
		return nil, err
	}
	if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != nil {
		return nil, err
	}
	defer unix.PtraceDetach(pid)
	var stack bpf.Stack
	for {
		program, err := kernel.PtraceSeccompGetFilter(pid, len(stack))
		if errors.Is(err, unix.ENOENT) {
			return stack, nil
		}
		if err != nil {
			return nil, err
		}
		stack = append(stack, program)
	}
}

// runcInstalled starts a container with runc and reads its
// filter, which runc makes with libseccomp and begins with an answer of its own
// to calls that are younger than the profile.
func runcInstalled(b *bench, w *workload) (*made, error) {
	if !strings.HasPrefix(w.name, "Docker") {
		return nil, errNotMeant
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return nil, err
	}
	bundle := filepath.Join(b.dir, "bundle")
	pauser, err := b.peer("pause")
	if err != nil {
		return nil, err
	}
	if err := writeBundle(bundle, pauser, w); err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(bundle, "said")) // no pipe: the container would keep it open
	if err != nil {
		return nil, err
	}
	defer said.Close()
	runc := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(b.ctx, "runc", append([]string{"--root", filepath.Join(bundle, "state")}, args...)...)
		cmd.Stdout, cmd.Stderr = said, said
		return cmd
	}
	name := "narrow-bench-" + strconv.Itoa(os.Getpid())
	pidFile := filepath.Join(bundle, "pid")
	defer runc("delete", "--force", name).Run()
	if err := runc("run", "--detach", "--bundle", bundle, "--pid-file", pidFile, name).Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		return nil, fmt.Errorf("runc: %w: %s", err, firstLine(string(text)))
	}
	pid, err := readPid(pidFile)
	if err != nil {
		return nil, err
	}
	stack, err := installedOn(pid)
	return &made{stack: stack}, err
}

func readPid(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// writeBundle makes a container of a program with the workload as profile.
func writeBundle(bundle, program string, w *workload) error {
	f, err := w.wireFilter()
	if err != nil {
		return err
	}
	for _, dir := range []string{"rootfs/proc", "rootfs/bin"} {
		if err := os.MkdirAll(filepath.Join(bundle, dir), 0o755); err != nil {
			return err
		}
	}
	if err := copyProgram(program, filepath.Join(bundle, "rootfs/bin/pause")); err != nil {
		return err
	}
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	namespaces := []any{object("type", "pid"), object("type", "mount"), object("type", "ipc"), object("type", "uts")}
	config := object(
		"ociVersion", "1.0.2",
		"process", object("args", []string{"/bin/pause"}, "env", []string{}, "cwd", "/", "noNewPrivileges", true, "user", object("uid", 0, "gid", 0)),
		"root", object("path", "rootfs", "readonly", true),
		"mounts", []any{object("destination", "/proc", "type", "proc", "source", "proc")},
		"linux", object("namespaces", namespaces, "seccomp", ociProfile(f)))
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644)
}

// ociOps are the OCI's names of comparisons.
var ociOps = []string{"", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"}

// ociProfile is the filter as a profile of the OCI runtime specification.
func ociProfile(f *wire.Filter) map[string]any {
	var rules []any
	for _, r := range f.Rules {
		rule := map[string]any{"names": []string{r.Name}, "action": "SCMP_ACT_ALLOW"}
		if a := bpf.Action(r.Action); a.Kind() == bpf.RetErrno {
			rule["action"], rule["errnoRet"] = "SCMP_ACT_ERRNO", a.Data()
		}
		var args []any
		for _, c := range r.Conds {
			arg := map[string]any{"index": c.Arg, "op": ociOps[c.Op], "value": c.Value}
			if c.Op == wire.MaskedEQ {
				arg["value"], arg["valueTwo"] = c.Mask, c.Value
			}
			args = append(args, arg)
		}
		if args != nil {
			rule["args"] = args
		}
		rules = append(rules, rule)
	}
	return map[string]any{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": bpf.Action(f.Default).Data(),
		"architectures": []string{"SCMP_ARCH_X86_64"}, "syscalls": rules}
}

// systemdService is a service of the user manager that waits.
const systemdService = `[Service]
Type=exec
ExecStart=%s
NoNewPrivileges=yes
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`

// systemdInstalled reads what systemd installs for SystemCallFilter: it starts a
// user manager, in a mount namespace with a /run and a cgroup tree of its own,
// as there may be no other here, and that a service. It needs root.
func systemdInstalled(b *bench, w *workload) (*made, error) {
	if !strings.HasPrefix(w.name, "systemd") {
		return nil, errNotMeant
	}
	const manager = "/lib/systemd/systemd"
	if _, err := os.Stat(manager); err != nil {
		return nil, exec.ErrNotFound
	}
	home := filepath.Join(b.dir, "systemd")
	units := filepath.Join(home, ".config", "systemd", "user")
	if err := os.MkdirAll(units, 0o755); err != nil {
		return nil, err
	}
	pauser, err := b.peer("pause")
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"probe.service":  fmt.Sprintf(systemdService, pauser),
		"default.target": "[Unit]\nWants=probe.service\n",
	} {
		if err := os.WriteFile(filepath.Join(units, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	cmd := ownMounts(b, `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user && chmod 700 /run/user && `+ownCgroup+`
		mkdir -p $group && echo $$ >$group/cgroup.procs && exec `+manager+` --user --log-target=null`)
	cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR=/run/user", "HOME="+home)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM) // it ends its services
		cmd.Wait()
		ownMounts(b, ownCgroup+` find $group -depth -type d -exec rmdir {} +`).Run()
	}()
	for range 150 {
		time.Sleep(100 * time.Millisecond)
		if pid, ok := runningOf(pauser); ok {
			stack, err := installedOn(pid)
			if err == nil && len(stack) > 0 {
				return &made{stack: stack}, nil
			}
		}
	}
	return nil, errors.New("systemd --user does not start a service here")
}

// ownCgroup gives a shell a cgroup tree where systemd looks for it.
const ownCgroup = `{ umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; } 2>/dev/null
	group=/sys/fs/cgroup/narrow-bench
	`

// ownMounts is a shell's script in a mount namespace of its own.
func ownMounts(b *bench, script string) *exec.Cmd {
	cmd := exec.CommandContext(b.ctx, "sh", "-c", script)
	cmd.Env = os.Environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// runningOf finds a process of a program.
func runningOf(program string) (pid int, ok bool) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == program {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
			return pid, err == nil
		}
	}
	return 0, false
}
