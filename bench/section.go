package main

import (
	"fmt"
	"slices"
	"strings"
)

// section is one group of measurements.
type section struct {
	name  string // for -only
	title string
	about string                      // what the columns hold, for people
	run   func(*bench) ([]row, error) // nil where reportsOf has what measures it
}

// report is a table with its results.
type report interface {
	text() string     // for a terminal
	markdown() string // for a document; its first line is the title's
	missed() []string // what exceeds its target
}

// reports measures the section.
func (s *section) reports(b *bench) ([]report, error) {
	if measure := reportsOf(s.name); measure != nil {
		return measure(b)
	}
	rows, err := s.run(b)
	return []report{&table{s.title, s.about, rows}}, err
}

func sectionNames() []string {
	var names []string
	for _, s := range allSections() {
		names = append(names, s.name)
	}
	return names
}

// chooseSections are those of a list of names; all for an empty one.
func chooseSections(only string) ([]section, error) {
	if only == "" {
		return allSections(), nil
	}
	var chosen []section
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(allSections(), func(s section) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no section %q; there are %s", name, strings.Join(sectionNames(), ", "))
		}
		chosen = append(chosen, allSections()[i])
	}
	return chosen, nil
}
