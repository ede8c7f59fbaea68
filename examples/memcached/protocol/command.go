package protocol

import (
	"bytes"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// command is how one is run: with between min and max words, its name being
// one of them.
type command struct {
	min, max int
	run      func(s *Session, words [][]byte)
}

const anyNumber = maxTokens

const badFormat = "CLIENT_ERROR bad command line format"

// commands are those of the text protocol but for the retrieval commands,
// which have no bound on their words.
var commands = map[string]command{
	"set":     {5, 6, update(store.Set)},
	"add":     {5, 6, update(store.Add)},
	"replace": {5, 6, update(store.Replace)},
	"append":  {5, 6, update(store.Append)},
	"prepend": {5, 6, update(store.Prepend)},
	"cas":     {6, 7, update(store.CAS)},
	"incr":    {3, 4, (*Session).incr},
	"decr":    {3, 4, (*Session).decr},
	"delete":  {2, 4, (*Session).delete},
	"touch":   {3, 4, (*Session).touch},

	"mg": {2, anyNumber, (*Session).metaGet},
	"ms": {2, anyNumber, (*Session).metaSet},
	"md": {2, anyNumber, (*Session).metaDelete},
	"ma": {2, anyNumber, (*Session).metaArithmetic},
	"me": {1, anyNumber, (*Session).metaDebug},
	"mn": {1, anyNumber, say("MN")},

	"stats":     {1, anyNumber, (*Session).stat},
	"flush_all": {1, 3, (*Session).flushAll},
	"verbosity": {2, 3, (*Session).verbosity},
	"version":   {1, anyNumber, (*Session).version},
	"quit":      {1, anyNumber, (*Session).quit},

	"cache_memlimit": {2, 3, (*Session).memlimit},
	"lru":            {2, anyNumber, say("ERROR")},
	"lru_crawler":    {1, anyNumber, (*Session).crawler},
	"slabs":          {1, anyNumber, (*Session).slabs},
	"watch":          {1, anyNumber, say("CLIENT_ERROR watch commands not allowed")},
	"shutdown":       {1, anyNumber, say("ERROR: shutdown not enabled")},
}

// command runs one line.
func (s *Session) command(text []byte) {
	words, rest := s.split(text)
	if len(words) == 0 {
		s.reply("ERROR")
		return
	}
	if get, ok := retrievals[string(words[0])]; ok {
		s.get(get, words, rest)
		return
	}
	c, ok := commands[string(words[0])]
	switch {
	case !ok:
		s.unknown(words)
	case len(words) < c.min || len(words) > c.max:
		s.reply("ERROR")
	default:
		c.run(s, words)
	}
}

// unknown answers what is no command. A browser is hung up on, as it could
// be made to send commands in what it posts.
func (s *Session) unknown(words [][]byte) {
	if extra := s.cache.Extra[string(words[0])]; extra != nil {
		s.out = append(s.out, extra()...)
		return
	}
	if bytes.HasPrefix(words[len(words)-1], []byte("HTTP/")) && !nearlyCommand(words[0]) {
		s.closed = true
		return
	}
	s.reply("ERROR")
}

// nearlyCommand reports whether memcached takes the word for a command spelled
// wrong rather than for a method of HTTP.
func nearlyCommand(word []byte) bool {
	return len(word) < 2 || word[0] == 'm' && len(word) == 2 || bytes.IndexByte([]byte("acdgist"), word[0]) >= 0
}

// say is a command that always gives the same answer.
func say(text string) func(*Session, [][]byte) {
	return func(s *Session, _ [][]byte) { s.reply(text) }
}

// mayNoreply looks for noreply as the last word.
func (s *Session) mayNoreply(words [][]byte) bool {
	s.noreply = string(words[len(words)-1]) == "noreply"
	return s.noreply
}
