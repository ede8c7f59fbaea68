package protocol

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// retrieval is what a command of the get family does with each key.
type retrieval struct {
	withCAS, touch bool
}

var retrievals = map[string]retrieval{
	"get":  {},
	"gets": {withCAS: true},
	"gat":  {touch: true},
	"gats": {withCAS: true, touch: true},
	"bget": {}, // the ancient name of get
}

// fetch is a retrieval with the keys that are still to be looked up.
type fetch struct {
	retrieval
	busy  bool
	ttl   int32
	words [][]byte
	rest  []byte
}

// get begins a retrieval. One key that is too long spoils all of it.
func (s *Session) get(what retrieval, words [][]byte, rest []byte) {
	f := fetch{retrieval: what, busy: true, words: words[1:], rest: rest}
	if len(f.words) == 0 {
		s.reply("ERROR")
		return
	}
	if what.touch {
		ttl, ok := signed32(f.words[0])
		if !ok {
			s.reply("CLIENT_ERROR invalid exptime argument")
			return
		}
		f.ttl, f.words = ttl, f.words[1:]
	}
	if anyTooLong(f.words) || anyTooLongIn(rest) {
		s.spoiled(&f)
		return
	}
	s.keys = f
	s.fetch()
	if s.keys.busy { // the line is gone by the time that it goes on
		s.keys.keep()
	}
}

func anyTooLong(keys [][]byte) bool {
	for _, key := range keys {
		if len(key) > store.MaxKey {
			return true
		}
	}
	return false
}

func anyTooLongIn(text []byte) bool {
	run := 0
	for _, c := range text {
		if run++; c == ' ' {
			run = 0
		}
		if run > store.MaxKey {
			return true
		}
	}
	return false
}

// spoiled looks up the keys before the one that is too long, as memcached does
// before it comes to that one, and answers none.
func (s *Session) spoiled(f *fetch) {
	for begin := len(s.out); ; {
		for _, key := range f.words {
			if len(key) > store.MaxKey {
				s.reply(badFormat)
				return
			}
			s.value(f, key)
			s.out = s.out[:begin]
		}
		f.words, f.rest = s.split(f.rest)
	}
}

// keep makes the fetch independent of the line that it came from.
func (f *fetch) keep() {
	var text []byte
	for _, key := range f.words {
		text = append(append(text, key...), ' ')
	}
	f.rest = append(text, f.rest...)
	f.words = nil
}

// fetch answers key by key, until it is done or the output is enough.
func (s *Session) fetch() {
	f := &s.keys
	for len(s.out) < enough {
		if len(f.words) == 0 {
			if f.words, f.rest = s.split(f.rest); len(f.words) == 0 {
				s.keys = fetch{}
				s.answer("END")
				return
			}
		}
		s.value(f, f.words[0])
		f.words = f.words[1:]
	}
}

// value answers one key.
func (s *Session) value(f *fetch, key []byte) {
	slot := s.cache.Store.Lock(key)
	it := slot.Item
	s.count(f, it != nil)
	if it == nil {
		slot.Unlock()
		return
	}
	if f.touch {
		it.Expires = expiry(f.ttl, slot.Now)
	}
	slot.Use()
	value, flags, cas := it.Value, it.Flags, it.CAS
	slot.Unlock()
	out := append(append(s.out, "VALUE "...), key...)
	out = strconv.AppendUint(append(out, ' '), uint64(flags), 10)
	out = strconv.AppendInt(append(out, ' '), int64(len(value)), 10)
	if f.withCAS {
		out = strconv.AppendUint(append(out, ' '), cas, 10)
	}
	out = append(append(append(out, "\r\n"...), value...), "\r\n"...)
	s.out = out
}

func (s *Session) count(f *fetch, hit bool) {
	c := &s.cache.Counters
	if f.touch {
		c.touched(hit)
		return
	}
	c.got(hit)
}
