package protocol

import (
	"bytes"
	"math"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// Numbers are read as memcached reads them, by C's strtol and its sisters: a
// blank, such as a tab, may stand on either side, and what does not fit is cut
// or refused as there.

// number64 is an unsigned 64-bit number.
func number64(text []byte) (uint64, bool) { return store.Number(text) }

// number32 is an unsigned 32-bit number; higher bits are cut off.
func number32(text []byte) (uint32, bool) {
	n, ok := store.Number(text)
	return uint32(n), ok
}

// signed32 is a signed 32-bit number; higher bits are cut off.
func signed32(text []byte) (int32, bool) {
	digits := bytes.TrimLeft(text, "\t\n\v\f\r ")
	if magnitude, negative := bytes.CutPrefix(digits, []byte("-")); negative {
		if len(magnitude) > 0 && (magnitude[0] < '0' || magnitude[0] > '9') {
			return 0, false
		}
		n, ok := store.Number(magnitude)
		return int32(-int64(n)), ok && n <= 1<<63
	}
	n, ok := store.Number(digits)
	return int32(n), ok && n <= math.MaxInt64
}

// relativeLimit is 30 days in seconds: a larger time to live is a point in
// time, in seconds since 1970.
const relativeLimit = 60 * 60 * 24 * 30

// expiry is when an item with this time to live, as clients give it, expires
// in milliseconds since 1970; 0: never. What is negative has expired.
func expiry(ttl int32, now int64) int64 {
	switch {
	case ttl == 0:
		return 0
	case ttl < 0:
		return 1
	case ttl > relativeLimit:
		return int64(ttl) * 1000
	}
	return now + int64(ttl)*1000
}

// remaining is the time to live left in seconds, -1 for ever.
func remaining(expires, now int64) int64 {
	if expires == 0 {
		return -1
	}
	return max(0, (expires-now+999)/1000)
}
