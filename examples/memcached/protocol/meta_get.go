package protocol

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// metaGet is mg: an item, or what the flags ask about it.
func (s *Session) metaGet(words [][]byte) {
	r, ok := s.metaStart(words, "CLIENT_ERROR options flags are too long", "")
	if !ok {
		return
	}
	slot := s.cache.Store.Lock(r.key)
	defer slot.Unlock()
	found := slot.Item != nil
	won := false
	if !found && r.vivify {
		won = slot.Put(&store.Item{})
	}
	s.countMetaGet(&r, slot.Item != nil)
	s.metaAnswer(func() bool {
		if slot.Item == nil {
			return s.metaMiss(&r)
		}
		return s.metaHit(&r, &slot, won)
	})
	if slot.Item != nil && !r.noBump {
		slot.Use()
	}
}

func (s *Session) countMetaGet(r *metaRequest, hit bool) {
	if r.touch {
		s.cache.Counters.touched(hit)
		return
	}
	s.cache.Counters.got(hit)
}

func (s *Session) metaMiss(r *metaRequest) (ok bool) {
	before := len(s.out)
	s.out = append(s.out, "EN"...)
	ok = s.metaFlags(r, r.binary, nil)
	s.out = append(s.out, "\r\n"...)
	if ok && r.quiet {
		s.out = s.out[:before]
	}
	return ok
}

// metaHit answers with the slot's item. created tells that it was just made
// for this client to fill.
func (s *Session) metaHit(r *metaRequest, slot *store.Slot, created bool) (ok bool) {
	it, won := slot.Item, created
	if r.value {
		s.out = strconv.AppendInt(append(s.out, "VA "...), int64(len(it.Value)), 10)
	} else {
		s.out = append(s.out, "HD"...)
	}
	ok = s.metaFlags(r, it.BinaryKey, func(letter byte) {
		switch letter {
		case 'T':
			it.Expires = expiry(r.ttl, slot.Now)
		case 'N':
			if created {
				it.Expires = expiry(r.vivifyTTL, slot.Now)
			}
		case 'R':
			early := it.Expires != 0 && remaining(it.Expires, slot.Now) < remaining(expiry(r.recacheTTL, slot.Now), slot.Now)
			won = won || early && !created && !it.Won
		default:
			s.out = appendFact(s.out, letter, it, slot.Now)
		}
	})
	if !ok {
		return false
	}
	s.metaMarks(it, won)
	s.out = append(s.out, "\r\n"...)
	if r.value {
		s.out = append(append(s.out, it.Value...), "\r\n"...)
	}
	return true
}

// appendFact answers a flag that asks about the item.
func appendFact(out []byte, letter byte, it *store.Item, now int64) []byte {
	var n int64
	switch letter {
	case 's':
		n = int64(len(it.Value))
	case 't':
		n = remaining(it.Expires, now)
	case 'c':
		return strconv.AppendUint(append(out, " c"...), it.CAS, 10)
	case 'f':
		n = int64(it.Flags)
	case 'l':
		n = max(0, now-it.Used) / 1000
	case 'h':
		if it.Fetched {
			n = 1
		}
	default:
		return out
	}
	return strconv.AppendInt(append(out, ' ', letter), n, 10)
}

// metaMarks says whether the item is stale, and who is to make it anew: W you,
// Z another client that has been told so.
func (s *Session) metaMarks(it *store.Item, won bool) {
	if it.Won {
		s.out = append(s.out, " Z"...)
	}
	if it.Stale {
		s.out = append(s.out, " X"...)
		won = won || !it.Won
	}
	if won {
		s.out = append(s.out, " W"...)
		it.Won = true
	}
}
