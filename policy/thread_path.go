package policy

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// ThreadPath is what a thread of some name is in each phase.
type ThreadPath struct {
	Name    string   // a name that some thread can have, short; Main is the first thread's
	Classes []*Class // by phase; nil where no block names it
}

// ThreadPaths lists the ways on which a thread can go through the phases, each
// once: the combinations of classes that one name has. Threads that no block
// ever names, if there can be any, come first.
func (p *Policy) ThreadPaths() []ThreadPath { return p.ThreadPathsTo(len(p.Phases) - 1) }

// ThreadPathsTo is ThreadPaths up to a phase, by its place.
func (p *Policy) ThreadPathsTo(last int) []ThreadPath {
	var paths []ThreadPath
	seen := map[string]bool{}
	add := func(name string) {
		path := ThreadPath{Name: name}
		var key []byte
		for _, ph := range p.Phases[:last+1] {
			c := ph.Class(name)
			path.Classes = append(path.Classes, c)
			key = binary.AppendVarint(key, int64(slices.Index(ph.Classes, c)))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			paths = append(paths, path)
		}
	}
	names := newNames(p)
	for name := range names.all {
		add(name)
	}
	if names.cut { // what is sure to be there
		for _, text := range p.threadNames() {
			add(text)
		}
	}
	return paths
}

// Filters are the rules of the phases' filters on the path, the oldest first.
func (p *Policy) Filters(path ThreadPath) []*Rules {
	var filters []*Rules
	for i, c := range path.Classes {
		if !p.Phases[i].Unfiltered() {
			filters = append(filters, p.Phases[i].RulesOf(c))
		}
	}
	return filters
}

// threadNames are the names of all thread blocks, each once.
func (p *Policy) threadNames() []string {
	var names []string
	for _, ph := range p.Phases {
		for _, c := range ph.Classes {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// names is a search for names that differ in which globs they match.
type names struct {
	globs   [][]globPart
	letters []rune
	cut     bool // it took too long
}

// maxNameStates bounds the search. Twenty names with a `*` each have some
// hundred states.
const maxNameStates = 1 << 12

func newNames(p *Policy) *names {
	n := &names{letters: []rune{'x'}}
	for _, text := range p.threadNames() {
		parts := globParts(text)
		if len(parts) >= 64 || !utf8.ValidString(text) {
			n.cut = true
			continue
		}
		n.globs = append(n.globs, parts)
		for _, part := range parts {
			for _, r := range part.ranges {
				n.letters = append(n.letters, r.low, r.high, r.low-1, r.high+1)
			}
		}
	}
	for slices.Contains(n.letters[1:], n.letters[0]) { // a letter like all that no glob names
		n.letters[0]++
	}
	slices.Sort(n.letters[1:])
	n.letters = slices.Compact(n.letters)
	n.letters = slices.DeleteFunc(n.letters, func(r rune) bool { return r <= 0 || !utf8.ValidRune(r) })
	return n
}

// all visits a name for each set of places that names can lead to in the
// globs, the shortest first.
func (n *names) all(yield func(string) bool) {
	type state struct {
		name  string
		masks []uint64 // the places reached in each glob
	}
	start := state{masks: make([]uint64, len(n.globs))}
	for i, g := range n.globs {
		start.masks[i] = reach(g, 1)
	}
	queue, seen := []state{start}, map[string]bool{keyOf(start.masks): true}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if !yield(s.name) {
			return
		}
		for _, r := range n.letters {
			next := state{s.name + string(r), make([]uint64, len(n.globs))}
			for i, g := range n.globs {
				next.masks[i] = step(g, s.masks[i], r)
			}
			key := keyOf(next.masks)
			switch {
			case seen[key] || len(next.name) > maxThread:
			case len(seen) >= maxNameStates:
				n.cut = true
			default:
				seen[key] = true
				queue = append(queue, next)
			}
		}
	}
}

func keyOf(masks []uint64) string {
	var b []byte
	for _, m := range masks {
		b = binary.AppendUvarint(b, m)
	}
	return string(b)
}

// globPart is one step of a glob: any number of letters, or one letter.
type globPart struct {
	star   bool
	not    bool // a letter outside of the ranges
	ranges []letters
}

type letters struct{ low, high rune }

func (p globPart) matches(r rune) bool {
	in := slices.ContainsFunc(p.ranges, func(l letters) bool { return l.low <= r && r <= l.high })
	return in != p.not
}

// step is the places of a glob that one more letter leads to.
func step(g []globPart, places uint64, r rune) uint64 {
	next := uint64(0)
	for i, p := range g {
		switch {
		case places&(1<<i) == 0:
		case p.star:
			next |= 1 << i
		case p.matches(r):
			next |= 1 << (i + 1)
		}
	}
	return reach(g, next)
}

// reach adds the places that need no letter.
func reach(g []globPart, places uint64) uint64 {
	for i, p := range g {
		if p.star && places&(1<<i) != 0 {
			places |= 1 << (i + 1)
		}
	}
	return places
}

// globParts takes a valid glob of path.Match apart.
func globParts(text string) []globPart {
	var parts []globPart
	for len(text) > 0 {
		r, rest := cutRune(text)
		switch r {
		case '*':
			parts = append(parts, globPart{star: true})
		case '?':
			parts = append(parts, globPart{not: true})
		case '[':
			var p globPart
			p, rest = globLetters(rest)
			parts = append(parts, p)
		case '\\':
			r, rest = cutRune(rest)
			fallthrough
		default:
			parts = append(parts, globPart{ranges: []letters{{r, r}}})
		}
		text = rest
	}
	return parts
}

// globLetters reads what follows a `[`.
func globLetters(text string) (p globPart, rest string) {
	if len(text) > 0 && text[0] == '^' {
		p.not, text = true, text[1:]
	}
	for len(text) > 0 && (text[0] != ']' || len(p.ranges) == 0) {
		var l letters
		l.low, text = escaped(text)
		l.high = l.low
		if len(text) > 0 && text[0] == '-' {
			l.high, text = escaped(text[1:])
		}
		p.ranges = append(p.ranges, l)
	}
	if len(text) > 0 {
		text = text[1:]
	}
	return p, text
}

func escaped(text string) (rune, string) {
	r, rest := cutRune(text)
	if r == '\\' {
		return cutRune(rest)
	}
	return r, rest
}

func cutRune(text string) (rune, string) {
	r, size := utf8.DecodeRuneInString(text)
	return r, text[size:]
}
