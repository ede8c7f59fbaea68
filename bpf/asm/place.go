package asm

import (
	"bytes"
	"fmt"
	"strconv"
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
	at := Pos{File: p.name, Line: 1}
	start := 0
	for _, m := range p.markers {
		if m.end > offset {
			break
		}
		at.File, at.Line, start = m.file, m.line, m.end
	}
	return p.advance(at, start, offset)
}

// advance moves a place from the offset start, the first of a line, to another.
func (p *places) advance(at Pos, start, offset int) Pos {
	text := p.source[start:offset]
	at.Line += bytes.Count(text, []byte("\n"))
	at.Col = len(text) - bytes.LastIndexByte(text, '\n')
	return at
}

// sort splits problems into errors and warnings, each in the order of places.
func (p *places) sort(problems []problem, more int) (ErrorList, []*Warning) {
	sortProblems(problems)
	var errs ErrorList
	var warnings []*Warning
	for _, problem := range problems {
		pos := p.of(problem.at)
		if problem.warning {
			warnings = append(warnings, &Warning{pos, problem.what})
		} else {
			errs = append(errs, &Error{pos, problem.what, problem.hint, problem.err})
		}
	}
	if more > 0 {
		errs = append(errs, &Error{Pos: p.of(len(p.source)), What: fmt.Sprintf("%d more errors and warnings", more)})
	}
	return errs, warnings
}
