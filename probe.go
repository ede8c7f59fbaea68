package narrow

import "github.com/narrow-sandbox/narrow/internal/kernel"

// Support is what the running kernel can do for a program that narrows itself.
type Support struct {
	Seccomp         bool // filters, by seccomp(2)
	Landlock        int  // the version of its interface; 0: none
	WriteXorExecute bool // PR_SET_MDWE, for `memory write-xor-execute`

	// Lacks says of what is missing why, and which Linux has it. Each is
	// ErrNotSupported, or says why it could not be told.
	Lacks []error
}

// Probe asks the running kernel. It changes nothing and may be called at any
// time before a phase is entered; the calls that it makes are not kept.
func Probe() Support {
	var features kernel.Features
	var s Support
	lacks := func(err error) bool {
		if err != nil {
			s.Lacks = append(s.Lacks, err)
		}
		return err != nil
	}
	s.Seccomp = !lacks(features.Seccomp())
	version, err := features.Landlock()
	if !lacks(err) {
		s.Landlock = version
	}
	s.WriteXorExecute = !lacks(features.MDWE())
	return s
}
