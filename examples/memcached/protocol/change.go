package protocol

import (
	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// The commands that change an item in its place, or remove it.

func (s *Session) incr(words [][]byte) { s.arithmetic(words, false) }
func (s *Session) decr(words [][]byte) { s.arithmetic(words, true) }

const notNumeric = "CLIENT_ERROR cannot increment or decrement non-numeric value"

func (s *Session) arithmetic(words [][]byte, down bool) {
	s.mayNoreply(words)
	if len(words[1]) > store.MaxKey {
		s.reply(badFormat)
		return
	}
	by, ok := number64(words[2])
	if !ok {
		s.reply("CLIENT_ERROR invalid numeric delta argument")
		return
	}
	slot := s.cache.Store.Lock(words[1])
	digits, result := slot.Apply(store.Delta{By: by, Down: down})
	slot.Unlock()
	s.cache.Counters.counted(down, result)
	switch result {
	case store.Changed:
		s.reply(string(digits))
	case store.Missing:
		s.reply("NOT_FOUND")
	case store.NotANumber:
		s.reply(notNumeric)
	case store.NoRoom:
		s.reply("SERVER_ERROR out of memory")
	}
}

// delete takes, besides noreply, a 0: once the time for which the key was to
// stay locked.
func (s *Session) delete(words [][]byte) {
	if len(words) > 2 && !s.deleteArguments(words) {
		s.reply(badFormat + ".  Usage: delete <key> [noreply]")
		return
	}
	if len(words[1]) > store.MaxKey {
		s.reply(badFormat)
		return
	}
	slot := s.cache.Store.Lock(words[1])
	found := slot.Item != nil
	slot.Delete()
	slot.Unlock()
	s.cache.Counters.deleted(found)
	if found {
		s.reply("DELETED")
	} else {
		s.reply("NOT_FOUND")
	}
}

func (s *Session) deleteArguments(words [][]byte) bool {
	zero := string(words[2]) == "0"
	quiet := s.mayNoreply(words)
	if len(words) == 3 {
		return zero || quiet
	}
	return zero && quiet
}

func (s *Session) touch(words [][]byte) {
	s.mayNoreply(words)
	if len(words[1]) > store.MaxKey {
		s.reply(badFormat)
		return
	}
	ttl, ok := signed32(words[2])
	if !ok {
		s.reply("CLIENT_ERROR invalid exptime argument")
		return
	}
	slot := s.cache.Store.Lock(words[1])
	found := slot.Item != nil
	if found {
		slot.Item.Expires = expiry(ttl, slot.Now)
		slot.Use()
	}
	slot.Unlock()
	s.cache.Counters.touched(found)
	if found {
		s.reply("TOUCHED")
	} else {
		s.reply("NOT_FOUND")
	}
}
