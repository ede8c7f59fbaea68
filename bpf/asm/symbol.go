package asm

import (
	"bytes"
	"hash/maphash"

	"github.com/narrow-sandbox/narrow/bpf"
)

// symbol is a label's name.
type symbol struct {
	start   int32 // offset in the source of a place where it is named
	size    int32 // of its name in bytes
	line    int32 // index in lines of the instruction that it stands before; undefined if none
	defined int32 // offset of its definition
	used    bool
}

const undefined = -1

// symbolTable finds symbols by their names. It is a hash table of indices that
// keeps no copy of a name, which halves the time to assemble.
type symbolTable struct {
	source  []byte
	symbols []symbol
	slots   []slot // a power of two of them, at most half used
	seed    maphash.Seed
}

// slot holds a symbol's index plus one, or 0, and some bits of its hash.
type slot struct {
	hash  uint32
	index int32
}

func newSymbolTable(source []byte) symbolTable {
	size := 64
	for size < len(source)/32 && size < bpf.MAXINSNS {
		size *= 2
	}
	return symbolTable{
		source:  source,
		symbols: make([]symbol, 0, size),
		slots:   make([]slot, 2*size),
		seed:    maphash.MakeSeed(),
	}
}

// name returns a symbol's name.
func (t *symbolTable) name(s *symbol) []byte { return t.source[s.start : s.start+s.size] }

// find returns the index of a name, or where it belongs.
func (t *symbolTable) find(name []byte) (index int32, at int, hash uint32) {
	hash = uint32(maphash.Bytes(t.seed, name))
	mask := len(t.slots) - 1
	for at = int(hash) & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s.index == 0 {
			return undefined, at, hash
		}
		if s.hash == hash && bytes.Equal(t.name(&t.symbols[s.index-1]), name) {
			return s.index - 1, at, hash
		}
	}
}

// intern returns the index of the name at an offset of the source, which is new
// or known. It is undefined for a new one that cannot be a label.
func (t *symbolTable) intern(start, end int) int32 {
	name := t.source[start:end]
	index, at, hash := t.find(name)
	if index != undefined || reserved(name) != "" {
		return index
	}
	t.symbols = append(t.symbols, symbol{start: int32(start), size: int32(end - start), line: undefined})
	t.slots[at] = slot{hash, int32(len(t.symbols))}
	if 2*len(t.symbols) > len(t.slots) {
		t.grow()
	}
	return int32(len(t.symbols)) - 1
}

// grow doubles the slots.
func (t *symbolTable) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	mask := len(t.slots) - 1
	for _, s := range old {
		if s.index == 0 {
			continue
		}
		at := int(s.hash) & mask
		for t.slots[at].index != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = s
	}
}
