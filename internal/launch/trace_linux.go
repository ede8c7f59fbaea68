package launch

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/tracer"
	"github.com/narrow-sandbox/narrow/policy"
)

// refused lists what of the policy cannot be done from outside at all.
func (l *launcher) refused() []error {
	reasons := append(labelled(l.phases), mode1(l.entry.phase)...)
	reasons = append(reasons, never(l.config.Policy.Arches, l.phases)...)
	for _, phase := range l.phases {
		reasons = append(reasons, unsupervised(phase)...)
	}
	if len(l.config.Beside) == 0 {
		reasons = append(reasons, untraced(l.phases)...)
	}
	return reasons
}

// needsTracer reports whether the phases cannot be had without one.
func (l *launcher) needsTracer() bool {
	return len(l.phases) > 1 || l.config.Audit == AuditCalls || slices.ContainsFunc(l.phases, func(ph *policy.PhaseRules) bool { return len(ph.Classes) > 0 })
}

// wantsTracer reports whether one is of use.
func (l *launcher) wantsTracer() bool {
	return len(l.config.Beside) > 0 && (l.needsTracer() || l.config.Deaths)
}

// service makes the socket by which the program tells that it is ready, and
// puts it into the program's environment; nil if no phase waits for that.
func (l *launcher) service() (*os.File, error) {
	if !l.wantsTracer() || !slices.ContainsFunc(l.phases[1:], func(ph *policy.PhaseRules) bool { return ph.Trigger != nil && ph.Trigger.Ready }) {
		return nil, nil
	}
	socket, address, err := tracer.ListenForReady()
	if err != nil {
		return nil, err
	}
	l.manager = variable(l.config.Env, notifySocket)
	if !tracer.Manageable(l.manager) {
		l.manager = ""
	}
	l.config.Env = slices.DeleteFunc(slices.Clone(l.config.Env), func(v string) bool { return strings.HasPrefix(v, notifySocket+"=") })
	l.config.Env = append(l.config.Env, notifySocket+"="+address)
	return socket, nil
}

const notifySocket = "NOTIFY_SOCKET"

// variable is the value of a variable in an environment; the last one counts.
func variable(env []string, name string) string {
	for _, v := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// trace puts a tracer beside this process, if it needs one or one is wanted.
func (l *launcher) trace(service *os.File) error {
	if !l.wantsTracer() {
		return nil
	}
	err := l.tracable()
	if err == nil {
		err = l.besides(service)
	}
	if err == nil || l.needsTracer() {
		return err
	}
	fmt.Fprintf(l.config.Notes, "narrow: NOT TRACED: %v; a death will not be explained\n", err)
	l.beside = nil
	return nil
}

// tracable is an error if the program's threads are none that calls can be
// injected into.
func (l *launcher) tracable() error {
	if arch := l.program.arch; arch != "" && arch != abi.Native().Name {
		return fmt.Errorf("%s is a program for %s, and only one for %s can be walked through phases from outside", l.program.path, arch, abi.Native().Name)
	}
	return nil
}

func (l *launcher) besides(service *os.File) error {
	c := l.config
	var report *os.File
	if l.report != nil {
		if report = l.report.file; report == nil {
			report = os.Stderr // "-"
		}
	}
	beside, err := tracer.Launch(c.Beside, report, service)
	if err != nil {
		return err
	}
	plan := &tracer.Plan{
		Target: os.Getpid(), Program: l.program.path, Policy: c.Policy,
		First: phaseNamed(c.Policy, l.entry.name), Last: phaseNamed(c.Policy, l.phases[len(l.phases)-1].Name),
		BestEffort: c.BestEffort, Deaths: c.Deaths && c.Audit == NoAudit, Audit: c.Audit == AuditCalls, Cheap: c.Cheap, Timeout: c.Timeout, EndOnTimeout: c.EndOnTimeout,
		Report: l.report != nil, Service: service != nil, Manager: l.manager,
	}
	if err := beside.Trace(plan); err != nil {
		return errors.Join(err, beside.Close())
	}
	l.beside = beside
	return nil
}
