package store

// Item is what is kept under a key. The bytes of its Value never change once
// it is stored, so that they may be read after the slot is unlocked.
type Item struct {
	Value   []byte
	Flags   uint32 // the client's own
	CAS     uint64 // the version, from 1 on
	Expires int64  // in milliseconds since 1970; 0: never
	Used    int64  // when it was last asked for or stored, likewise
	stored  int64

	BinaryKey bool // the key was given as base64, and is shown so
	Fetched   bool // it has been asked for
	Stale     bool // its value should be made anew
	Won       bool // a client has been told to do so
}

// overhead is what an item takes besides key and value: itself, its place in
// the list and in the map.
const overhead = 232

// cost is the memory that an item takes here.
func cost(key string, it *Item) int64 { return overhead + int64(len(key)+len(it.Value)) }

// Size is the memory that memcached counts for an item, by which it decides
// whether one is too large: a header, the cas, the key and its NUL, the
// client's flags if there are any, and the value with its line end.
func Size(key int, flags uint32, value int) int {
	const header, cas, lineEnd = 48, 8, 2
	n := header + cas + key + 1 + value + lineEnd
	if flags != 0 {
		n += 4
	}
	return n
}

// largestChunk is the largest piece of memory that memcached keeps an item in;
// larger ones are kept in several.
const largestChunk = 512 << 10

// Class is the slab class in which memcached keeps an item of this size, and
// that class's chunk. Classes grow by a factor of 1.25.
func Class(size int) (class, chunk int) {
	const first, align = 96, 8
	chunk = first
	for class = 1; chunk < largestChunk*4/5; class++ {
		chunk = (chunk + align - 1) / align * align
		if size <= chunk {
			return class, chunk
		}
		chunk = chunk * 5 / 4
	}
	return class, largestChunk
}
