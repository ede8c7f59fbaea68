package seccomp

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// Errors that tests compare with.
var (
	errBadFilter = errors.New("filter is invalid or uninitialized")
	errDefAction = errors.New("requested action matches default action of filter")
)

// ScmpFilter is a filter that is being built. It is safe for concurrent use;
// the zero value is not valid.
type ScmpFilter struct {
	lock    sync.Mutex
	context *scmp.Context // nil: not valid
}

// NewFilter makes a filter for the native architecture whose default action is
// taken for calls that match no rule. It will be loaded on all threads, where
// the kernel can do that.
func NewFilter(defaultAction ScmpAction) (*ScmpFilter, error) {
	if err := sanitizeAction(defaultAction); err != nil {
		return nil, err
	}
	c, err := scmp.New(&kernel, defaultAction.kernel())
	if err != nil {
		return nil, errors.New("could not create filter")
	}
	if err := c.SetAttr(scmp.TSYNC, 1); err != nil && !errors.Is(err, syscall.EOPNOTSUPP) {
		return nil, fmt.Errorf("could not create filter: error setting tsync bit: %w", err)
	}
	return &ScmpFilter{context: c}, nil
}

// with calls do with the context, or is errBadFilter.
func (f *ScmpFilter) with(do func(*scmp.Context) error) error {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.context == nil {
		return errBadFilter
	}
	return do(f.context)
}

// IsValid reports whether the filter can be used: it was made by NewFilter, and
// neither released nor merged into another one.
func (f *ScmpFilter) IsValid() bool {
	return f.with(func(*scmp.Context) error { return nil }) == nil
}

// Reset makes the filter as NewFilter does, but that it will be loaded on the
// calling thread alone.
func (f *ScmpFilter) Reset(defaultAction ScmpAction) error {
	if err := sanitizeAction(defaultAction); err != nil {
		return err
	}
	return f.with(func(c *scmp.Context) error { return c.Reset(defaultAction.kernel()) })
}

// Release makes the filter invalid. There is no need to: the garbage collector
// does what is left to do.
func (f *ScmpFilter) Release() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.context = nil
}

// Merge moves the architectures of src and their rules to f; src is not valid
// then. The filters must not share architectures, and their default actions
// and no-new-privs bits must be the same.
func (f *ScmpFilter) Merge(src *ScmpFilter) error {
	if f == src {
		return errors.New("a filter cannot be merged with itself")
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	src.lock.Lock()
	defer src.lock.Unlock()
	if f.context == nil || src.context == nil {
		return errors.New("one or more of the filter contexts is invalid or uninitialized")
	}
	err := f.context.Merge(src.context)
	if errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("filters could not be merged due to a mismatch in attributes or invalid filter: %w", err)
	}
	if err == nil {
		src.context = nil
	}
	return err
}

// IsArchPresent reports whether the filter has rules for an architecture. Calls
// of others get the bad-arch action.
func (f *ScmpFilter) IsArchPresent(arch ScmpArch) (present bool, err error) {
	if err := sanitizeArch(arch); err != nil {
		return false, err
	}
	err = f.with(func(c *scmp.Context) (err error) {
		present, err = c.HasArch(arch.token())
		return err
	})
	return present, err
}

// AddArch adds an architecture without rules; one that is there stays as it is.
func (f *ScmpFilter) AddArch(arch ScmpArch) error {
	return f.changeArch(arch, (*scmp.Context).AddArch)
}

// RemoveArch removes an architecture with its rules; one that is not there is
// no error.
func (f *ScmpFilter) RemoveArch(arch ScmpArch) error {
	return f.changeArch(arch, (*scmp.Context).RemoveArch)
}

// changeArch treats EEXIST, that there is nothing to do, as success.
func (f *ScmpFilter) changeArch(arch ScmpArch, change func(*scmp.Context, scmp.Token) error) error {
	if err := sanitizeArch(arch); err != nil {
		return err
	}
	err := f.with(func(c *scmp.Context) error { return change(c, arch.token()) })
	if errors.Is(err, syscall.EEXIST) {
		return nil
	}
	return err
}

// Precompute makes the program now, and proves that it is what the rules say,
// so that Load need not.
func (f *ScmpFilter) Precompute() error {
	return f.with(func(c *scmp.Context) error {
		_, err := c.Prove()
		return err
	})
}

// Load installs the filter, on all threads if it was made by NewFilter.
func (f *ScmpFilter) Load() error { return f.with((*scmp.Context).Load) }

// ExportPFC writes the filter as pseudo code for people.
func (f *ScmpFilter) ExportPFC(file *os.File) error {
	return f.with(func(c *scmp.Context) error { return c.ExportPFC(file) })
}

// ExportBPF writes the program as the kernel takes it: eight bytes an instruction.
func (f *ScmpFilter) ExportBPF(file *os.File) error {
	return f.with(func(c *scmp.Context) error { return c.ExportBPF(file) })
}

// ExportBPFMem is ExportBPF into memory.
func (f *ScmpFilter) ExportBPFMem() (program []byte, err error) {
	err = f.with(func(c *scmp.Context) (err error) {
		program, err = c.AppendBPF(nil)
		return err
	})
	return program, err
}

// Lint names conditions that compare 64 bits of an argument of which the kernel
// reads fewer, and so can be walked round, or deny what is meant to be allowed.
// libseccomp-golang does not have it.
func (f *ScmpFilter) Lint() (found []string) {
	_ = f.with(func(c *scmp.Context) error {
		found = c.Lint()
		return nil
	})
	return found
}

// TransactionStart starts a transaction: TransactionReject takes back what is
// done from here on. Transactions nest.
func (f *ScmpFilter) TransactionStart() error { return f.with((*scmp.Context).Begin) }

// TransactionCommit ends a transaction and keeps what was done.
func (f *ScmpFilter) TransactionCommit() error { return f.with((*scmp.Context).Commit) }

// TransactionReject ends a transaction and takes back what was done.
func (f *ScmpFilter) TransactionReject() {
	_ = f.with(func(c *scmp.Context) error {
		c.Reject()
		return nil
	})
}
