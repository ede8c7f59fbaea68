package policy

import "slices"

// Stair is a question that the order of phases asks: may a thread's rules in a
// phase follow those that are on it by then?
type Stair struct {
	Phase   *PhaseRules
	Class   *Class   // nil for the threads that no block of the phase names
	Name    string   // of a thread that is concerned
	Later   *Rules   // its rules in the phase
	Earlier []*Rules // its filters of the phases before, the oldest first; at least one

	before []string // the earlier phases and the classes in them
}

// Staircase lists the questions of a policy, each once: for every phase but
// the first, for every way in which a thread can have come there. All threads'
// rules lie within those before if each thread's do.
func (p *Policy) Staircase() []Stair {
	var stairs []Stair
	for _, path := range p.ThreadPaths() {
		for i := range p.Phases {
			s, ok := p.stair(path, i)
			if ok && !slices.ContainsFunc(stairs, s.same) {
				stairs = append(stairs, s)
			}
		}
	}
	slices.SortStableFunc(stairs, func(a, b Stair) int { return slices.Index(p.Phases, a.Phase) - slices.Index(p.Phases, b.Phase) })
	return stairs
}

// stair is the question of a phase on a path; none if nothing stands before it.
func (p *Policy) stair(path ThreadPath, i int) (Stair, bool) {
	ph := p.Phases[i]
	s := Stair{Phase: ph, Class: path.Classes[i], Name: path.Name, Later: ph.RulesOf(path.Classes[i])}
	for j, earlier := range p.Phases[:i] {
		if earlier.Unfiltered() {
			continue
		}
		s.Earlier = append(s.Earlier, earlier.RulesOf(path.Classes[j]))
		s.before = append(s.before, titleOf(earlier, path.Classes[j]))
	}
	return s, len(s.Earlier) > 0 && !ph.Strict
}

func (s *Stair) same(t Stair) bool {
	return s.Later == t.Later && slices.Equal(s.Earlier, t.Earlier)
}

// RulesOf are the rules of a class, of the unnamed one if it is nil.
func (ph *PhaseRules) RulesOf(c *Class) *Rules {
	if c == nil {
		return ph.Own
	}
	return c.Rules
}

// Title names the phase and thread class: "serving, thread mc-*".
func (s *Stair) Title() string { return titleOf(s.Phase, s.Class) }

// Before names what Earlier are, likewise.
func (s *Stair) Before() []string { return slices.Clone(s.before) }

func titleOf(ph *PhaseRules, c *Class) string {
	if c == nil {
		return ph.Name
	}
	return ph.Name + ", thread " + c.Name
}
