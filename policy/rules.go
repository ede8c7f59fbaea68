package policy

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Policy is a resolved policy: every include read, every name turned into
// numbers. It is immutable once made.
type Policy struct {
	Name     string
	Arches   []*abi.Arch // in the order of the arch line
	Params   []ParamValue
	Phases   []*PhaseRules // at least one; "all" where the text names none
	Process  ProcessRules
	Tests    []*TestCase
	Warnings ErrorList // lints: shadowed rules, impossible conditions, ...

	names []string // of threads that the phases tell apart; nil of a Policy that was not resolved
}

// ParamValue is a param with the value in force.
type ParamValue struct {
	Name, Value string
	Default     string
	Pos         Pos
}

// PhaseRules is one phase: what holds from its trigger on.
type PhaseRules struct {
	Name    string
	Pos     Pos
	Trigger *Trigger      // nil: the first phase, or one that the program enters itself
	Own     *Rules        // for threads that no class names
	Classes []*Class      // in the order of the text; the first whose name matches is a thread's
	Files   []*FilesRules // allow-lists that begin with this phase (those at the top, with the first); each is one Landlock domain
	Network []*NetworkRules
	Labels  []LabelRule
	Kept    []Kept // besides the rules, on architectures that have them; none in the last phase
	Strict  bool   // `strict` stands in it: the kernel's mode 1
}

// Class is the threads of a phase that one `thread NAME` block is for.
type Class struct {
	Name   string // a glob over thread names; "main" is the process's first thread
	Pos    Pos
	Rules  *Rules
	Strict bool
}

// Trigger is what begins a phase.
type Trigger struct {
	Pos    Pos
	Ready  bool     // sd_notify READY=1
	Call   *Pattern // else: a call that fits, first entered by
	Thread string   // a thread of this name
}

// String is the trigger as the language writes it behind `after`.
func (t *Trigger) String() string {
	if t.Ready {
		return "ready"
	}
	return t.Call.Text + " in " + t.Thread
}

// In reports whether a thread's call can begin the phase, by whether it is its
// process's first one, and by its name in /proc, which `main` is not.
func (t *Trigger) In(first bool, name string) bool {
	if t.Thread == Main {
		return first
	}
	return glob(t.Thread, name)
}

// PhaseOf is the phase that has these Rules, for one of its classes or for the
// threads that none names; nil if none has.
func (p *Policy) PhaseOf(rules *Rules) *PhaseRules {
	for _, ph := range p.Phases {
		if ph.Own == rules {
			return ph
		}
		for _, c := range ph.Classes {
			if c.Rules == rules {
				return ph
			}
		}
	}
	return nil
}

// Rules is what one filter does: for every architecture, call number and
// argument, a verdict.
type Rules struct {
	Arches []*ArchRules // in the order of the policy's arch line
	Else   Verdict      // for calls by any other ABI
	ElseAt Pos
}

// ArchRules are the Rules of one architecture.
type ArchRules struct {
	Arch *abi.Arch

	// Lists usually has one element. With several (the process-wide filter of
	// a phase with thread classes) a call's verdict is the least strict of
	// theirs; where two tie in rank, the earlier list's.
	Lists []List
}

// List is rules in order: the first that matches decides, and the last one
// matches every call.
type List []*RuleMatch

// RuleMatch decides the calls with one of its numbers whose arguments fit all
// conditions.
type RuleMatch struct {
	Verdict Verdict
	Numbers []Range // of seccomp_data.nr: ascending, disjoint, not adjacent; within what the arch owns
	Conds   []Cond  // all must hold; none: every call with these numbers
	Pos     Pos     // of the call in the text (or of the block that implies it)
	Begin   Pos     // of the rule in the text that names the call, perhaps among others; zero if none does
	Text    string  // in the notation, for people: `write(fd in {1, 2})`
	Origin  Origin
}

// Origin tells where a rule comes from.
type Origin uint8

// The origins of rules, in the order in which they decide, but that FromKernel
// comes before all others, and that a rule which takes a call out of an implied
// denial stands before that.
const (
	FromBlock   Origin = iota // implied by a files or network block, or io_uring's implied denial
	FromThread                // a rule of the thread block
	FromPhase                 // a rule of the phase
	FromTop                   // a rule at the top of the file
	FromKernel                // restart_syscall, or kept because entering the next phase needs it
	FromNewer                 // the newer line
	FromDefault               // the default line
)

// Range is the numbers Low..High, both included.
type Range struct{ Low, High uint64 }

// Operand is what a condition reads of a call: the low Bits of a register, or
// 64 bits of two registers on a 32-bit ABI.
type Operand struct {
	Reg  int8  // index of the (low) register
	High int8  // register with the high 32 bits, or -1
	Bits uint8 // 16, 32 or 64; with High it is 64
}

// Cond holds for a call if (operand & Mask) is in one of Ranges, all unsigned.
// Signed comparisons have become unsigned ranges, `not in` the complement,
// `has`, `lacks` and `only` masks with one value.
type Cond struct {
	Operand Operand
	Mask    uint64  // within the operand's bits; all of them if no mask was written
	Ranges  []Range // ascending, disjoint, not adjacent, not empty
	Name    string  // of the argument, for people
}

// Value reads the operand from a call.
func (o Operand) Value(d *bpf.Data) uint64 {
	v := d.Args[o.Reg]
	if o.High >= 0 {
		return d.Args[o.High]<<32 | v&0xffffffff
	}
	return v & (1<<o.Bits - 1)
}

// Pattern is a call in the notation, resolved: the calls that fit it.
type Pattern struct {
	Pos    Pos
	Text   string
	Arches []PatternArch // those architectures that have the call
}

// Has reports whether an architecture has any of the pattern's calls.
func (p *Pattern) Has(arch *abi.Arch) bool {
	for _, a := range p.Arches {
		if a.Arch == arch && len(a.Match) > 0 {
			return true
		}
	}
	return false
}

// PatternArch is a Pattern on one architecture.
type PatternArch struct {
	Arch  *abi.Arch
	Match []PatternMatch // calls that fit any of these fit the pattern (a @set has several)
}

// PatternMatch is one conjunction: a number and its conditions.
type PatternMatch struct {
	Numbers []Range
	Conds   []Cond
}

// TestCase is one line of a `test` block: every call that fits gets the verdict.
type TestCase struct {
	Pos     Pos
	Phase   string
	Thread  string // "" is every class
	Verdict Verdict
	Call    *Pattern
}

// ProcessRules is the process block; zero values leave things as they are.
type ProcessRules struct {
	Pos             Pos
	User, Group     string   // names or numbers; "" leaves them
	Capabilities    []string // the ones kept, without CAP_; nil and SetCapabilities: none
	SetCapabilities bool
	Descriptors     []Range // the ones kept; all others are closed
	SetDescriptors  bool
	WriteXorExecute bool // PR_SET_MDWE
	Limits          []Limit
}

// Limit is `rlimit NAME N`, hard and soft.
type Limit struct {
	Name  string // NOFILE, AS, ...
	Value uint64 // RLIM_INFINITY for `unlimited`
	Pos   Pos
}

// FilesRules is one files block: an allow-list for one Landlock domain.
type FilesRules struct {
	Pos   Pos
	Paths []PathRule
}

// Right is what a files line grants.
type Right uint8

// The rights of a files line, each including read.
const (
	Read Right = iota
	Write
	Execute
)

// PathRule grants a right on a file or on all beneath a folder.
type PathRule struct {
	Right    Right
	Path     string // absolute
	Optional bool   // written PATH?: may be missing
	Pos      Pos
}

// NetworkRules is one network block.
type NetworkRules struct {
	Pos                 Pos
	Bind                []Range // TCP ports
	Connect             []Range
	Udp, Unix           bool
	BindAny, ConnectAny bool // `any`: no port is out of reach
}

// LabelRule is one line of a label block, for one LSM.
type LabelRule struct {
	Pos    Pos
	LSM    string // apparmor, selinux, smack, tomoyo
	Values []string
}
