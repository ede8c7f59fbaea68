package protocol

import (
	"encoding/base64"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// metaRequest is a meta command's key and flags.
type metaRequest struct {
	words  [][]byte // all flags as they came, after the key (and ms's length): answers keep their order
	key    []byte   // decoded
	binary bool     // it came as base64

	quiet, value, noBump, stale    bool
	hasCAS, vivify, touch, recache bool
	ttl, vivifyTTL, recacheTTL     int32
	flags                          uint32
	cas, delta, initial            uint64
	mode                           byte
}

// maxMetaWords is how many words a meta command may have.
const maxMetaWords = 18

const (
	badToken  = "CLIENT_ERROR bad token in command line format"
	badOpaque = "CLIENT_ERROR opaque token too long"
)

// maxOpaque is the longest opaque token with its O.
const maxOpaque = 32

// parseMeta reads the flags that begin at words[first]. An empty complaint is
// none. The flags of a command that is refused are as far as they were read.
func parseMeta(words [][]byte, first int) (r metaRequest, complaint string) {
	r = metaRequest{words: words[first:], key: words[1], delta: 1}
	var seen [127]bool
	bad := ""
	for _, word := range r.words {
		if word[0] >= 127 || seen[word[0]] {
			return r, "CLIENT_ERROR duplicate flag"
		}
		seen[word[0]] = true
		text, known := r.flag(word[0], word[1:])
		if !known {
			return r, "CLIENT_ERROR invalid flag"
		}
		if text != "" && (text != badFormat || bad == "") {
			bad = text
		}
	}
	return r, bad
}

// flag reads one flag. known is false for a letter that none has.
func (r *metaRequest) flag(letter byte, token []byte) (complaint string, known bool) {
	switch letter {
	case 'O', 'P', 'L', 'k', 's', 't', 'c', 'f', 'l', 'h':
	case 'b':
		return r.decodeKey(), true
	case 'q':
		r.quiet = true
	case 'v':
		r.value = true
	case 'u':
		r.noBump = true
	case 'I':
		r.stale = true
	case 'N':
		r.vivify = true
		return ttl(token, &r.vivifyTTL), true
	case 'T':
		r.touch = true
		return ttl(token, &r.ttl), true
	case 'R':
		r.recache = true
		return ttl(token, &r.recacheTTL), true
	case 'F':
		return number(token, &r.flags, number32, badFormat), true
	case 'C':
		r.hasCAS = true
		return number(token, &r.cas, number64, badToken), true
	case 'J':
		return number(token, &r.initial, number64, "CLIENT_ERROR invalid numeric initial value"), true
	case 'D':
		return number(token, &r.delta, number64, "CLIENT_ERROR invalid numeric delta value"), true
	case 'M':
		if len(token) != 1 {
			return "CLIENT_ERROR incorrect length for M token", true
		}
		r.mode = token[0]
	default:
		return "", false
	}
	return "", true
}

func ttl(token []byte, to *int32) (complaint string) {
	return number(token, to, signed32, badToken)
}

// number reads a number into to.
func number[T any](token []byte, to *T, read func([]byte) (T, bool), otherwise string) (complaint string) {
	n, ok := read(token)
	if !ok {
		return otherwise
	}
	*to = n
	return ""
}

func (r *metaRequest) decodeKey() (complaint string) {
	r.binary = true
	key := make([]byte, base64.StdEncoding.DecodedLen(len(r.key)))
	n, err := base64.StdEncoding.Decode(key, r.key)
	if err != nil || n == 0 {
		return "CLIENT_ERROR error decoding key"
	}
	r.key = key[:n]
	return ""
}

// opaqueTooLong reports whether the request has such a token.
func (r *metaRequest) opaqueTooLong() bool {
	for _, word := range r.words {
		if word[0] == 'O' && len(word) > maxOpaque {
			return true
		}
	}
	return false
}

// metaFlags appends what answers the flags O and k, and what more knows of the
// others, in their order. It stops at an opaque token that is too long.
func (s *Session) metaFlags(r *metaRequest, binary bool, more func(letter byte)) (ok bool) {
	for _, word := range r.words {
		switch word[0] {
		case 'O':
			if len(word) > maxOpaque {
				return false
			}
			s.out = append(append(s.out, ' '), word...)
		case 'k':
			s.out = appendKey(append(s.out, " k"...), r.key, binary)
		default:
			if more != nil {
				more(word[0])
			}
		}
	}
	return true
}

// metaAnswer answers by write, whose output is dropped for an error if it
// meets an opaque token that is too long; what it has changed stays changed,
// as in memcached.
func (s *Session) metaAnswer(write func() (ok bool)) {
	before := len(s.out)
	if !write() {
		s.out = s.out[:before]
		s.answer(badOpaque)
	}
}

func appendKey(out, key []byte, binary bool) []byte {
	if !binary {
		return append(out, key...)
	}
	return append(base64.StdEncoding.AppendEncode(out, key), " b"...)
}

// metaStart reads a meta command of one line and answers what is wrong with it.
func (s *Session) metaStart(words [][]byte, tooMany, anyComplaint string) (r metaRequest, ok bool) {
	if len(words[1]) > store.MaxKey {
		s.answer(badFormat)
		return r, false
	}
	if len(words) > maxMetaWords+1 {
		s.answer(tooMany)
		return r, false
	}
	r, complaint := parseMeta(words, 2)
	if complaint != "" && anyComplaint != "" {
		complaint = anyComplaint
	}
	if complaint != "" {
		s.answer(complaint)
	}
	return r, complaint == ""
}
