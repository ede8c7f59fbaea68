package kernel

import (
	"fmt"
	"strconv"
	"strings"
)

// Status is what /proc/PID/task/TID/status says about what a thread may do
// (proc_pid_status(5)).
type Status struct {
	TID            int
	TGID, PPID     int       // of its process, and of the process's parent
	Name           string    // at most 15 bytes
	State          byte      // 'R', 'S', ..., 'Z'
	UID, GID       [4]uint32 // real, effective, saved, filesystem
	Groups         []uint32
	NoNewPrivs     bool
	SeccompMode    int // 0 none, 1 strict, 2 filter
	SeccompFilters int // how many; -1 if this kernel does not tell (before 5.9)
	TracerPID      int
	CapInheritable CapSet
	CapPermitted   CapSet
	CapEffective   CapSet
	CapBounding    CapSet
	CapAmbient     CapSet
	SigBlocked     uint64 // bit n-1 for signal n
	SigIgnored     uint64
}

// CapSet is a set of capabilities, bit n for the capability number n.
type CapSet uint64

// Has reports whether the set has the capability number n.
func (s CapSet) Has(n uint) bool { return s>>n&1 != 0 }

// ParseStatus reads the text of a status file. Lines that it does not know are
// passed over; one that it knows and cannot read is an error.
func ParseStatus(text string) (*Status, error) {
	s := &Status{SeccompFilters: -1}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if err := s.field(key, strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%s of /proc status is %q: %w", key, value, err)
		}
	}
	return s, nil
}

func (s *Status) field(key, value string) (err error) {
	switch key {
	case "Name":
		s.Name = value
	case "State":
		if value != "" {
			s.State = value[0]
		}
	case "Pid":
		s.TID, err = strconv.Atoi(value)
	case "Tgid":
		s.TGID, err = strconv.Atoi(value)
	case "PPid":
		s.PPID, err = strconv.Atoi(value)
	case "TracerPid":
		s.TracerPID, err = strconv.Atoi(value)
	case "Uid":
		s.UID, err = fourIDs(value)
	case "Gid":
		s.GID, err = fourIDs(value)
	case "Groups":
		s.Groups, err = ids(value)
	case "NoNewPrivs":
		s.NoNewPrivs = value == "1"
	case "Seccomp":
		s.SeccompMode, err = strconv.Atoi(value)
	case "Seccomp_filters":
		s.SeccompFilters, err = strconv.Atoi(value)
	default:
		if mask := s.mask(key); mask != nil {
			*mask, err = strconv.ParseUint(value, 16, 64)
		}
	}
	return err
}

// mask returns where the hexadecimal mask of that line goes.
func (s *Status) mask(key string) *uint64 {
	switch key {
	case "CapInh":
		return (*uint64)(&s.CapInheritable)
	case "CapPrm":
		return (*uint64)(&s.CapPermitted)
	case "CapEff":
		return (*uint64)(&s.CapEffective)
	case "CapBnd":
		return (*uint64)(&s.CapBounding)
	case "CapAmb":
		return (*uint64)(&s.CapAmbient)
	case "SigBlk":
		return &s.SigBlocked
	case "SigIgn":
		return &s.SigIgnored
	}
	return nil
}

func fourIDs(value string) (four [4]uint32, err error) {
	all, err := ids(value)
	if err == nil && len(all) != 4 {
		err = fmt.Errorf("expected four ids")
	}
	copy(four[:], all)
	return four, err
}

func ids(value string) ([]uint32, error) {
	var all []uint32
	for _, field := range strings.Fields(value) {
		n, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return nil, err
		}
		all = append(all, uint32(n))
	}
	return all, nil
}

// Ended reports whether the thread makes no call any more: it is a zombie, or
// about to vanish.
func (s *Status) Ended() bool { return s.State == 'Z' || s.State == 'X' }
