//go:build !linux

package narrow

func (s *Sandbox) enterProcess(int) (report *Report, begun bool, err error) {
	return nil, false, ErrNotSupported
}

func (s *Sandbox) enterThread(*step, string, *filter) (report *Report, installed bool, err error) {
	return nil, false, ErrNotSupported
}
