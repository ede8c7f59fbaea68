package oci

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// Import makes a policy's text of a profile, formatted. The error is a
// policy.ErrorList whose places are in the profile as far as they can be.
func Import(name string, text []byte, o Options) ([]byte, error) {
	o.fill()
	p, err := read(name, text)
	if err != nil {
		return nil, err
	}
	i := importer{profile: p, options: &o, name: name}
	if i.arches, i.left, err = p.arches(&o); err != nil {
		return nil, failure(name, err.Error(), "")
	}
	if i.fallback, err = verdictOf(p.DefaultAction, p.DefaultErrnoRet, p.DefaultErrno, o.Arch); err != nil {
		return nil, failure(name, "defaultAction: "+err.Error(), "")
	}
	if err := i.gather(); err != nil {
		return nil, err
	}
	if err := i.settled(); err != nil {
		return nil, err
	}
	f, err := policy.Parse(name, i.text(i.tests))
	if err != nil {
		return nil, err // of a name that cannot be: the profile's own
	}
	return f.Format(), nil
}

// importer makes rules of a profile's.
type importer struct {
	*profile
	options  *Options
	name     string
	arches   []*abi.Arch
	left     []string // architectures that narrow does not know
	fallback policy.Verdict

	outright []outright          // rules without conditions
	settle   map[string]bool     // the calls that have one
	tests    []test              // rules with conditions, in their order
	unknown  []string            // names that no architecture has
	skipped  map[string]struct{} // of these, those that are listed already
}

// outright is calls that get one verdict, whatever their arguments.
type outright struct {
	verdict policy.Verdict
	names   []string
}

// test is a call that gets a verdict if all conditions hold.
type test struct {
	verdict policy.Verdict
	name    string
	conds   []string
}

// gather goes through the profile's rules as runc does.
func (i *importer) gather() error {
	i.settle, i.skipped = map[string]bool{}, map[string]struct{}{}
	for n := range i.Syscalls {
		s := &i.Syscalls[n]
		if s.Name != "" && len(s.Names) > 0 {
			return ruleError(i.name, n, s, "it has both name and names")
		}
		if s.Name != "" {
			s.Names = []string{s.Name}
		}
		applies, err := s.applies(i.options)
		if err != nil {
			return ruleError(i.name, n, s, "%v", err)
		}
		verdict, err := verdictOf(s.Action, s.ErrnoRet, s.Errno, i.options.Arch)
		if err != nil {
			return ruleError(i.name, n, s, "%v", err)
		}
		conds, err := conditions(s.Args, i.arches)
		if err != nil {
			return ruleError(i.name, n, s, "%v", err)
		}
		if applies && verdict != i.fallback { // runc leaves out what changes nothing
			i.rule(s, verdict, conds)
		}
	}
	return nil
}

func (i *importer) rule(s *syscalls, verdict policy.Verdict, conds [][]string) {
	var names []string
	for _, name := range s.Names {
		switch {
		case !i.has(name):
			i.skip(name)
		case len(conds) == 0 && !i.settle[name]:
			i.settle[name] = true
			names = append(names, name)
		default:
			for _, c := range conds {
				i.tests = append(i.tests, test{verdict, name, c})
			}
		}
	}
	if len(names) > 0 {
		i.outright = append(i.outright, outright{verdict, names})
	}
}

// has reports whether one of the policy's architectures has a call.
func (i *importer) has(name string) bool {
	return slices.ContainsFunc(i.arches, func(a *abi.Arch) bool { _, ok := a.Call(name); return ok })
}

func (i *importer) skip(name string) {
	if _, ok := i.skipped[name]; !ok {
		i.skipped[name] = struct{}{}
		i.unknown = append(i.unknown, quoted(name))
	}
}

// settled refuses a profile in which the order of rules with conditions
// matters: there must be none in which it does.
func (i *importer) settled() error {
	i.tests = slices.DeleteFunc(i.tests, func(t test) bool { return i.settle[t.name] })
	mixed := slices.ContainsFunc(i.tests, func(t test) bool { return t.verdict != i.tests[0].verdict })
	if !mixed {
		return nil
	}
	backwards := slices.Clone(i.tests)
	slices.Reverse(backwards)
	there, err := i.resolved(i.tests)
	if err != nil {
		return err
	}
	back, err := i.resolved(backwards)
	if err != nil {
		return err
	}
	v := verify.New(verify.Limits{})
	r, err := v.Equal(v.Rules(there), v.Rules(back))
	switch {
	case err != nil:
		return failure(i.name, err.Error(), "")
	case r.Answer == verify.Yes:
		return nil
	case r.Answer == verify.Unknown:
		return failure(i.name, "whether the order of its rules matters is not known: "+r.Reason, "")
	}
	call := r.Witness.Call
	a, _ := abi.ByAudit(call.Arch, call.Nr)
	return failure(i.name, fmt.Sprintf("rules with different actions fit %s: %s and %s", policy.Describe(a, call),
		policy.VerdictOf(r.Witness.Left), policy.VerdictOf(r.Witness.Right)), "expected rules that exclude each other, as libseccomp gives them no order")
}

// resolved is the rules of the policy with its tests in some order.
func (i *importer) resolved(tests []test) (*policy.Rules, error) {
	p, err := policy.Load(i.name, i.text(tests), policy.Options{})
	if err != nil {
		return nil, err
	}
	return p.Phases[0].Own, nil
}

// text writes the policy.
func (i *importer) text(tests []test) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Imported from an OCI profile, for %s with Linux %v and %s.\n", i.options.Arch.Name, i.options.Kernel, capabilities(i.options.Capabilities))
	if len(i.left) > 0 {
		fmt.Fprintf(&b, "# Without %s, of which narrow has no tables.\n", strings.Join(i.left, ", "))
	}
	fmt.Fprintf(&b, "language 1\npolicy %s\narch %s else kill-thread\ndefault %s\n", policyName(i.name), archNames(i.arches), i.fallback.Format(i.options.Arch))
	for _, o := range i.outright {
		writeWrapped(&b, o.verdict.Format(i.options.Arch), o.names)
	}
	for _, t := range tests {
		fmt.Fprintf(&b, "%s %s(%s)\n", t.verdict.Format(i.options.Arch), t.name, strings.Join(t.conds, ", "))
	}
	if len(i.unknown) > 0 {
		writeWrapped(&b, "# no call of these architectures:", i.unknown)
	}
	return b.Bytes()
}

// width is where lines end.
const width = 100

// writeWrapped writes words behind a first one, on lines that begin with it.
func writeWrapped(b *bytes.Buffer, first string, words []string) {
	for len(words) > 0 {
		line := first
		for len(words) > 0 && (line == first || len(line)+1+len(words[0]) <= width) {
			line += " " + words[0]
			words = words[1:]
		}
		b.WriteString(line + "\n")
	}
}

func capabilities(caps []string) string {
	if len(caps) == 0 {
		return "no capabilities"
	}
	return quoted(strings.Join(caps, ", "))
}

// quoted is what may stand in a comment: nothing that ends its line.
func quoted(s string) string {
	q := strconv.Quote(s)
	if q[1:len(q)-1] == s {
		return s
	}
	return q
}

func archNames(arches []*abi.Arch) string {
	names := make([]string, len(arches))
	for i, a := range arches {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

// policyName makes a name of a file's.
func policyName(file string) string {
	base := file[strings.LastIndexAny(file, `/\`)+1:]
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base)
	if strings.Trim(name, "-_0123456789") == "" || strings.ContainsAny(name[:1], "-_0123456789") {
		return "imported"
	}
	return name
}
