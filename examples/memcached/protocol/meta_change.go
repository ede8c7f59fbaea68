package protocol

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

const (
	tooManyFlags = "CLIENT_ERROR options flags too long"
	badFlag      = "CLIENT_ERROR invalid or duplicate flag"
)

// metaDelete is md: remove an item, or mark it as stale.
func (s *Session) metaDelete(words [][]byte) {
	r, ok := s.metaStart(words, tooManyFlags, badFlag)
	if !ok {
		return
	}
	if r.opaqueTooLong() {
		s.answer(badOpaque)
		return
	}
	slot := s.cache.Store.Lock(r.key)
	code := s.remove(&r, &slot)
	slot.Unlock()
	if code == "HD" && r.quiet {
		return
	}
	s.metaShort(&r, code)
}

// metaShort answers with a code and the flags that any answer carries.
func (s *Session) metaShort(r *metaRequest, code string) {
	s.metaAnswer(func() bool {
		s.out = append(s.out, code...)
		ok := s.metaFlags(r, r.binary, nil)
		s.out = append(s.out, "\r\n"...)
		return ok
	})
}

func (s *Session) remove(r *metaRequest, slot *store.Slot) (code string) {
	switch {
	case slot.Item == nil:
		s.cache.Counters.deleted(false)
		return "NF"
	case r.hasCAS && r.cas != slot.Item.CAS:
		s.cache.Counters.deleted(false)
		return "EX"
	case r.stale:
		if r.touch {
			slot.Item.Expires = expiry(r.ttl, slot.Now)
		}
		slot.Item.Stale, slot.Item.Won = true, false
		slot.Renew()
	default:
		s.cache.Counters.deleted(true)
		slot.Delete()
	}
	return "HD"
}

// metaArithmetic is ma: count up or down.
func (s *Session) metaArithmetic(words [][]byte) {
	r, ok := s.metaStart(words, tooManyFlags, badFlag)
	if !ok {
		return
	}
	down := r.mode == 'D' || r.mode == '-'
	if !down && r.mode != 0 && r.mode != 'I' && r.mode != '+' {
		s.answer("CLIENT_ERROR invalid mode for ma M token")
		return
	}
	slot := s.cache.Store.Lock(r.key)
	defer slot.Unlock()
	digits, result := slot.Apply(store.Delta{By: r.delta, Down: down, CAS: r.cas})
	quiet := r.quiet && result == store.Changed
	created := result == store.Missing && r.vivify
	if created {
		digits = strconv.AppendUint(nil, r.initial, 10)
		if result = store.Changed; !slot.Put(&store.Item{Value: digits}) {
			result = store.NoRoom
		}
	} else {
		s.cache.Counters.counted(down, result)
	}
	s.metaCounted(&r, &slot, counted{digits, result, created, quiet})
}

// counted is what ma came to.
type counted struct {
	digits         []byte
	result         store.DeltaResult
	created, quiet bool
}

// metaCounted answers ma.
func (s *Session) metaCounted(r *metaRequest, slot *store.Slot, c counted) {
	switch c.result {
	case store.NotANumber:
		s.answer(notNumeric)
	case store.NoRoom:
		s.answer("SERVER_ERROR out of memory")
	case store.Missing:
		s.metaShort(r, "NF")
	case store.OtherVersion:
		s.metaShort(r, "EX")
	case store.Changed:
		s.metaAnswer(func() bool { return s.metaNumber(r, slot, c) })
	}
}

// metaNumber answers with the number that is now in the slot.
func (s *Session) metaNumber(r *metaRequest, slot *store.Slot, c counted) (ok bool) {
	it, before := slot.Item, len(s.out)
	if r.value {
		s.out = strconv.AppendInt(append(s.out, "VA "...), int64(len(c.digits)), 10)
	} else {
		s.out = append(s.out, "HD"...)
	}
	ok = s.metaFlags(r, r.binary, func(letter byte) {
		switch letter {
		case 'T':
			it.Expires = expiry(r.ttl, slot.Now)
		case 'N':
			if c.created {
				it.Expires = expiry(r.vivifyTTL, slot.Now)
			}
		case 'c', 't':
			s.out = appendFact(s.out, letter, it, slot.Now)
		}
	})
	s.out = append(s.out, "\r\n"...)
	if r.value {
		s.out = append(append(s.out, c.digits...), "\r\n"...)
	}
	if ok && c.quiet {
		s.out = s.out[:before]
	}
	return ok
}

// metaDebug is me: what is known about an item, for people.
func (s *Session) metaDebug(words [][]byte) {
	if len(words) < 2 || len(words[1]) > store.MaxKey {
		s.reply(badFormat)
		return
	}
	r := metaRequest{key: words[1]}
	if len(words) > 2 && string(words[2]) == "b" && r.decodeKey() != "" {
		s.reply(badFormat)
		return
	}
	s.cache.Counters.Meta.Add(1)
	slot := s.cache.Store.Lock(r.key)
	defer slot.Unlock()
	it := slot.Item
	if it == nil {
		s.reply("EN")
		return
	}
	shown := string(r.key)
	if it.BinaryKey {
		shown = base64.StdEncoding.EncodeToString(r.key)
	}
	fetched := "no"
	if it.Fetched {
		fetched = "yes"
	}
	size := store.Size(len(r.key), it.Flags, len(it.Value))
	class, _ := store.Class(size)
	s.reply(fmt.Sprintf("ME %s exp=%d la=%d cas=%d fetch=%s cls=%d size=%d",
		shown, remaining(it.Expires, slot.Now), max(0, slot.Now-it.Used)/1000, it.CAS, fetched, class, size))
}
