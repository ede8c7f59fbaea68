package inject

import (
	"encoding/binary"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
)

// rulesets makes the rulesets in the process. Their rules are added from here,
// through copies of their descriptors, so that the process need not be able to
// open anything, and no filter of it is in the way.
func (s *step) rulesets() error {
	wanted := s.wanted()
	if len(wanted) == 0 {
		return nil
	}
	m, err := s.maker()
	if err != nil {
		return s.wrong(nil, nil, err, "")
	}
	defer m.end()
	made, errs := ruleset.Build(m, wanted)
	for _, fd := range made {
		s.domains = append(s.domains, m.theirs[fd])
		kernel.Close(fd) // our copy
	}
	if err := errors.Join(errs...); err != nil {
		return s.wrong(nil, nil, err, "")
	}
	return nil
}

// wanted are the domains that the threads are to be in: the phase's own, and
// those of the phases before, but for phases that the process is believed to be
// in, whose filters need not let their domains be made again.
func (s *step) wanted() []*ruleset.Plan {
	var all []*ruleset.Plan
	for _, earlier := range s.layers.Earlier[s.been():] {
		all = append(all, earlier...)
	}
	return append(all, s.layers.Domains...)
}

// landlock puts every thread into the domains.
func (s *step) landlock() error {
	for _, fd := range s.domains {
		restrict := call{"landlock_restrict_self", kernel.Landlock, unix.SYS_LANDLOCK_RESTRICT_SELF, []uint64{uint64(fd), 0}}
		if err := s.firstOne(turns(s.threads, restrict), s.touched); err != nil {
			return s.tooDeep(err)
		}
		if _, err := s.one(s.threads[0], closing(fd)); err != nil {
			return err
		}
	}
	return nil
}

// tooDeep says what the kernel's E2BIG means here.
func (s *step) tooDeep(err error) error {
	var e *Error
	if errors.Is(err, unix.E2BIG) && errors.As(err, &e) {
		e.Hint = "a thread can be in 16 domains, and this one is"
	}
	return err
}

// closing closes a descriptor of the process.
func closing(fd int) call {
	return call{"close", kernel.Landlock, unix.SYS_CLOSE, []uint64{uint64(fd)}}
}

// maker is a ruleset.Maker for another process. Its descriptors are copies, in
// this process, of those in theirs.
type maker struct {
	*step
	pidfd  int
	root   int // the process's root folder; -1 where it is ours
	number int // the process's, in the /proc below that
	theirs map[int]int
}

func (s *step) maker() (*maker, error) {
	pidfd, err := kernel.PidfdOpen(s.PID)
	if err != nil {
		return nil, err
	}
	root, err := kernel.RootOf(s.PID)
	if err != nil {
		kernel.Close(pidfd)
		return nil, err
	}
	number := s.PID
	if root >= 0 {
		number = kernel.NumberIn(root, s.PID)
	}
	return &maker{s, pidfd, root, number, map[int]int{}}, nil
}

func (m *maker) end() {
	kernel.Close(m.pidfd)
	if m.root >= 0 {
		kernel.Close(m.root)
	}
}

// sizeofRulesetAttr is the size of struct landlock_ruleset_attr that we fill:
// a kernel that knows less of it takes zeroes beyond.
const sizeofRulesetAttr = 24

// CreateRuleset makes the first thread make it.
func (m *maker) CreateRuleset(fs kernel.AccessFS, net kernel.AccessNet, scope kernel.Scope) (int, error) {
	var attr []byte
	for _, v := range [...]uint64{uint64(fs), uint64(net), uint64(scope)} {
		attr = binary.NativeEndian.AppendUint64(attr, v)
	}
	at, err := m.write(attr)
	if err != nil {
		return -1, err
	}
	theirs, err := m.one(m.threads[0], call{"landlock_create_ruleset", kernel.Landlock, unix.SYS_LANDLOCK_CREATE_RULESET, []uint64{at, sizeofRulesetAttr, 0}})
	if err != nil {
		return -1, err
	}
	ours, err := kernel.PidfdGetfd(m.pidfd, int(theirs))
	if err != nil {
		_, closeErr := m.one(m.threads[0], closing(int(theirs)))
		return -1, errors.Join(err, closeErr)
	}
	m.theirs[ours] = int(theirs)
	return ours, nil
}

// OpenPath opens what the process would find at the path.
func (m *maker) OpenPath(path string) (fd int, folder bool, err error) {
	path = throughProc(path, m.number)
	if m.root < 0 {
		return ruleset.Here{}.OpenPath(path)
	}
	if fd, err = kernel.OpenPathIn(m.root, path); err != nil {
		return -1, false, err
	}
	place, err := kernel.PlaceOf(fd)
	if err != nil {
		kernel.Close(fd)
		return -1, false, err
	}
	return fd, place.Folder, nil
}

// throughProc is the path with what means whoever looks replaced by the process.
func throughProc(path string, pid int) string {
	path = filepath.Clean(path)
	proc := "/proc/" + strconv.Itoa(pid)
	for _, self := range [...][2]string{
		{"/proc/self", ""}, {"/proc/thread-self", ""}, {"/dev/fd", "/fd"},
		{"/dev/stdin", "/fd/0"}, {"/dev/stdout", "/fd/1"}, {"/dev/stderr", "/fd/2"},
	} {
		if rest, ok := strings.CutPrefix(path, self[0]); ok && (rest == "" || rest[0] == '/') {
			return proc + self[1] + rest
		}
	}
	return path
}

// AddPath is kernel.LandlockAddPath.
func (m *maker) AddPath(ruleset, fd int, allowed kernel.AccessFS) error {
	return kernel.LandlockAddPath(ruleset, fd, allowed)
}

// AddPort is kernel.LandlockAddPort.
func (m *maker) AddPort(ruleset int, port uint16, allowed kernel.AccessNet) error {
	return kernel.LandlockAddPort(ruleset, port, allowed)
}

// Close closes our descriptor, and the process's own of a ruleset.
func (m *maker) Close(fd int) {
	kernel.Close(fd)
	if theirs, ok := m.theirs[fd]; ok {
		_, _ = m.one(m.threads[0], closing(theirs))
	}
}
