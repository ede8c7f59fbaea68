package store

import "sync/atomic"

// Stats are what the store counts. The counters may be read at any time.
type Stats struct {
	Items, Bytes atomic.Int64 // now
	Total        atomic.Uint64

	Evicted, EvictedUnfetched atomic.Uint64 // for want of memory; of them, those never asked for
	Reclaimed                 atomic.Uint64 // for want of memory, but no longer valid
	Expired, Flushed          atomic.Uint64 // found so when asked for

	CASMisses, CASHits, CASBad atomic.Uint64
	NoMemory                   atomic.Uint64

	classes [maxClass + 1]classStats
}

// maxClass is the last slab class.
const maxClass = 39

type classStats struct {
	items, bytes                                         atomic.Int64
	evicted, evictedUnfetched, evictedNonzero, reclaimed atomic.Uint64
}

// Stats are the counters of the store.
func (s *Store) Stats() *Stats { return &s.stats }

// Reset sets those to zero that count events.
func (s *Stats) Reset() {
	for _, c := range []*atomic.Uint64{&s.Total, &s.Evicted, &s.EvictedUnfetched, &s.Reclaimed,
		&s.Expired, &s.Flushed, &s.CASMisses, &s.CASHits, &s.CASBad, &s.NoMemory} {
		c.Store(0)
	}
	for i := range s.classes {
		c := &s.classes[i]
		for _, n := range []*atomic.Uint64{&c.evicted, &c.evictedUnfetched, &c.evictedNonzero, &c.reclaimed} {
			n.Store(0)
		}
	}
}

// classOf is the counters of the class that an item of this cost is in.
func (s *Stats) classOf(it *Item, cost int64) *classStats {
	class, _ := Class(Size(0, it.Flags, int(cost-overhead)))
	return &s.classes[min(class, maxClass)]
}

func (s *Stats) count(it *Item, items, bytes int64) {
	s.Items.Add(items)
	s.Bytes.Add(bytes)
	c := s.classOf(it, max(bytes, -bytes))
	c.items.Add(items)
	c.bytes.Add(bytes)
}

func (s *Stats) evicted(it *Item, cost int64) {
	c := s.classOf(it, cost)
	s.Evicted.Add(1)
	c.evicted.Add(1)
	if !it.Fetched {
		s.EvictedUnfetched.Add(1)
		c.evictedUnfetched.Add(1)
	}
	if it.Expires != 0 {
		c.evictedNonzero.Add(1)
	}
}

func (s *Stats) reclaimed(it *Item, cost int64) {
	s.Reclaimed.Add(1)
	s.classOf(it, cost).reclaimed.Add(1)
}

// ClassStats is how many items of a slab class there are, their memory, and
// what became of others.
type ClassStats struct {
	Class, Chunk                                         int
	Items, Bytes                                         int64
	Evicted, EvictedUnfetched, EvictedNonzero, Reclaimed uint64
}

// Classes are the slab classes that hold items, in order.
func (s *Stats) Classes() []ClassStats {
	var all []ClassStats
	for class := range s.classes {
		c := &s.classes[class]
		if n := c.items.Load(); n > 0 {
			all = append(all, ClassStats{class, chunkOf(class), n, c.bytes.Load(),
				c.evicted.Load(), c.evictedUnfetched.Load(), c.evictedNonzero.Load(), c.reclaimed.Load()})
		}
	}
	return all
}

func chunkOf(class int) int {
	size := 1
	for {
		c, chunk := Class(size)
		if c >= class {
			return chunk
		}
		size = chunk + 1
	}
}
