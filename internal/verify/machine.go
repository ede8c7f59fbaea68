package verify

import "github.com/narrow-sandbox/narrow/bpf"

// program builds the function of a program that the kernel would admit: by
// walking, and where that does not do within half of the nodes, by merging.
func (s *space) program(program bpf.Program) node {
	limit := s.limit
	s.limit = len(s.nodes) + (limit-len(s.nodes))/2
	f, ok := s.walked(program)
	full := len(s.nodes) >= s.limit
	s.limit = limit
	switch {
	case full && s.stopped != "":
		s.stopped = ""
	case ok || s.stopped != "":
		return f
	}
	f, _ = s.merged(program)
	return f
}
