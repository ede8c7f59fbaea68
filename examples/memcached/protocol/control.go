package protocol

// The commands about the server itself.

func (s *Session) version([][]byte) { s.reply("VERSION " + s.cache.Version) }

func (s *Session) quit([][]byte) { s.closed = true }

func (s *Session) flushAll(words [][]byte) {
	bare := 1
	if s.mayNoreply(words) {
		bare = 2
	}
	s.cache.Counters.Flush.Add(1)
	var delay int32
	if len(words) != bare {
		var ok bool
		if delay, ok = signed32(words[1]); !ok {
			s.reply("CLIENT_ERROR invalid exptime argument")
			return
		}
	}
	at := int64(0)
	if delay > 0 {
		at = expiry(delay, s.cache.Store.Now())
	}
	s.cache.Store.Flush(at)
	s.reply("OK")
}

func (s *Session) verbosity(words [][]byte) {
	s.mayNoreply(words)
	level, ok := number32(words[1])
	if !ok {
		s.reply(badFormat)
		return
	}
	const most = 2
	s.cache.Verbosity.Store(int32(min(level, most)))
	s.reply("OK")
}

// memlimit changes the memory for items, in megabytes.
func (s *Session) memlimit(words [][]byte) {
	s.mayNoreply(words)
	megabytes, ok := number32(words[1])
	switch {
	case !ok:
		s.reply("ERROR")
	case megabytes < 8:
		s.reply("MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m")
	case megabytes > 1000000000:
		s.reply("MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes")
	default:
		s.cache.Store.SetLimit(int64(megabytes) << 20)
		s.reply("OK")
	}
}

// There are no slabs to move and no crawler: the answers are those of a
// memcached that runs with them turned off.

func (s *Session) slabs(words [][]byte) {
	if len(words) == 4 && string(words[1]) == "reassign" {
		s.reply("CLIENT_ERROR slab reassignment disabled")
		return
	}
	s.reply("ERROR")
}

func (s *Session) crawler(words [][]byte) {
	if len(words) == 3 && (string(words[1]) == "crawl" || string(words[1]) == "metadump") {
		s.reply("CLIENT_ERROR lru crawler disabled")
		return
	}
	s.reply("ERROR")
}
