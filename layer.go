package narrow

// Layer is one mechanism that narrows a process.
type Layer string

// The layers that a program applies to itself, in their order.
const (
	LayerProcess    Layer = "process"      // the process block: memory, limits, ...
	LayerNoNewPrivs Layer = "no_new_privs" // no exec grants anything; always required
	LayerLandlock   Layer = "landlock"     // the files and network blocks
	LayerSeccomp    Layer = "seccomp"      // the rules
)

// Need says what becomes of a program that cannot have a layer. The zero Need
// is Required.
type Need uint8

// The needs.
const (
	// Required makes it an error: nothing of the phase is entered.
	Required Need = iota

	// BestEffort goes on with what the kernel has. The report says what lacks.
	BestEffort

	// AuditOnly denies nothing. Seccomp's denials become `log`: the kernel
	// writes the calls to its audit log (rate-limited, without arguments) and
	// runs them. A layer that cannot only watch is left out, and the report
	// says so.
	AuditOnly
)

// String is "required", "best-effort" or "audit-only".
func (n Need) String() string {
	switch n {
	case Required:
		return "required"
	case BestEffort:
		return "best-effort"
	case AuditOnly:
		return "audit-only"
	}
	return "unknown need"
}

// MarshalText is String, for JSON.
func (n Need) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Needs weakens layers, each by name. The zero value requires all.
type Needs struct {
	Process  Need
	Landlock Need
	Seccomp  Need
}

func (n Needs) valid() bool {
	return n.Process <= AuditOnly && n.Landlock <= AuditOnly && n.Seccomp <= AuditOnly
}
