package protocol

import (
	"math"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// incoming is a value that is being received.
type incoming struct {
	key     []byte
	put     store.Put
	ttl     int32
	length  int // of the value, without its line end
	noreply bool
	meta    *metaRequest // of ms; nil for the text protocol

	received []byte // with the line end
}

// update is a storage command: its line.
func update(mode store.Mode) func(*Session, [][]byte) {
	return func(s *Session, words [][]byte) {
		s.mayNoreply(words)
		flags, ok1 := number32(words[2])
		ttl, ok2 := signed32(words[3])
		length, ok3 := signed32(words[4])
		var cas uint64
		ok4 := true
		if mode == store.CAS {
			cas, ok4 = number64(words[5])
		}
		if len(words[1]) > store.MaxKey || !ok1 || !ok2 || !ok3 || !ok4 || length < 0 || length > math.MaxInt32-2 {
			s.reply(badFormat)
			return
		}
		d := &incoming{key: clone(words[1]), ttl: ttl, length: int(length), noreply: s.noreply,
			put: store.Put{Mode: mode, Flags: flags, CAS: cas}}
		if !s.fits(d) {
			s.reply(tooLarge)
			s.refuse(d, mode == store.Set)
			return
		}
		s.data = d
	}
}

const tooLarge = "SERVER_ERROR object too large for cache"

// fits reports whether the item is no larger than one may be.
func (s *Session) fits(d *incoming) bool {
	return store.Size(len(d.key), d.put.Flags, d.length) <= s.cache.Store.MaxItem()
}

// refuse drops the value that follows, and the item that it was to replace, as
// that is out of date.
func (s *Session) refuse(d *incoming, forget bool) {
	s.cache.Counters.TooLarge.Add(1)
	s.swallow = d.length + 2
	if !forget {
		return
	}
	slot := s.cache.Store.Lock(d.key)
	slot.Delete()
	slot.Unlock()
}

// firstPiece is how much is taken on trust: a client that announces a large
// value gets memory for it once it has sent as much.
const firstPiece = 32 << 10

// receive takes a piece of the value, and stores it when it is whole.
func (s *Session) receive(in []byte) (n int, goes bool) {
	d := s.data
	whole := d.length + 2
	n = min(whole-len(d.received), len(in))
	if n == 0 {
		return 0, false
	}
	if len(d.received)+n > cap(d.received) {
		size := min(whole, max(firstPiece, n))
		if len(d.received)+n > size {
			size = whole
		}
		d.received = append(make([]byte, 0, size), d.received...)
	}
	d.received = append(d.received, in[:n]...)
	if len(d.received) == whole {
		s.data = nil
		s.complete(d)
	}
	return n, true
}

// complete stores what has been received.
func (s *Session) complete(d *incoming) {
	s.noreply = d.noreply
	s.cache.Counters.Set.Add(1)
	value, end := d.received[:d.length], d.received[d.length:]
	if string(end) != "\r\n" {
		if d.meta != nil {
			s.noreply = false
		}
		s.reply("CLIENT_ERROR bad data chunk")
		return
	}
	d.put.Value = value
	d.put.Expires = expiry(d.ttl, s.cache.Store.Now())
	result, cas := s.cache.Store.Put(d.key, &d.put)
	if d.meta != nil {
		s.metaStored(d, result, cas)
		return
	}
	s.reply(resultText[result])
}

var resultText = [...]string{
	store.Stored:    "STORED",
	store.NotStored: "NOT_STORED",
	store.Exists:    "EXISTS",
	store.NotFound:  "NOT_FOUND",
	store.NoMemory:  outOfMemory,
}

const outOfMemory = "SERVER_ERROR out of memory storing object"

func clone(b []byte) []byte { return append([]byte(nil), b...) }
