package interop

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// cSymbol is a name as a part of a C identifier: what is neither an ASCII
// letter nor a digit becomes _.
func cSymbol(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return r
		}
		return '_'
	}, name)
}

// phaseFunction and classFunction are the names of what a program calls.
func (h *cHeader) phaseFunction(phase string) string {
	return "narrow_" + h.symbol + "_enter_" + cSymbol(phase)
}

func (h *cHeader) classFunction(class string) string {
	return "narrow_" + h.symbol + "_enter_thread" + classSuffix(class)
}

// classSuffix is "" for the threads that no block names.
func classSuffix(class string) string {
	if class == "" {
		return ""
	}
	return "_" + cSymbol(class)
}

// classNames lists the thread classes of all phases, each once, behind the
// unnamed one; nil if there are none.
func classNames(p *policy.Policy) []string {
	names := []string{""}
	for _, ph := range p.Phases {
		for _, c := range ph.Classes {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	if len(names) == 1 {
		return nil
	}
	return names
}

// named is a phase or a thread class.
type named struct {
	what string
	pos  policy.Pos
}

// nameClashes are the phases and classes that would be one function in C.
func (h *cHeader) nameClashes() policy.ErrorList {
	var clashes policy.ErrorList
	taken := map[string]named{}
	take := func(function, what string, pos policy.Pos) {
		first, clash := taken[function]
		switch {
		case !clash:
			taken[function] = named{what, pos}
		case first.what != what:
			clashes = append(clashes, &policy.Error{Pos: pos,
				What: fmt.Sprintf("%s and %s (%v) would both be %s in C", what, first.what, first.pos, function),
				Want: "expected names that differ in their letters and digits", Hint: "rename one of them"})
		}
	}
	for _, ph := range h.policy.Phases {
		take(h.phaseFunction(ph.Name), "phase "+ph.Name, ph.Pos)
		if len(ph.Classes) > 0 {
			take(h.classFunction(""), "the threads that no block names", ph.Pos)
		}
		for _, c := range ph.Classes {
			take(h.classFunction(c.Name), "thread "+c.Name, c.Pos)
		}
	}
	return clashes
}

// inComment is text that ends no C comment and no line.
func inComment(text string) string {
	text = strings.ReplaceAll(text, "*/", "* /")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text)
}

// inPlace is a place of the policy, without the folders of the machine that made
// the header.
func inPlace(pos policy.Pos) string {
	pos.File = path.Base(pos.File)
	return inComment(pos.String())
}

// cString is text as a C string literal.
func cString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '?': // ?? begins a trigraph
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
