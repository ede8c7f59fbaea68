package protocol

import (
	"fmt"
)

// stat is the command stats. There are no slabs: the classes are those in which
// memcached would keep the items.
func (s *Session) stat(words [][]byte) {
	if len(words) == 1 {
		s.general()
		return
	}
	switch string(words[1]) {
	case "settings":
		s.server(StatsSettings)
	case "conns":
		s.server(StatsConnections)
	case "items":
		s.items()
	case "slabs":
		s.slabStats()
	case "sizes":
		s.add("sizes_status", "disabled")
	case "reset":
		s.cache.Counters.Reset()
		s.cache.Store.Stats().Reset()
		if s.cache.Server != nil {
			s.cache.Server(StatsReset, nil)
		}
		s.reply("RESET")
		return
	case "detail":
		s.detail(words)
		return
	case "cachedump":
		s.reply("CLIENT_ERROR stats cachedump not allowed")
		return
	default:
		s.reply("ERROR")
		return
	}
	s.answer("END")
}

// add answers with one statistic.
func (s *Session) add(name string, value any) {
	s.out = fmt.Appendf(s.out, "STAT %s %v\r\n", name, value)
}

func (s *Session) server(kind StatsKind) {
	if s.cache.Server != nil {
		s.cache.Server(kind, s.add)
	}
}

// general has memcached's names, in its order.
func (s *Session) general() {
	s.server(StatsGeneral)
	c, st := &s.cache.Counters, s.cache.Store.Stats()
	for _, line := range []struct {
		name  string
		value any
	}{
		{"cmd_get", c.Get.Load()}, {"cmd_set", c.Set.Load()}, {"cmd_flush", c.Flush.Load()},
		{"cmd_touch", c.Touch.Load()}, {"cmd_meta", c.Meta.Load()},
		{"get_hits", c.GetHits.Load()}, {"get_misses", c.GetMisses.Load()},
		{"get_expired", st.Expired.Load()}, {"get_flushed", st.Flushed.Load()},
		{"delete_misses", c.DeleteMisses.Load()}, {"delete_hits", c.DeleteHits.Load()},
		{"incr_misses", c.IncrMisses.Load()}, {"incr_hits", c.IncrHits.Load()},
		{"decr_misses", c.DecrMisses.Load()}, {"decr_hits", c.DecrHits.Load()},
		{"cas_misses", st.CASMisses.Load()}, {"cas_hits", st.CASHits.Load()}, {"cas_badval", st.CASBad.Load()},
		{"touch_hits", c.TouchHits.Load()}, {"touch_misses", c.TouchMisses.Load()},
		{"store_too_large", c.TooLarge.Load()}, {"store_no_memory", st.NoMemory.Load()},
		{"bytes_read", c.BytesRead.Load()}, {"bytes_written", c.BytesWritten.Load()},
		{"limit_maxbytes", s.cache.Store.Limit()},
		{"bytes", st.Bytes.Load()}, {"curr_items", st.Items.Load()}, {"total_items", st.Total.Load()},
		{"evicted_unfetched", st.EvictedUnfetched.Load()}, {"evictions", st.Evicted.Load()}, {"reclaimed", st.Reclaimed.Load()},
	} {
		s.add(line.name, line.value)
	}
	s.answer("END")
}

func (s *Session) items() {
	for _, c := range s.cache.Store.Stats().Classes() {
		for _, line := range []struct {
			name  string
			value any
		}{
			{"number", c.Items}, {"mem_requested", c.Bytes}, {"evicted", c.Evicted}, {"evicted_nonzero", c.EvictedNonzero},
			{"reclaimed", c.Reclaimed}, {"evicted_unfetched", c.EvictedUnfetched},
		} {
			s.add(fmt.Sprintf("items:%d:%s", c.Class, line.name), line.value)
		}
	}
}

func (s *Session) slabStats() {
	classes := s.cache.Store.Stats().Classes()
	var bytes int64
	for _, c := range classes {
		bytes += c.Bytes
		s.add(fmt.Sprintf("%d:chunk_size", c.Class), c.Chunk)
		s.add(fmt.Sprintf("%d:used_chunks", c.Class), c.Items)
		s.add(fmt.Sprintf("%d:mem_requested", c.Class), c.Bytes)
	}
	s.add("active_slabs", len(classes))
	s.add("total_malloced", bytes)
}

// detail would count by the prefixes of keys, which is always off here.
func (s *Session) detail(words [][]byte) {
	if len(words) < 3 {
		s.reply("CLIENT_ERROR usage: stats detail on|off|dump")
		return
	}
	switch string(words[2]) {
	case "off":
		s.reply("OK")
	case "dump":
		s.reply("END")
	case "on":
		s.reply("CLIENT_ERROR stats detail not allowed")
	default:
		s.reply("CLIENT_ERROR usage: stats detail on|off|dump")
	}
}
