// Package protocol speaks memcached's text and meta protocols: bytes of a
// client in, answers out, with no connection in between. It follows
// doc/protocol.txt of memcached 1.6 and, where that is silent, what memcached
// 1.6.18 answers; a test compares the two byte by byte.
//
// How the input is cut into pieces changes nothing about the answers, and
// nothing that a client sends makes it panic or keep more than one item and
// one line.
package protocol

// Limits on what a session keeps.
const (
	// maxLine is the longest command but for get and gets, without its line
	// end. memcached closes the connection on longer ones, too.
	maxLine = 2048

	// maxGetLine is the longest get or gets, which list keys. memcached has no
	// limit.
	maxGetLine = 1 << 20

	// enough is the output at which a session stops until it has been written.
	enough = 64 << 10
)

// Status is what a session waits for.
type Status uint8

// The statuses.
const (
	Hungry Status = iota // for more input
	Full                 // for its output to be written
	Closed               // for nothing: write the output and close the connection
)

// Session is one client's conversation. It is for one goroutine.
type Session struct {
	cache  *Cache
	tokens [maxTokens][]byte
	out    []byte

	data    *incoming // the value being received, nil if none is
	swallow int       // bytes of input to be dropped
	keys    fetch     // the rest of a get whose answer is too large to be given at once
	noreply bool      // of the command at work
	closed  bool
}

// NewSession begins a conversation.
func (c *Cache) NewSession() *Session { return &Session{cache: c} }

// Advance takes commands from in and appends the answers to out. It returns
// how many bytes of in it has used up, the extended out, and what it waits for.
// The rest of in must come first in the next call, with more behind it if the
// session is Hungry, and as it is if the session is Full.
func (s *Session) Advance(in, out []byte) (used int, answers []byte, wants Status) {
	s.out = out
	for !s.closed && len(s.out) < enough {
		n, goes := s.step(in[used:])
		used += n
		if !goes {
			break
		}
	}
	answers, s.out = s.out, nil
	switch {
	case s.closed:
		return used, answers, Closed
	case len(answers) >= enough:
		return used, answers, Full
	}
	return used, answers, Hungry
}

// step does the next piece of work: it uses n bytes of in, and goes on unless
// it needs more of them.
func (s *Session) step(in []byte) (n int, goes bool) {
	switch {
	case s.keys.busy:
		s.fetch()
		return 0, true
	case s.swallow > 0:
		n = min(s.swallow, len(in))
		s.swallow -= n
		return n, n > 0
	case s.data != nil:
		return s.receive(in)
	}
	return s.line(in)
}

// reply answers with a line, unless the client wants none.
func (s *Session) reply(text string) {
	if !s.noreply {
		s.answer(text)
	}
}

// answer answers with a line in any case.
func (s *Session) answer(text string) {
	s.out = append(append(s.out, text...), "\r\n"...)
}
