package asm

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// places turns offsets in a source into places.
type places struct {
	name    string
	source  []byte
	markers []marker // in order; the preprocessor's
}

// marker is a line of the C preprocessor that says where the next line is from.
type marker struct {
	end  int // offset of the next line
	file string
	line int // its number in file
}

func newPlaces(name string, source []byte, lineMarkers bool) *places {
	p := &places{name: name, source: source}
	if lineMarkers {
		p.findMarkers()
	}
	return p
}

// findMarkers reads the lines of the form # 12 "file" flags.
func (p *places) findMarkers() {
	for start := 0; start < len(p.source); {
		end := len(p.source)
		if n := bytes.IndexByte(p.source[start:], '\n'); n >= 0 {
			end = start + n + 1
		}
		if m, ok := parseMarker(p.source[start:end]); ok {
			m.end = end
			p.markers = append(p.markers, m)
		}
		start = end
	}
}

func parseMarker(line []byte) (marker, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("# "))
	if !ok {
		return marker{}, false
	}
	number, rest, ok := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(number))
	first, last := bytes.IndexByte(rest, '"'), bytes.LastIndexByte(rest, '"')
	if !ok || err != nil || first != 0 || last <= 0 {
		return marker{}, false
	}
	file, err := strconv.Unquote(string(rest[:last+1]))
	if err != nil {
		return marker{}, false
	}
	return marker{file: file, line: n}, true
}

// of returns the place of the byte at an offset.
func (p *places) of(offset int) Pos {
	c := cursor{places: p, at: Pos{File: p.name, Line: 1, Col: 1}}
	c.advance(offset)
	return c.at
}

// cursor is a place that moves forward, so that many places cost one pass.
type cursor struct {
	*places
	offset  int
	markers int // how many are behind
	at      Pos
}

// advance moves to the byte at an offset.
func (c *cursor) advance(offset int) {
	for ; c.markers < len(c.places.markers); c.markers++ {
		m := &c.places.markers[c.markers]
		if m.end > offset {
			break
		}
		c.at, c.offset = Pos{File: m.file, Line: m.line, Col: 1}, m.end
	}
	text := c.source[c.offset:offset]
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		c.at.Line += bytes.Count(text, []byte("\n"))
		c.at.Col = len(text) - last
	} else {
		c.at.Col += len(text)
	}
	c.offset = offset
}

// sort splits what a scanner found into errors and warnings, each in the order
// of places.
func (p *places) sort(s *scanner) (errs ErrorList, warnings []*Warning) {
	problems := s.problems
	sortProblems(problems)
	c := cursor{places: p, at: Pos{File: p.name, Line: 1, Col: 1}}
	for i, problem := range problems {
		if i > 0 && problem == problems[i-1] {
			continue // what is scanned twice is complained about twice
		}
		c.advance(problem.at)
		what, hint := p.texts(&problem)
		if problem.warning {
			warnings = append(warnings, &Warning{c.at, what})
		} else {
			errs = append(errs, &Error{c.at, what, hint, problem.err})
		}
	}
	if more := s.errors - maxProblems; more > 0 {
		what := fmt.Sprintf("%d more errors", more)
		if s.errors >= mostErrors {
			what = "many more errors: this is no assembler"
		}
		errs = append(errs, &Error{Pos: c.at, What: what})
	}
	if more := s.warnings - maxProblems; more > 0 {
		warnings = append(warnings, &Warning{c.at, fmt.Sprintf("%d more warnings", more)})
	}
	return errs, warnings
}

// texts returns what a problem says.
func (p *places) texts(problem *problem) (what, hint string) {
	if problem.other == 0 && !strings.Contains(problem.what+problem.hint, otherLine) {
		return problem.what, problem.hint
	}
	line := strconv.Itoa(p.of(problem.other).Line)
	return strings.Replace(problem.what, otherLine, line, 1), strings.Replace(problem.hint, otherLine, line, 1)
}
