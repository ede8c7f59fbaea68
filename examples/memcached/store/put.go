package store

// Mode is a way of storing.
type Mode uint8

// The modes.
const (
	Set     Mode = iota
	Add          // only if there is no item
	Replace      // only if there is one
	Append       // its value before the new one, whose flags and time to live are dropped
	Prepend      // likewise, behind
	CAS          // only if there is an item of this version
)

// Result is what became of it.
type Result uint8

// The results.
const (
	Stored Result = iota
	NotStored
	Exists   // the item has another version
	NotFound // there is no item to compare with
	NoMemory // nothing may be evicted for it
)

// Put is a value to be stored.
type Put struct {
	Mode      Mode
	Value     []byte // the store keeps it
	Flags     uint32
	Expires   int64 // as Item's
	BinaryKey bool

	CAS   uint64 // the version that the item should have; 0: any, but for mode CAS
	Stale bool   // store over a later version than CAS, too, and mark it as stale
}

// Put stores a value by the rules of its mode. cas is the new version if it
// was stored.
func (s *Store) Put(key []byte, p *Put) (r Result, cas uint64) {
	slot := s.Lock(key)
	defer slot.Unlock()
	if slot.Item == nil {
		r = slot.putFirst(p)
	} else {
		r = slot.putOver(p)
	}
	if r == Stored {
		cas = slot.Item.CAS
	}
	return r, cas
}

func (p *Put) item() *Item {
	return &Item{Value: p.Value, Flags: p.Flags, Expires: p.Expires, BinaryKey: p.BinaryKey}
}

func (s *Slot) putFirst(p *Put) Result {
	switch p.Mode {
	case Set, Add:
		return s.store(p.item())
	case CAS:
		s.shard.store.stats.CASMisses.Add(1)
		return NotFound
	}
	return NotStored
}

func (s *Slot) putOver(p *Put) Result {
	switch p.Mode {
	case Add:
		s.shard.items.Get(s.key) // as memcached does, a refused add refreshes the item
		return NotStored
	case Append, Prepend:
		return s.extend(p)
	case CAS:
		return s.compare(p)
	}
	return s.store(p.item())
}

func (s *Slot) store(it *Item) Result {
	if !s.Put(it) {
		s.shard.store.stats.NoMemory.Add(1)
		return NoMemory
	}
	return Stored
}

// extend appends or prepends.
func (s *Slot) extend(p *Put) Result {
	old := s.Item
	if p.CAS != 0 && p.CAS != old.CAS {
		return Exists
	}
	if Size(len(s.key), old.Flags, len(old.Value)+len(p.Value)) > s.shard.store.maxItem {
		return NotStored
	}
	head, tail := old.Value, p.Value
	if p.Mode == Prepend {
		head, tail = tail, head
	}
	value := make([]byte, 0, len(head)+len(tail))
	return s.store(&Item{Value: append(append(value, head...), tail...), Flags: old.Flags, Expires: old.Expires})
}

// compare stores if the item has the version asked for or, where a stale value
// will do, a later one.
func (s *Slot) compare(p *Put) Result {
	old, stats := s.Item, &s.shard.store.stats
	it := p.item()
	switch {
	case p.CAS != 0 && p.CAS == old.CAS:
	case p.CAS != 0 && p.Stale && p.CAS < old.CAS:
		it.Expires, it.Stale, it.Won = old.Expires, true, old.Won
	default:
		stats.CASBad.Add(1)
		return Exists
	}
	stats.CASHits.Add(1)
	return s.store(it)
}
