//go:build linux

package launch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/policy"
)

// What a policy asks for and run cannot do is refused by name, and the program
// is not started.
func TestRefusals(t *testing.T) {
	later := func(trigger *policy.Trigger) draft {
		d := noExec
		d.More = []*policy.PhaseRules{{Name: "serving", Trigger: trigger}}
		return d
	}
	verdict := func(k policy.Kind) draft {
		return draft{Rules: []draftRule{{policy.Verdict{Kind: k}, []string{"swapon"}}}}
	}
	labelled := func(lsm string, values ...string) draft {
		d := noExec
		d.Labels = []policy.LabelRule{{Pos: place, LSM: lsm, Values: values}}
		return d
	}
	threads := noExec
	threads.Classes = []draftClass{{"worker", nil}}
	mode1 := noExec
	mode1.Mode1 = true
	foreign := noExec
	foreign.Arches = []string{"s390x"}
	for name, c := range map[string]struct {
		job   job
		words []string
	}{
		"trigger":        {job{Draft: later(&policy.Trigger{Ready: true})}, []string{"test.narrow:3:1", "phase serving begins by a trigger", "no tracer"}},
		"no such phase":  {job{Draft: noExec, Phase: "sering"}, []string{`no phase "sering"`, "it has all"}},
		"trace":          {job{Draft: verdict(policy.Trace)}, []string{"test.narrow:3:1: trace swapon needs a supervisor"}},
		"notify":         {job{Draft: verdict(policy.Notify)}, []string{"test.narrow:3:1: notify swapon needs a supervisor"}},
		"else notify":    {job{Draft: draft{Else: policy.Verdict{Kind: policy.Notify}}}, []string{"else notify"}},
		"mode 1":         {job{Draft: mode1}, []string{"strict", "@strict"}},
		"threads":        {job{Draft: threads}, []string{"threads worker need a tracer", "--best-effort"}},
		"another arch":   {job{Draft: foreign}, []string{"program for", "arch line has only s390x"}},
		"apparmor":       {job{Draft: labelled("apparmor", "profile", "x")}, []string{"test.narrow:3:1: the LSM apparmor is not live"}},
		"selinux":        {job{Draft: labelled("selinux", "type", "x_t")}, []string{"the LSM selinux is not live"}},
		"smack":          {job{Draft: labelled("smack", "X")}, []string{"the LSM smack is not live"}},
		"tomoyo":         {job{Draft: labelled("tomoyo", "</bin/x>")}, []string{"the LSM tomoyo is not live"}},
		"unknown LSM":    {job{Draft: labelled("bpf", "x")}, []string{`unknown LSM "bpf"`}},
		"unknown change": {job{Draft: labelled("apparmor", "shout", "x")}, []string{"apparmor profile NAME"}},
		"report":         {job{Draft: noExec, Report: "/no/such/folder/report"}, []string{"report: open /no/such/folder/report"}},
	} {
		t.Run(name, func(t *testing.T) {
			ran := filepath.Join(t.TempDir(), "ran")
			c.job.refused(t, 125, []string{"sh", "-c", "echo >" + ran}, c.words...)
			if _, err := os.Stat(ran); err == nil {
				t.Error("the program ran")
			}
		})
	}
	// A later phase that the program enters itself is not run's affair, and one
	// asked for by name needs no trigger.
	job{Draft: later(nil)}.succeeds(t, "true")
	job{Draft: later(&policy.Trigger{Ready: true}), Phase: "serving"}.succeeds(t, "true")
	job{Draft: threads, Best: true}.succeeds(t, "true")
}

// Which status a program that cannot be executed has, as in a shell.
func TestNotFoundAndNotExecutable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := write("text", "no program\n", 0o755)
	for name, c := range map[string]struct {
		program string
		status  int
		words   []string
	}{
		"not in PATH":                    {"no-such-program", 127, []string{"no-such-program: not found in PATH"}},
		"no such file":                   {"/no/such/program", 127, []string{"no such file"}},
		"beneath a file":                 {"/etc/passwd/x", 127, nil},
		"empty name":                     {"", 127, nil},
		"folder":                         {"/etc", 126, []string{"is a folder"}},
		"not executable":                 {"/etc/passwd", 126, []string{"permission denied"}},
		"text without a #! line":         {text, 126, []string{"exec format error", "#! line"}},
		"script without its interpreter": {write("script", "#!/no/such/interpreter\n", 0o755), 126, []string{"its interpreter /no/such/interpreter: no such file"}},
		"script of scripts":              {write("loop", "#!"+filepath.Join(dir, "loop")+"\n", 0o755), 126, nil},
		"broken ELF":                     {write("elf", "\x7fELF\x02\x01\x01", 0o755), 126, nil},
		"empty file":                     {write("empty", "", 0o755), 126, []string{"exec format error"}},
	} {
		t.Run(name, func(t *testing.T) {
			// A strict filter: the thread that failed to exec can do nothing any more.
			j := job{Draft: draft{Strict: true, Default: kill, Rules: []draftRule{{allow, []string{"exit_group"}}}}}
			j.refused(t, c.status, []string{c.program}, append(c.words, "narrow: ")...)
			report := filepath.Join(t.TempDir(), "report")
			j.Report = report
			j.refused(t, c.status, []string{c.program})
			if r := readReport(t, report); r.Started || len(r.Errors) == 0 {
				t.Errorf("the report says that it started: %+v", r)
			}
		})
	}
	t.Run("PATH", func(t *testing.T) {
		for path, status := range map[string]int{"/etc:" + dir: 126, dir + ":/usr/bin": 0, "": 127, "/nowhere": 127} {
			c := job{Draft: noExec}.command("true")
			os.WriteFile(filepath.Join(dir, "true"), nil, 0o644) // there, and not executable
			c.Env = append(c.Env, "PATH="+path)
			if o := runCommand(t, c); o.status() != status {
				t.Errorf("PATH=%s: want %d: %v", path, status, o)
			}
		}
	})
	t.Run("too long", func(t *testing.T) {
		job{Draft: noExec, Long: true}.refused(t, 126, []string{"true"}, "argument list too long")
	})
}

func readReport(t *testing.T, path string) *launch.Report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := new(launch.Report)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

// On a kernel that lacks a layer (here: a filter answers ENOSYS, as such a
// kernel would) the program is not started; by --best-effort it is, and what
// is missing is told.
func TestMissingLayers(t *testing.T) {
	landlock := []int{unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF}
	confined := noExec
	confined.Files = files(system)
	noMemory := noExec
	noMemory.Process.WriteXorExecute = true
	for name, c := range map[string]struct {
		draft draft
		calls []int
		words []string
	}{
		"Landlock for files":     {confined, landlock, []string{"landlock: this kernel has no Landlock; it needs Linux 5.13"}},
		"Landlock for the start": {noExec, landlock, []string{"landlock: this kernel has no Landlock"}},
		"seccomp":                {noExec, []int{unix.SYS_SECCOMP}, []string{"seccomp: this kernel has no seccomp filters (seccomp(2)); it needs Linux 3.17"}},
		"both":                   {confined, append([]int{unix.SYS_SECCOMP}, landlock...), []string{"landlock: this kernel has no", "seccomp: this kernel has no"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
				outer := uint32(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS))
				cmd := job{Draft: c.draft, Outer: c.calls, Verdict: outer}.command("echo", "ran")
				as(cmd)
				o := runCommand(t, cmd)
				if o.status() != 125 || o.out != "" || !strings.Contains(o.err, "--best-effort") {
					t.Errorf("want 125: %v", o)
				}
				cmd = job{Draft: c.draft, Outer: c.calls, Verdict: outer, Best: true, Report: "-"}.command("echo", "ran")
				as(cmd)
				weak := runCommand(t, cmd)
				if weak.status() != 0 || weak.out != "ran\n" || !strings.Contains(weak.err, "NOT ENFORCED") || !strings.Contains(weak.err, `"whole": false`) {
					t.Errorf("best effort: %v", weak)
				}
				for _, w := range c.words {
					if !strings.Contains(o.err, w) || !strings.Contains(weak.err, w) {
						t.Errorf("want %q: %v\nbest effort: %v", w, o, weak)
					}
				}
			})
		})
	}
	t.Run("memory", func(t *testing.T) {
		job{Draft: noMemory}.succeeds(t, "true")
	})
}

// A filter that is on already stays on, and ours is one more.
func TestUnderAnotherFilter(t *testing.T) {
	eachUser(t, func(t *testing.T, as func(*exec.Cmd)) {
		c := job{Draft: noExec, Outer: []int{unix.SYS_SWAPON}, Verdict: unix.SECCOMP_RET_ERRNO | 1}.command(status("Seccomp|Seccomp_filters")...)
		as(c)
		if o := runCommand(t, c); strings.Join(strings.Fields(o.out), " ") != "Seccomp: 2 Seccomp_filters: 2" {
			t.Error(o)
		}
	})
}

// A filter that was on before and kills the thread that calls seccomp must not
// leave us waiting for it.
func TestThreadThatIsKilledIsNoticed(t *testing.T) {
	for name, nr := range map[string]int{"asking": unix.SYS_SECCOMP, "landlock": unix.SYS_LANDLOCK_RESTRICT_SELF} {
		t.Run(name, func(t *testing.T) {
			j := job{Draft: noExec, Outer: []int{nr}, Verdict: unix.SECCOMP_RET_KILL_THREAD}
			j.refused(t, 125, []string{"true"}, "was killed, probably by a seccomp filter")
			j.Verdict = unix.SECCOMP_RET_KILL_PROCESS
			if o := j.run(t, "true"); o.signal() != syscall.SIGSYS {
				t.Error(o)
			}
		})
	}
}
