//go:build linux

package launch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/launch"
)

// The report says of the program what /proc says of it while it runs.
func TestReportIsWhatProcSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	c := job{Draft: every(), Report: path}.command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	pid := c.Process.Pid
	await(t, "the program", func() bool { return comm(pid) == "sleep" })
	r := readReport(t, path)
	if r.PID != pid || !r.Started || !r.Whole || r.Policy != "test" || r.Phase != "all" || r.Program != "/usr/bin/sleep" && r.Program != "/bin/sleep" || r.Version != 1 {
		t.Errorf("%+v", r)
	}
	all, err := kernel.ProcessStatus(pid)
	if err != nil {
		t.Fatal(err)
	}
	var live []launch.ThreadReport
	for _, s := range all {
		live = append(live, launch.ThreadReport{TID: s.TID, Name: s.Name, Seccomp: s.SeccompMode, SeccompFilters: s.SeccompFilters,
			NoNewPrivs: s.NoNewPrivs, UID: s.UID[1], GID: s.GID[1], Groups: s.Groups, Capabilities: kernel.CapNames(s.CapPermitted)})
	}
	if got, want := fmt.Sprint(r.Threads), fmt.Sprint(live); got != want {
		t.Errorf("report: %s\n/proc: %s", got, want)
	}
	await(t, "the loader to close its files", func() bool {
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		return err == nil && len(fds) == 3
	})
	if len(r.Descriptors) != 3 {
		t.Errorf("report: %v", r.Descriptors)
	}
	var layers []string
	for _, l := range r.Layers {
		layers = append(layers, string(l.Layer))
		if l.Status != launch.Enforced || !l.Required || l.Seen == "" || len(l.Does) == 0 {
			t.Errorf("%+v", l)
		}
	}
	if got := strings.Join(layers, " "); got != "descriptors capabilities memory no_new_privs landlock seccomp limits" {
		t.Errorf("layers, in the order of application: %s", got)
	}
	if !slices.ContainsFunc(r.Layers, func(l launch.LayerReport) bool { return strings.Contains(l.Seen, "reading / is denied") }) {
		t.Errorf("no evidence for Landlock: %+v", r.Layers)
	}
}

// A policy that allows everything and asks for nothing else changes nothing.
func TestAllowAllInstallsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	o := job{Report: path}.succeeds(t, status("NoNewPrivs|Seccomp|Seccomp_filters")...)
	if got := strings.Join(strings.Fields(o.out), " "); got != "NoNewPrivs: 0 Seccomp: 0 Seccomp_filters: 0" {
		t.Error(got)
	}
	if r := readReport(t, path); !r.Started || !r.Whole || r.Threads[0].Seccomp != 0 || r.Layers[0].Status != launch.Unneeded {
		t.Errorf("%+v", r)
	}
}

// A start that is refused has a report too, and it does not look like success.
func TestReportOfARefusal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	d := noExec
	d.Process.User = "nosuchuser"
	job{Draft: d, Report: path}.refused(t, 125, []string{"true"})
	if r := readReport(t, path); r.Started || r.Whole || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "nosuchuser") {
		t.Errorf("%+v", r)
	}
}

// The report of a later run replaces an earlier, longer one whole.
func TestReportReplacesTheOldOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(path, []byte(strings.Repeat("{", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	job{Draft: noExec, Report: path}.succeeds(t, "true")
	readReport(t, path)
}

// On standard error the report comes before anything that the program writes.
func TestReportOnStandardError(t *testing.T) {
	o := job{Draft: noExec, Report: "-"}.succeeds(t, "sh", "-c", "echo done >&2")
	if !strings.HasPrefix(o.err, "{") || !strings.HasSuffix(o.err, "}\ndone\n") || o.out != "" {
		t.Error(o)
	}
}
