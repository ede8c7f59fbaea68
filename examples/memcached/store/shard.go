package store

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// shard is a part of the store with a lock and a list of its own.
type shard struct {
	store   *Store
	noEvict bool
	limit   atomic.Int64

	mu    sync.Mutex
	items *simplelru.LRU[string, *Item]
	bytes int64
}

func newShard(s *Store, noEvict bool) *shard {
	items, err := simplelru.NewLRU[string, *Item](math.MaxInt, nil) // bounded by bytes, in fit
	if err != nil {
		panic(err) // for a size that is not positive
	}
	return &shard{store: s, noEvict: noEvict, items: items}
}

// find is the live item under the key; what has expired or was flushed is
// removed on the way.
func (sh *shard) find(key string, now int64) *Item {
	it, ok := sh.items.Peek(key)
	switch {
	case !ok:
		return nil
	case it.expired(now):
		sh.store.stats.Expired.Add(1)
	case sh.store.flush.took(it, now):
		sh.store.stats.Flushed.Add(1)
	default:
		return it
	}
	sh.drop(key, it)
	return nil
}

func (it *Item) expired(now int64) bool { return it.Expires != 0 && it.Expires <= now }

// drop removes the item.
func (sh *shard) drop(key string, it *Item) {
	sh.items.Remove(key)
	sh.account(it, -1, -cost(key, it))
}

// put stores the item under the key, in the place of old if that is not nil.
func (sh *shard) put(key string, it, old *Item, now int64) bool {
	more := cost(key, it)
	if old != nil {
		more -= cost(key, old)
		sh.items.Get(key) // to the front: it is not to make room for itself
	}
	if !sh.fit(key, more, now) {
		return false
	}
	sh.items.Add(key, it)
	if old != nil {
		sh.account(old, -1, -cost(key, old))
	}
	sh.account(it, 1, cost(key, it))
	return true
}

func (sh *shard) account(it *Item, items, bytes int64) {
	sh.bytes += bytes
	sh.store.stats.count(it, items, bytes)
}

// fit makes room, the item under the key being kept.
func (sh *shard) fit(key string, more, now int64) bool {
	for sh.bytes+more > sh.limit.Load() {
		oldest, it, ok := sh.items.GetOldest()
		if !ok || oldest == key {
			return true // alone: a shard has room for the largest item
		}
		switch {
		case it.expired(now) || sh.store.flush.took(it, now):
			sh.store.stats.reclaimed(it, cost(oldest, it))
		case sh.noEvict:
			return false
		default:
			sh.store.stats.evicted(it, cost(oldest, it))
		}
		sh.drop(oldest, it)
	}
	return true
}
