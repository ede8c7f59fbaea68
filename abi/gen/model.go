package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// model is everything that the inputs say, checked and sorted.
type model struct {
	tables    map[string][]call // by arch name, sorted by call name
	constants constants
	groups    *groupTable
}

// call is one system call of one architecture.
type call struct {
	name  string
	nr    uint32
	since version
	args  []arg
}

// load reads all inputs.
func load(data string) (*model, error) {
	first, err := loadSince(data)
	if err != nil {
		return nil, err
	}
	numbers, err := readTSV(data + "/syscalls.tsv")
	if err != nil {
		return nil, err
	}
	signatures, err := loadSignatures(data)
	if err != nil {
		return nil, err
	}
	named, err := loadConstants(data)
	if err != nil {
		return nil, err
	}
	groups, err := loadGroups(data, named)
	if err != nil {
		return nil, err
	}
	m := &model{tables: map[string][]call{}, constants: named, groups: groups}
	for i := range arches {
		a := &arches[i]
		calls, err := loadCalls(numbers, a, first)
		if err != nil {
			return nil, err
		}
		if err := signatures.fill(calls, a); err != nil {
			return nil, err
		}
		for _, c := range calls {
			if err := groups.assign(c.name, c.args, named); err != nil {
				return nil, err
			}
		}
		m.tables[a.name] = calls
	}
	if rows := groups.unused(m); len(rows) > 0 {
		return nil, fmt.Errorf("arggroups.tsv: no call has %s", strings.Join(rows, "; "))
	}
	return m, nil
}

// loadCalls reads the calls of one architecture up to the current release.
func loadCalls(numbers *tsv, a *arch, first *sinceTable) ([]call, error) {
	column, err := numbers.column(a.column)
	if err != nil {
		return nil, err
	}
	since, err := numbers.column("since")
	if err != nil {
		return nil, err
	}
	var calls []call
	for i, row := range numbers.rows {
		name := row[0]
		if row[column] == "-" || first.later[name] {
			continue
		}
		nr, err := strconv.ParseUint(row[column], 10, 32)
		if err != nil {
			return nil, numbers.errorf(i, "%v", err)
		}
		v, err := first.of(name, a, row[since])
		if err != nil {
			return nil, numbers.errorf(i, "%v", err)
		}
		if !current.before(v) {
			calls = append(calls, call{name: name, nr: uint32(nr) + a.base, since: v})
		}
	}
	sort.Slice(calls, func(i, j int) bool { return calls[i].name < calls[j].name })
	return calls, distinct(calls, a)
}

// distinct refuses a table in which two calls have one number.
func distinct(calls []call, a *arch) error {
	seen := map[uint32]string{}
	for _, c := range calls {
		if other, dup := seen[c.nr]; dup {
			return fmt.Errorf("%s: %s and %s are both %d", a.name, other, c.name, c.nr)
		}
		seen[c.nr] = c.name
	}
	return nil
}

// sinceTable knows first versions that syscalls.tsv does not.
type sinceTable struct {
	manpage map[string]version
	local   map[string]version // "name arch" or "name *"
	later   map[string]bool    // appeared after the current release
}

func loadSince(data string) (*sinceTable, error) {
	s := &sinceTable{manpage: map[string]version{}, local: map[string]version{}, later: map[string]bool{}}
	page, err := readTSV(data + "/manpage.tsv")
	if err != nil {
		return nil, err
	}
	for i, row := range page.rows {
		if s.manpage[row[0]], err = parseVersion(row[1]); err != nil {
			return nil, page.errorf(i, "%v", err)
		}
	}
	local, err := readTSV(data + "/since.tsv")
	if err != nil {
		return nil, err
	}
	for i, row := range local.rows {
		v, err := parseVersion(row[2])
		if err != nil {
			return nil, local.errorf(i, "%v", err)
		}
		for _, name := range strings.Split(row[0], ",") {
			for _, arch := range strings.Split(row[1], ",") {
				s.local[name+" "+arch] = v
			}
			if current.before(v) && row[1] == "*" {
				s.later[name] = true
			}
		}
	}
	return s, nil
}

// of is the first version of a call on an architecture: what since.tsv says of
// just that pair, else the call's own, but no earlier than the architecture.
func (s *sinceTable) of(name string, a *arch, column string) (version, error) {
	if v, ok := s.local[name+" "+a.name]; ok {
		return v, nil
	}
	v, known := s.local[name+" *"]
	if !known && column != "-" {
		var err error
		if v, err = parseVersion(column); err != nil {
			return v, err
		}
		known = true
	}
	if !known {
		v, known = s.manpage[name]
	}
	if !known {
		return v, fmt.Errorf("no source tells the first version of %s: add it to since.tsv", name)
	}
	if v.before(a.born) {
		v = a.born
	}
	return v, nil
}
