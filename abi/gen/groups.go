package main

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// group is how constants spell a value; see data/groups.tsv.
type group struct {
	name   string
	octal  bool
	fields []field
	flags  []string
}

// field is a part of a value that holds one of several names.
type field struct {
	mask     uint64
	maskName string // instead of mask: a constant, as it may differ by architecture
	names    []string
}

// groupTable knows the groups and who uses them.
type groupTable struct {
	groups []group
	index  map[string]int       // by name, from 1
	uses   map[string][]argCase // by "call arg" or "* arg"; without decider: always
	lists  []string             // literals of conditional lists, see cases
}

func loadGroups(data string, c constants) (*groupTable, error) {
	g := &groupTable{index: map[string]int{}, uses: map[string][]argCase{}}
	t, err := readTSV(data + "/groups.tsv")
	if err != nil {
		return nil, err
	}
	for i, row := range t.rows {
		gr, err := parseGroup(row, c)
		if err != nil {
			return nil, t.errorf(i, "%v", err)
		}
		g.groups = append(g.groups, gr)
		g.index[gr.name] = len(g.groups)
	}
	return g, g.loadUses(data+"/arggroups.tsv", c)
}

func parseGroup(row []string, c constants) (group, error) {
	g := group{name: row[0], octal: row[1] == "octal"}
	var err error
	if row[3] != "-" {
		if g.flags, err = c.expand(row[3]); err != nil {
			return g, err
		}
	}
	if row[2] == "-" {
		return g, nil
	}
	for _, part := range strings.Split(row[2], ";") {
		mask, names, _ := strings.Cut(part, "=")
		f := field{}
		switch {
		case mask == "*":
			f.mask = ^uint64(0)
		case c[mask] != nil:
			f.maskName = mask
		default:
			if f.mask, err = strconv.ParseUint(mask, 0, 64); err != nil {
				return g, err
			}
		}
		if f.names, err = c.expand(names); err != nil {
			return g, err
		}
		g.fields = append(g.fields, f)
	}
	return g, nil
}

// expand reads a list of names and patterns; "!X*" takes names away wherever
// it stands.
func (c constants) expand(list string) ([]string, error) {
	var names, without []string
	for _, item := range strings.Split(list, ",") {
		if strings.HasPrefix(item, "!") {
			without = append(without, item[1:])
		}
	}
	excluded := func(name string) bool {
		return slices.ContainsFunc(without, func(p string) bool { ok, _ := path.Match(p, name); return ok })
	}
	for _, item := range strings.Split(list, ",") {
		switch {
		case strings.HasPrefix(item, "!"):
		case strings.Contains(item, "*"):
			for _, name := range sortedKeys(c) {
				if ok, _ := path.Match(item, name); ok && !excluded(name) && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		case c[item] == nil:
			return nil, fmt.Errorf("no constant %s", item)
		case !slices.Contains(names, item):
			names = append(names, item)
		}
	}
	return names, nil
}

func (g *groupTable) loadUses(name string, c constants) error {
	t, err := readTSV(name)
	if err != nil {
		return err
	}
	for i, row := range t.rows {
		if g.index[row[3]] == 0 && row[3] != "-" {
			return t.errorf(i, "no group %s", row[3])
		}
		uses := []argCase{{group: row[3]}}
		if row[2] != "-" {
			uses = parseWhen(row[2])
		}
		for k := range uses {
			uses[k].group = row[3]
		}
		for _, call := range strings.Split(row[0], ",") {
			for _, arg := range strings.Split(row[1], ",") {
				g.uses[call+" "+arg] = append(g.uses[call+" "+arg], uses...)
			}
		}
	}
	return nil
}

// assign gives an argument its group, and a number to the list of its cases.
func (g *groupTable) assign(call string, args []arg, c constants) error {
	for i := range args {
		a := &args[i]
		uses, ok := g.uses[call+" "+a.name]
		if !ok {
			uses = g.uses["* "+a.name]
		}
		if a.typ.pointer {
			continue // pselect6's sig
		}
		for _, u := range uses {
			if u.decider == "" {
				a.group = g.index[u.group]
			} else {
				a.when = mergeCase(a.when, u)
			}
		}
		literals, err := g.literals(call, args, a, c)
		if err != nil {
			return err
		}
		a.cases = g.list(literals)
	}
	return nil
}

// mergeCase adds the group of u to the case that has its value already, which
// may have a width.
func mergeCase(cases []argCase, u argCase) []argCase {
	at := slices.IndexFunc(cases, func(c argCase) bool { return c.decider == u.decider && c.value == u.value })
	if at < 0 {
		return append(cases, u)
	}
	merged := slices.Clone(cases)
	merged[at].group = u.group
	return merged
}

// literals writes an argument's cases as Go.
func (g *groupTable) literals(call string, args []arg, a *arg, c constants) (literals []string, err error) {
	for _, w := range a.when {
		of := slices.IndexFunc(args, func(a arg) bool { return a.name == w.decider })
		if of < 0 || w.decider != a.when[0].decider {
			return nil, fmt.Errorf("%s: %s cannot decide how %s is read", call, w.decider, a.name)
		}
		if c[w.value] == nil {
			return nil, fmt.Errorf("%s: no constant %s", call, w.value)
		}
		group, width := a.group, w.width
		if w.group != "" {
			group = g.index[w.group]
		}
		if width.bits == 0 {
			width.bits, width.signed = a.bits, a.signed
		}
		literals = append(literals, fmt.Sprintf("{of: %d, value: %s, group: %d, bits: %d, signed: %t},", of, constantRef(w.value), group, width.bits, width.signed))
	}
	return literals, nil
}

// list returns the number of a list of cases, from 1; 0 if it is empty.
func (g *groupTable) list(cases []string) int {
	if len(cases) == 0 {
		return 0
	}
	literal := strings.Join(cases, "\n")
	at := slices.Index(g.lists, literal)
	if at < 0 {
		at = len(g.lists)
		g.lists = append(g.lists, literal)
	}
	return at + 1
}

// constantRef stands for a constant's index until the file is written.
func constantRef(name string) string { return "@" + name + "@" }

// groupsFile writes the groups. Constants appear as indices into constants.
func (g *groupTable) file(c constants) *file {
	index := map[string]int{}
	for i, name := range sortedKeys(c) {
		index[name] = i
	}
	f := newFile("groups_gen.go", "data/groups.tsv, arggroups.tsv")
	f.printf("// groups is what Arg.group counts from 1. Names are indices into constants.\nvar groups = [...]group{\n")
	for _, gr := range g.groups {
		f.printf("// %s\n{octal: %t, fields: []field{", gr.name, gr.octal)
		for _, fd := range gr.fields {
			mask := fmt.Sprintf("mask: %#x", fd.mask)
			if fd.maskName != "" {
				mask = fmt.Sprintf("maskName: %d", index[fd.maskName]+1)
			}
			f.printf("{%s, names: %s},\n", mask, indices(fd.names, index))
		}
		f.printf("}, flags: %s},\n", indices(gr.flags, index))
	}
	f.printf("}\n\n// caseLists is what Arg.cases counts from 1.\nvar caseLists = [...][]argCase{\n")
	for _, list := range g.lists {
		f.printf("{\n%s\n},\n", resolveRefs(list, index))
	}
	f.printf("}\n")
	return f
}

func indices(names []string, index map[string]int) string {
	if len(names) == 0 {
		return "nil"
	}
	var list []string
	for _, name := range names {
		list = append(list, strconv.Itoa(index[name]))
	}
	return "[]uint16{" + strings.Join(list, ", ") + "}"
}

// resolveRefs puts indices for constantRefs.
func resolveRefs(text string, index map[string]int) string {
	parts := strings.Split(text, "@")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = strconv.Itoa(index[parts[i]])
	}
	return strings.Join(parts, "")
}

// unused lists the rows of arggroups.tsv that no call has taken.
func (g *groupTable) unused(m *model) []string {
	used := map[string]bool{}
	for _, calls := range m.tables {
		for _, c := range calls {
			for _, a := range c.args {
				used[c.name+" "+a.name] = true
				used["* "+a.name] = true
			}
		}
	}
	var rows []string
	for key := range g.uses {
		if !used[key] {
			rows = append(rows, key)
		}
	}
	sort.Strings(rows)
	return rows
}
