package narrow

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// Options are what a Sandbox may be given besides its policy. The zero value
// is the strict one.
type Options struct {
	// Set gives params of the policy other values than its text has.
	Set map[string]string

	// Include reads a file that the policy includes; nil includes nothing, but
	// for Open, which reads them from beside the policy.
	Include func(path string) ([]byte, error)

	// Needs weakens layers by name.
	Needs Needs

	// RememberProofs keeps what was proved in the user's own cache folder
	// ($XDG_CACHE_HOME/narrow or ~/.cache/narrow, for root /var/cache/narrow),
	// so that the next Parse of the same policy costs no proof. Otherwise no
	// file is read or written for it.
	RememberProofs bool
}

// Sandbox is a policy that this process applies to itself: its filters are
// compiled, and proved to be the policy. It is safe for concurrent use. The
// zero Sandbox has no policy, and refuses everything.
type Sandbox struct {
	policy *policy.Policy
	needs  Needs
	steps  []*step // one a phase

	mu      sync.Mutex
	entered int                 // how many phases
	broken  error               // an Enter that stopped half way
	threads map[int]threadEntry // by thread id
	domains [][]int             // per phase, Landlock rulesets that are ready
}

// threadEntry is a thread that has entered its class.
type threadEntry struct {
	class string
	start uint64 // when the kernel started the thread, as ids come again; 0 if it could not be read
}

// Parse makes a Sandbox of a policy's text. The name stands in the places of
// errors. It installs nothing, and works on every system.
//
// The errors are a policy.ErrorList for what is wrong with the text, and an
// *Error where a filter is not proved (ErrUnproved), a phase lets run what one
// before it stops (ErrStaircase), or the policy needs more than a process can
// do to itself.
func Parse[T ~string | ~[]byte](name string, text T, options ...Options) (*Sandbox, error) {
	o, err := one(options)
	if err != nil {
		return nil, err
	}
	p, err := policy.Load(name, []byte(text), policy.Options{Set: o.Set, Include: o.Include})
	if err != nil {
		return nil, err
	}
	return New(p, Options{Needs: o.Needs, RememberProofs: o.RememberProofs})
}

// New makes a Sandbox of a policy that is resolved already, such as package
// seccomp makes. Of the options, Set and Include have no meaning any more.
func New(p *policy.Policy, options ...Options) (*Sandbox, error) {
	o, err := one(options)
	if err != nil {
		return nil, err
	}
	proofs := proved.Afresh()
	if o.RememberProofs {
		proofs = proved.Remember()
	}
	return (&builder{policy: p, needs: o.Needs, proofs: proofs}).build()
}

// maxPolicy bounds a policy's file in bytes.
const maxPolicy = 16 << 20

// Open is Parse of a file, which may include files from beside it.
func Open(path string, options ...Options) (*Sandbox, error) {
	o, err := one(options)
	if err != nil {
		return nil, err
	}
	if o.Include == nil {
		o.Include = os.ReadFile
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Size() > maxPolicy {
		return nil, fmt.Errorf("%s: a policy of more than %d MB", path, maxPolicy>>20)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text, o)
}

// one takes the options, of which there may be one value.
func one(options []Options) (Options, error) {
	var o Options
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		return o, errors.New("more than one Options")
	}
	if !o.Needs.valid() {
		return o, errors.New("Options.Needs has an unknown need; expected Required, BestEffort or AuditOnly")
	}
	return o, nil
}

// Policy is what the Sandbox is of.
func (s *Sandbox) Policy() *policy.Policy { return s.policy }

// Phases lists the policy's phases in the order in which they are entered.
func (s *Sandbox) Phases() []string {
	names := make([]string, len(s.steps))
	for i, st := range s.steps {
		names[i] = st.phase.Name
	}
	return names
}

// Phase is the phase that was entered last, "" before the first.
func (s *Sandbox) Phase() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entered == 0 {
		return ""
	}
	return s.steps[s.entered-1].phase.Name
}

// Kept lists, in the notation, the calls that a phase's process-wide filter
// lets through although no rule may say so: what entering the phases after it
// and thread classes needs. They are gone in the last phase, but for seccomp
// where it has thread classes, and on every thread that has entered its class.
func (s *Sandbox) Kept(phase string) []string {
	for _, st := range s.steps {
		if st.phase.Name == phase {
			return append([]string(nil), st.kept...)
		}
	}
	return nil
}

// Warnings are what is odd about the policy, though no error.
func (s *Sandbox) Warnings() []error {
	if s.policy == nil {
		return nil
	}
	var all []error
	for _, w := range s.policy.Warnings {
		all = append(all, w)
	}
	return all
}

// errUnmade is a Sandbox, or a policy for one, that nobody has made.
func errUnmade() error {
	return &Error{Kind: ErrOrder, Err: errors.New("there is no policy"), Hint: "make the Sandbox by Parse, Open or New"}
}

// at finds a phase by its name.
func (s *Sandbox) at(name string) (int, error) {
	if s.policy == nil {
		return 0, errUnmade()
	}
	for i, st := range s.steps {
		if st.phase.Name == name {
			return i, nil
		}
	}
	return 0, &Error{Kind: ErrUnknownPhase, Err: fmt.Errorf("policy %s has no phase %q", s.policy.Name, name),
		Hint: "it has " + strings.Join(s.Phases(), ", ")}
}
