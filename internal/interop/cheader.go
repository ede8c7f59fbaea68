package interop

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"text/template"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// CHeaderOptions says how a C header is made.
type CHeaderOptions struct {
	// Source names the policy in the header's first lines.
	Source string

	// Program compiles rules and proves the program; required.
	Program func(*policy.Rules) (bpf.Program, error)

	// BestEffort leaves out what a header cannot enforce. The header says so.
	BestEffort bool
}

// CHeader writes a policy as a C header with which a program narrows itself: a
// function for each phase and thread class, and the filters in it. Its errors
// are a policy.ErrorList with all that a header cannot do, and those of
// Program.
func CHeader(p *policy.Policy, o CHeaderOptions) ([]byte, error) {
	h, err := newCHeader(p, o)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := cHeaderTemplate().Execute(&b, h); err != nil {
		return nil, err
	}
	return []byte(strings.ReplaceAll(b.String(), "narrow_POLICY_", "narrow_"+h.symbol+"_")), nil
}

// cHeaderText is the header with narrow_POLICY_ before each of its names.
//
//go:embed cheader.h.tmpl
var cHeaderText string

// cHeaderTemplate is parsed at its first use, as each start of the command would
// wait for it.
var cHeaderTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("c-header").Parse(cHeaderText))
})

// cHeader is what the template shows.
type cHeader struct {
	Policy, Source, Manual, Guard, ArchNames string

	Arches   []cArch
	Actions  string // the verdicts that a kernel may not know; "" is none
	Rulesets []cRuleset
	ABI      int // the version of Landlock that the rulesets need
	Process  cProcess
	Phases   []cPhase
	Classes  []cClass
	Alone    bool // something asks whether there are other threads

	Strict, StrictPhase, StrictClass bool

	policy     *policy.Policy
	options    CHeaderOptions
	symbol     string
	classNames []string    // of all phases, "" for the threads that no block names
	programs   []cPrograms // in the order of Arches
}

func newCHeader(p *policy.Policy, o CHeaderOptions) (*cHeader, error) {
	h := &cHeader{Policy: inComment(p.Name), Source: inComment(o.Source), policy: p, options: o, symbol: cSymbol(p.Name)}
	h.Guard = "NARROW_" + strings.ToUpper(h.symbol) + "_H"
	h.classNames = classNames(p)
	wrong, without := h.nameClashes(), h.cannot()
	if !o.BestEffort {
		wrong, without = append(wrong, without...), nil
	}
	wrong.Sort()
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	h.planRulesets()
	h.planProcess()
	h.StrictPhase, h.StrictClass = strictAnywhere(p)
	h.Strict = h.StrictPhase || h.StrictClass
	h.Alone = h.StrictPhase || len(h.Rulesets) > 0
	if err := h.compile(); err != nil {
		return nil, err
	}
	if err := h.budget(); err != nil {
		return nil, err
	}
	h.planPhases()
	h.planClasses()
	h.Manual = h.manual(without)
	return h, nil
}

// budget checks that the kernel admits the filters on top of each other.
func (h *cHeader) budget() error {
	var wrong []error
	for i, of := range h.programs {
		var stack bpf.Stack
		for n, ph := range h.policy.Phases {
			if of.wide[n] == nil {
				continue
			}
			stack = append(stack, of.wide[n])
			whole := stack
			if top := of.costliest(n); top != nil {
				whole = append(whole[:len(whole):len(whole)], top)
			}
			if err := whole.Check(); err != nil {
				wrong = append(wrong, fmt.Errorf("phase %s on %s: %w", ph.Name, h.Arches[i].Name, err))
			}
		}
	}
	return errors.Join(wrong...)
}
