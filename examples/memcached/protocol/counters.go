package protocol

import (
	"sync/atomic"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// Counters count commands, and what became of them.
type Counters struct {
	Get, Set, Flush, Touch, Meta atomic.Uint64
	GetHits, GetMisses           atomic.Uint64
	DeleteHits, DeleteMisses     atomic.Uint64
	IncrHits, IncrMisses         atomic.Uint64
	DecrHits, DecrMisses         atomic.Uint64
	TouchHits, TouchMisses       atomic.Uint64
	TooLarge                     atomic.Uint64
	BytesRead, BytesWritten      atomic.Uint64 // by whoever carries the session's bytes
}

// Reset sets all of them to zero.
func (c *Counters) Reset() {
	for _, n := range []*atomic.Uint64{&c.Get, &c.Set, &c.Flush, &c.Touch, &c.Meta, &c.GetHits, &c.GetMisses,
		&c.DeleteHits, &c.DeleteMisses, &c.IncrHits, &c.IncrMisses, &c.DecrHits, &c.DecrMisses,
		&c.TouchHits, &c.TouchMisses, &c.TooLarge, &c.BytesRead, &c.BytesWritten} {
		n.Store(0)
	}
}

func (c *Counters) got(hit bool) {
	c.Get.Add(1)
	either(hit, &c.GetHits, &c.GetMisses)
}

func (c *Counters) touched(hit bool) {
	c.Touch.Add(1)
	either(hit, &c.TouchHits, &c.TouchMisses)
}

func (c *Counters) deleted(hit bool) { either(hit, &c.DeleteHits, &c.DeleteMisses) }

func (c *Counters) counted(down bool, r store.DeltaResult) {
	if r != store.Changed && r != store.Missing {
		return
	}
	hits, misses := &c.IncrHits, &c.IncrMisses
	if down {
		hits, misses = &c.DecrHits, &c.DecrMisses
	}
	either(r == store.Changed, hits, misses)
}

func either(first bool, a, b *atomic.Uint64) {
	if !first {
		a = b
	}
	a.Add(1)
}
