package verify

// UnknownError says why a list could not be had: a limit was reached.
type UnknownError struct{ Reason string }

// Error is the reason.
func (e *UnknownError) Error() string { return "unknown: " + e.Reason }

// list asks for something other than yes or no.
func list[T any](p *Prover, question func(s *space) (T, error)) (T, error) {
	var answer, none T
	unknown, err := p.ask(func(s *space) (err error) {
		answer, err = question(s)
		return err
	})
	switch {
	case err != nil:
		return none, err
	case unknown != "":
		return none, &UnknownError{unknown}
	}
	return answer, nil
}

// Unreachable lists the instructions of a program that no call reaches, in
// their order. Of anything but a program there are none. The error is an
// UnknownError.
func (p *Prover) Unreachable(program *Meaning) ([]int, error) {
	code, ok := program.source.(programSource)
	if !ok {
		return nil, nil
	}
	return list(p, func(s *space) ([]int, error) {
		var dead []int
		_, reached := s.merged(code.program)
		for pc, ok := range reached {
			if !ok {
				dead = append(dead, pc)
			}
		}
		return dead, nil
	})
}
