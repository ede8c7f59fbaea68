package store

import "unsafe"

// Slot is the place of one key, locked: between Lock and Unlock nobody else
// sees or changes what is in it.
type Slot struct {
	Item *Item // nil if there is none
	Now  int64 // the time at which it was looked at, in milliseconds since 1970

	shard *shard
	key   string // the caller's bytes, valid until Unlock
}

// Lock locks the key's slot. The key must not change until Unlock.
func (s *Store) Lock(key []byte) Slot {
	sh := s.shardOf(key)
	slot := Slot{shard: sh, Now: s.Now()}
	if len(key) > 0 {
		slot.key = unsafe.String(&key[0], len(key)) // saves a copy a lookup; Put makes one to keep
	}
	sh.mu.Lock()
	slot.Item = sh.find(slot.key, slot.Now)
	return slot
}

// Unlock lets others at it. Of the slot's Item only the Value may be used then.
func (s *Slot) Unlock() { s.shard.mu.Unlock() }

// Use marks the item as asked for now.
func (s *Slot) Use() {
	s.shard.items.Get(s.key) // to the front of the list
	s.Item.Used = s.Now
	s.Item.Fetched = true
}

// Put stores the item with a new version. It reports whether there was room.
func (s *Slot) Put(it *Item) bool {
	it.CAS = s.shard.store.cas.Add(1)
	it.Used, it.stored = s.Now, s.Now
	if !s.shard.put(string([]byte(s.key)), it, s.Item, s.Now) {
		return false
	}
	s.shard.store.stats.Total.Add(1)
	s.Item = it
	return true
}

// Renew gives the item a new version, as its meaning has changed.
func (s *Slot) Renew() { s.Item.CAS = s.shard.store.cas.Add(1) }

// Delete removes the item, if there is one.
func (s *Slot) Delete() {
	if s.Item != nil {
		s.shard.drop(s.key, s.Item)
		s.Item = nil
	}
}
