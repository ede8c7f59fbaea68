package protocol

import (
	"math"
	"strconv"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// metaSet is ms: its line.
func (s *Session) metaSet(words [][]byte) {
	switch {
	case len(words[1]) > store.MaxKey, len(words) < 3:
		s.answer(badFormat)
		return
	case len(words) > maxMetaWords+1:
		s.answer("CLIENT_ERROR options flags too long")
		return
	}
	length, ok := signed32(words[2])
	if !ok || length < 0 || length > math.MaxInt32-2 {
		s.answer(badFormat)
		return
	}
	d, complaint := s.metaIncoming(words, int(length))
	switch {
	case complaint != "":
		s.answer(complaint)
		s.swallow = d.length + 2
	case !s.fits(d):
		s.answer(tooLarge)
		s.refuse(d, true)
	default:
		s.data = d
	}
}

// modes are those of ms's flag M.
var modes = map[byte]store.Mode{0: store.Set, 'S': store.Set, 'E': store.Add, 'R': store.Replace, 'A': store.Append, 'P': store.Prepend}

// metaIncoming reads the flags of ms.
func (s *Session) metaIncoming(words [][]byte, length int) (d *incoming, complaint string) {
	r, complaint := parseMeta(words, 3)
	mode, known := modes[r.mode]
	switch {
	case complaint != "":
	case !known:
		complaint = "CLIENT_ERROR invalid mode for ms M token"
	case r.opaqueTooLong():
		complaint = badOpaque
	}
	if r.hasCAS && (mode == store.Set || mode == store.Replace) {
		mode = store.CAS
	}
	r.keep()
	return &incoming{key: r.key, length: length, ttl: r.ttl, noreply: r.quiet, meta: &r, put: store.Put{
		Mode: mode, Flags: r.flags, CAS: r.cas, Stale: r.stale, BinaryKey: r.binary,
	}}, complaint
}

// keep makes the request independent of the line that it came from.
func (r *metaRequest) keep() {
	r.key = clone(r.key)
	words := make([][]byte, len(r.words))
	for i, word := range r.words {
		words[i] = clone(word)
	}
	r.words = words
}

var metaResult = [...]string{store.Stored: "HD", store.NotStored: "NS", store.Exists: "EX", store.NotFound: "NF"}

// metaStored answers ms when its value has been dealt with.
func (s *Session) metaStored(d *incoming, result store.Result, cas uint64) {
	switch {
	case result == store.NoMemory:
		s.answer(outOfMemory)
		return
	case result == store.Stored && d.noreply:
		return
	}
	s.out = append(s.out, metaResult[result]...)
	s.metaFlags(d.meta, d.meta.binary, func(letter byte) {
		if letter == 'c' {
			s.out = strconv.AppendUint(append(s.out, " c"...), cas, 10)
		}
	})
	s.out = append(s.out, "\r\n"...)
}
