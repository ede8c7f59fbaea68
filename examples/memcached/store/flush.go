package store

import "sync/atomic"

// flush remembers what flush_all has made invalid; such items leave when they
// are next met.
type flush struct {
	cas  atomic.Uint64 // this version and all before are gone
	past atomic.Int64  // what was stored before this time is gone
	at   atomic.Int64  // from this time on, what was stored before it is; 0: nothing is planned
}

// Flush makes all items invalid, at once or at a time in milliseconds since
// 1970. A later call takes the place of one whose time has not come.
func (s *Store) Flush(at int64) {
	now := s.Now()
	s.flush.come(now)
	if at > now {
		s.flush.at.Store(at)
		return
	}
	s.flush.at.Store(0)
	s.flush.cas.Store(s.cas.Add(1)) // as memcached does, so that versions agree
}

// come carries out what was planned, once its time has come.
func (f *flush) come(now int64) {
	if at := f.at.Load(); at != 0 && at <= now && f.at.CompareAndSwap(at, 0) {
		f.past.Store(at)
	}
}

// took reports whether the item is one of those that are gone.
func (f *flush) took(it *Item, now int64) bool {
	f.come(now)
	return it.CAS <= f.cas.Load() || it.stored < f.past.Load()
}
