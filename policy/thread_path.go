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
	for _, name := range p.differentNames() {
		add(name)
	}
	return paths
}

// differentNames are names of threads, one at least for each path.
func (p *Policy) differentNames() []string {
	if p.names != nil { // resolved
		return p.names
	}
	n := newNames(p)
	all := slices.Collect(n.all)
	if n.cut { // what is sure to be there
		all = append(all, p.threadNames()...)
	}
	return all
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
	globs [][]globPart
	other rune // a letter that no glob names
	cut   bool // it took too long
}

// maxNameStates bounds the search. Twenty names with a `*` each have some
// hundred states.
const maxNameStates = 1 << 12

func newNames(p *Policy) *names {
	n := &names{other: 'x'}
	var named []rune
	for _, text := range p.threadNames() {
		parts := globParts(text)
		if len(parts) >= 64 || !utf8.ValidString(text) {
			n.cut = true
			continue
		}
		n.globs = append(n.globs, parts)
		for i := range parts {
			named = parts[i].letters(named)
		}
	}
	for slices.Contains(named, n.other) {
		n.other++
	}
	return n
}

// letters appends the letters that tell what the part matches: all that lie
// between two of them are matched alike.
func (p *globPart) letters(to []rune) []rune {
	if len(p.ranges) == 1 && p.ranges[0].low == p.ranges[0].high {
		return append(to, p.ranges[0].low)
	}
	for _, r := range p.ranges {
		for _, l := range [...]rune{r.low - 1, r.low, r.high, r.high + 1} {
			if l > 0 && utf8.ValidRune(l) {
				to = append(to, l)
			}
		}
	}
	return to
}

// next are letters that lead on from the places reached, each way with one.
func (n *names) next(masks []uint64) []rune {
	letters := []rune{n.other}
	for i, g := range n.globs {
		for j := range g {
			if masks[i]&(1<<j) != 0 {
				letters = g[j].letters(letters)
			}
		}
	}
	slices.Sort(letters)
	return slices.Compact(letters)
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
	queue, seen := []state{start}, map[string]bool{string(keyOf(nil, start.masks)): true}
	masks, key := make([]uint64, len(n.globs)), []byte(nil) // of the next state
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if !yield(s.name) {
			return
		}
		for _, r := range n.next(s.masks) {
			for i, g := range n.globs {
				masks[i] = step(g, s.masks[i], r)
			}
			key = keyOf(key[:0], masks)
			switch name := s.name + string(r); {
			case seen[string(key)] || len(name) > maxThread:
			case len(seen) >= maxNameStates:
				n.cut = true
			default:
				seen[string(key)] = true
				queue = append(queue, state{name, slices.Clone(masks)})
			}
		}
	}
}

func keyOf(key []byte, masks []uint64) []byte {
	for _, m := range masks {
		key = binary.AppendUvarint(key, m)
	}
	return key
}

// globPart is one step of a glob: any number of letters, or one letter.
type globPart struct {
	star   bool
	not    bool // a letter outside of the ranges
	ranges []letterRange
}

type letterRange struct{ low, high rune }

func (p globPart) matches(r rune) bool {
	in := slices.ContainsFunc(p.ranges, func(l letterRange) bool { return l.low <= r && r <= l.high })
	return in != p.not
}

// step is the places of a glob that one more letter leads to.
func step(g []globPart, places uint64, r rune) uint64 {
	if places == 0 {
		return 0
	}
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
			parts = append(parts, globPart{ranges: []letterRange{{r, r}}})
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
		var l letterRange
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
