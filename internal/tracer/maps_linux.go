package tracer

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mapping is a line of /proc/PID/maps.
type mapping struct {
	start, end, offset uint64
	executable         bool
	path               string
}

// maps is the memory of a process, by address.
type maps struct {
	pid int
	all []mapping
}

// mapsOf reads /proc/PID/maps; what cannot be read is left out.
func mapsOf(pid int) *maps {
	m := &maps{pid: pid}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/maps")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(text)) {
		if one, ok := parseMapping(strings.TrimSuffix(line, "\n")); ok {
			m.all = append(m.all, one)
		}
	}
	return m
}

// parseMapping reads "start-end rwxp offset dev inode   path".
func parseMapping(line string) (m mapping, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 {
		return m, false
	}
	start, end, _ := strings.Cut(fields[0], "-")
	var errs [3]error
	m.start, errs[0] = strconv.ParseUint(start, 16, 64)
	m.end, errs[1] = strconv.ParseUint(end, 16, 64)
	m.offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
	m.executable = strings.Contains(fields[1], "x")
	if len(fields) > 5 {
		m.path = strings.TrimSuffix(line[strings.Index(line, fields[5]):], " (deleted)")
	}
	return m, errs[0] == nil && errs[1] == nil && errs[2] == nil
}

// at is the mapping of an address, nil if there is none.
func (m *maps) at(address uint64) *mapping {
	for i := range m.all {
		if m.all[i].start <= address && address < m.all[i].end {
			return &m.all[i]
		}
	}
	return nil
}

// base is where the file of a mapping was loaded: the start of its first part.
func (m *maps) base(path string) uint64 {
	for i := range m.all {
		if m.all[i].path == path {
			return m.all[i].start - m.all[i].offset
		}
	}
	return 0
}

// site describes an address.
func (m *maps) site(address uint64) Site {
	in := m.at(address)
	if in == nil || in.path == "" {
		return Site{Offset: address}
	}
	base := m.base(in.path)
	s := Site{Module: filepath.Base(in.path), Offset: address - base}
	if in.path[0] == '/' {
		s.Symbol, s.Within = nameSite("/proc/"+strconv.Itoa(m.pid)+"/root"+in.path, base, address)
	}
	return s
}
