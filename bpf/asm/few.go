package asm

import "slices"

// few is a set of a few values, or of anything.
type few[T comparable] struct {
	any    bool
	n      uint8
	values [fewest]T
}

// fewest is how many values a set can tell apart.
const fewest = 4

func anything[T comparable]() few[T] { return few[T]{any: true} }

// all returns the values, if the set is not of anything.
func (s *few[T]) all() []T { return s.values[:s.n] }

func (s *few[T]) empty() bool { return !s.any && s.n == 0 }

// has reports whether the set allows a value.
func (s *few[T]) has(v T) bool { return s.any || slices.Contains(s.all(), v) }

// add adds a value. A set that has no room becomes one of anything.
func (s *few[T]) add(v T) {
	switch {
	case s.has(v):
	case s.n == fewest:
		*s = anything[T]()
	default:
		s.values[s.n] = v
		s.n++
	}
}

// keep drops the values that do not fit.
func (s *few[T]) keep(fits func(T) bool) {
	n := uint8(0)
	for _, v := range s.all() {
		if fits(v) {
			s.values[n] = v
			n++
		}
	}
	s.n = n
}

// unite adds the values of another set.
func (s *few[T]) unite(other *few[T]) {
	if other.any {
		*s = anything[T]()
		return
	}
	for _, v := range other.all() {
		s.add(v)
	}
}

// agree returns the text that all values have, "" if they differ or may be
// anything.
func agree[T comparable](s *few[T], text func(T) string) string {
	common := ""
	for i, v := range s.all() {
		t := text(v)
		if i > 0 && t != common {
			return ""
		}
		common = t
	}
	return common
}
