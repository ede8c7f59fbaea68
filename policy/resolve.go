package policy

import (
	"fmt"
	"path"

	"github.com/narrow-sandbox/narrow/abi"
)

// Options are what a policy's resolution may be given besides its text. The
// zero value takes the params as the text has them, and includes nothing.
type Options struct {
	// Set gives params other values than those of the text.
	Set map[string]string

	// Include reads a file that the policy includes. The path is the written
	// one, joined to the folder of the including file's name unless absolute.
	Include func(path string) ([]byte, error)

	// Arches stands in place of the policy's arch line, if not empty.
	Arches []*abi.Arch
}

// Load parses and resolves a policy's text. The name stands in the places of
// errors, and its folder is where includes are. The error is an ErrorList.
func Load(name string, src []byte, o Options) (*Policy, error) {
	f, err := Parse(name, src)
	if err == nil {
		return Resolve(f, o)
	}
	// Names are looked at also in a text that does not parse, so that all that
	// is wrong with it is told at once.
	errs, _ := err.(ErrorList)
	if len(f.Stmts) == 0 {
		return nil, err
	}
	r := newResolver(f, o)
	r.unparsed = linesOf(errs)
	r.resolve()
	return nil, r.errors(errs)
}

// Resolve turns a parsed policy into rules. The error is an ErrorList of all
// that is wrong with it. Nothing is installed and nothing read but includes.
func Resolve(f *File, o Options) (*Policy, error) {
	r := newResolver(f, o)
	r.resolve()
	if err := r.errors(nil); err != nil {
		return nil, err
	}
	return r.policy, nil
}

// resolver is a policy on its way from syntax to rules.
type resolver struct {
	options Options
	file    *File
	policy  *Policy
	head    head

	// By architecture, in the order of the arch line; owned and tails are
	// filled once asked for.
	arches []*abi.Arch
	owned  [][]Range
	tails  [][]entry

	// What walks through the statements meet.
	params     map[string]*ParamValue
	paramOrder []*ParamValue
	parsed     map[string]*File // included files by path, nil where reading failed
	included   int              // how many includes have been gone through
	conditions map[*When]*condition

	sets     map[string]*set
	setOrder []string
	inSets   []string // the sets being resolved, outermost first

	conditional  map[Pos]bool // the files and network blocks within a `when`
	impliedRules map[impliedKey][][]*RuleMatch
	impliedCalls map[string]callMatches
	made         []madeList
	paths        []ThreadPath

	unparsed map[int]bool // lines of the file that the parser complained of
	errs     ErrorList
	told     map[complaint]bool
	hints    int // near-miss searches made
	spent    int // matches made
	tooLarge bool
}

// complaint tells equal errors of several architectures.
type complaint struct {
	pos  Pos
	what string
}

func newResolver(f *File, o Options) *resolver {
	return &resolver{
		options: o,
		file:    f,
		policy:  &Policy{},

		params:       map[string]*ParamValue{},
		parsed:       map[string]*File{},
		sets:         map[string]*set{},
		told:         map[complaint]bool{},
		conditions:   map[*When]*condition{},
		conditional:  map[Pos]bool{},
		impliedRules: map[impliedKey][][]*RuleMatch{},
		impliedCalls: map[string]callMatches{},
	}
}

// resolve does it in the order of what needs what.
func (r *resolver) resolve() {
	r.declareParams()
	r.readHead()
	r.declareSets()
	r.finishParams()
	r.checkSets()
	r.resolveProcess()
	r.resolvePhases()
	r.resolveTests()
	r.lint()
}

// fail notes an error, once for all architectures that have it.
func (r *resolver) fail(pos Pos, what, want, hint string) {
	if pos.File == r.file.Name && r.unparsed[pos.Line] {
		return // likely to follow from what the parser has said
	}
	c := complaint{pos, what}
	if r.told[c] || len(r.errs) >= 10*maxErrors {
		return
	}
	r.told[c] = true
	r.errs = append(r.errs, &Error{Pos: pos, What: what, Want: want, Hint: hint})
}

// maxHints bounds the near-miss searches, which look at thousands of names.
const maxHints = 50

// suggest is the hint `did you mean "epoll_wait"?`, or empty.
func (r *resolver) suggest(name string, candidates func() []string) string {
	if r.hints++; r.hints > maxHints {
		return ""
	}
	return didYouMean(name, candidates())
}

// maxMatches bounds the rules of all phases, threads and architectures. Docker's
// default profile on three architectures has some two thousand.
const maxMatches = 1 << 20

// spend counts matches, and reports whether there may be more.
func (r *resolver) spend(pos Pos, n int) bool {
	if r.spent += n; r.spent > maxMatches && !r.tooLarge {
		r.tooLarge = true
		r.fail(pos, "the policy is too large", fmt.Sprintf("expected at most %d rules over all phases, threads and architectures", maxMatches), "")
	}
	return !r.tooLarge
}

// errors is what Resolve and Load return: with the parser's, sorted, and no
// more than anybody reads.
func (r *resolver) errors(parse ErrorList) error {
	all := append(parse[:len(parse):len(parse)], r.errs...)
	all.Sort()
	if total := len(all); total > maxErrors {
		last := all[maxErrors]
		all = append(all[:maxErrors:maxErrors], &Error{Pos: last.Pos, What: fmt.Sprintf("and %d more errors from here on", total-maxErrors)})
	}
	return all.Err()
}

// linesOf is the lines of errors.
func linesOf(errs ErrorList) map[int]bool {
	lines := map[int]bool{}
	for _, e := range errs {
		lines[e.Pos.Line] = true
	}
	return lines
}

// beside is the path of a file that another one names.
func beside(file, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(path.Dir(file), name)
}
