// Package store keeps memcached's items: keyed values with flags, a time to
// live and a version (cas), in a bounded amount of memory, the least recently
// used leaving first.
//
// The list and the map are simplelru's of hashicorp/golang-lru, one a shard,
// and what is added here is bytes instead of numbers as the bound, and
// memcached's own rules. Two other libraries were tried. otter (v2.4.0) evicts
// by frequency: of 30,000 items of 1 KB, stored one after another in a cache for
// 8,000 and never asked for, it kept 88 of the last thousand, while a client of
// memcached may rely on finding what it has just stored. freecache takes no item
// larger than a 1024th of its memory, which are 64 KB of memcached's default,
// where memcached takes a megabyte.
package store

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
	"time"
)

// MaxKey is the longest key in bytes.
const MaxKey = 250

// Options bound a Store. The zero value has memcached's defaults.
type Options struct {
	Bytes   int64            // memory for items; 0: 64 MB
	MaxItem int              // the largest item, by Size; 0: 1 MB
	NoEvict bool             // an item that does not fit is refused, and none is evicted
	Now     func() time.Time // nil: time.Now
}

// Store holds items. It is safe for concurrent use.
type Store struct {
	shards  []*shard // a power of two of them
	seed    maphash.Seed
	maxItem int
	limit   atomic.Int64
	now     func() time.Time
	cas     atomic.Uint64 // of the item that was stored last
	flush   flush
	stats   Stats
}

// New makes an empty Store.
func New(o Options) *Store {
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	if o.MaxItem <= 0 {
		o.MaxItem = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{seed: maphash.MakeSeed(), maxItem: o.MaxItem, now: o.Now}
	s.shards = make([]*shard, shardsFor(o.Bytes, o.MaxItem))
	for i := range s.shards {
		s.shards[i] = newShard(s, o.NoEvict)
	}
	s.SetLimit(o.Bytes)
	return s
}

// shardsFor is how many shards share the memory: few enough that each holds
// several of the largest items, so that one such does not sweep it out.
func shardsFor(bytes int64, maxItem int) int {
	const most = 32
	n := min(bytes/(8*int64(maxItem)), most)
	if n < 2 {
		return 1
	}
	return 1 << (bits.Len64(uint64(n)) - 1)
}

// SetLimit changes how much memory items may take. What is too much leaves
// when the next item comes.
func (s *Store) SetLimit(bytes int64) {
	s.limit.Store(bytes)
	each := max(bytes/int64(len(s.shards)), int64(s.maxItem)+overhead)
	for _, sh := range s.shards {
		sh.limit.Store(each)
	}
}

// Limit is how much memory items may take, in bytes.
func (s *Store) Limit() int64 { return s.limit.Load() }

// MaxItem is the size of the largest item, by Size.
func (s *Store) MaxItem() int { return s.maxItem }

// Now is the store's time in milliseconds since 1970.
func (s *Store) Now() int64 { return s.now().UnixMilli() }

func (s *Store) shardOf(key []byte) *shard {
	return s.shards[maphash.Bytes(s.seed, key)&uint64(len(s.shards)-1)]
}
