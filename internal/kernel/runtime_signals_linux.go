package kernel

import (
	"debug/elf"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is a workaround. Go's runtime saves the dispositions and the
// signal mask that the process was started with, in runtime.fwdSig and
// runtime.initSigmask (runtime/signal_unix.go:initsig, runtime/proc.go), and
// has no function that tells them; the linker refuses other packages' names
// for them. Our own symbol table says where they are. A test compares the
// result with what the parent set.

// anchor is a variable whose address we know twice: from the symbol table and
// from Go. The difference is where the program was loaded, and a table that is
// not ours has no anchor.
var anchor byte

const anchorName = "github.com/narrow-sandbox/narrow/internal/kernel.anchor"

// runtimeSignals reads the runtime's record; false if it cannot be found.
func runtimeSignals() (ignored uint64, blocked [16]byte, ok bool) {
	table, err := symbolsOf("/proc/self/exe")
	if err != nil {
		return 0, blocked, false
	}
	defer table.close()
	base, ok0 := table.find(anchorName)
	handlers, ok1 := table.find("runtime.fwdSig")
	mask, ok2 := table.find("runtime.initSigmask")
	if !ok0 || !ok1 || !ok2 || handlers.size < (lastSignal+1)*uint64(word) || mask.size < uint64(sigsetSize()) {
		return 0, blocked, false
	}
	load := uintptr(unsafe.Pointer(&anchor)) - uintptr(base.value)
	for sig := 1; sig <= lastSignal; sig++ {
		if *peek[uintptr](load + uintptr(handlers.value) + uintptr(sig)*word) == sigIgnore {
			ignored |= 1 << (sig - 1)
		}
	}
	for i := range sigsetSize() {
		blocked[i] = *peek[byte](load + uintptr(mask.value) + i)
	}
	return ignored, blocked, true
}

// peek makes a pointer of an address in a variable of this program. The
// detour is for vet: an address from a symbol table is no pointer arithmetic.
func peek[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// symbolTable is an ELF file's, in memory.
type symbolTable struct {
	file            []byte
	header          elf.FileHeader
	symbols, strtab []byte
}

func (t *symbolTable) close() { _ = unix.Munmap(t.file) }

// symbolsOf maps an ELF file and finds its symbol table.
func symbolsOf(path string) (*symbolTable, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, err
	}
	symtab := e.SectionByType(elf.SHT_SYMTAB)
	if symtab == nil || int(symtab.Link) >= len(e.Sections) {
		return nil, elf.ErrNoSymbols
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	t := &symbolTable{file: file, header: e.FileHeader}
	t.symbols = within(file, symtab)
	t.strtab = within(file, e.Sections[symtab.Link])
	return t, nil
}

// within is a section's bytes, or none if they lie outside the file.
func within(file []byte, s *elf.Section) []byte {
	if s.Offset > uint64(len(file)) || s.FileSize > uint64(len(file))-s.Offset {
		return nil
	}
	return file[s.Offset : s.Offset+s.FileSize]
}

type symbol struct{ value, size uint64 }

// find looks a variable up.
func (t *symbolTable) find(name string) (symbol, bool) {
	order := t.header.ByteOrder
	size, info := elf.Sym64Size, 4
	if t.header.Class == elf.ELFCLASS32 {
		size, info = elf.Sym32Size, 12
	}
	for s := t.symbols; len(s) >= size; s = s[size:] {
		if elf.ST_TYPE(s[info]) != elf.STT_OBJECT || !t.isAt(order.Uint32(s), name) {
			continue
		}
		if t.header.Class == elf.ELFCLASS32 {
			return symbol{uint64(order.Uint32(s[4:])), uint64(order.Uint32(s[8:]))}, true
		}
		return symbol{order.Uint64(s[8:]), order.Uint64(s[16:])}, true
	}
	return symbol{}, false
}

// isAt reports whether the string at a place is the name.
func (t *symbolTable) isAt(at uint32, name string) bool {
	end := uint64(at) + uint64(len(name))
	return end < uint64(len(t.strtab)) && t.strtab[end] == 0 && string(t.strtab[at:end]) == name
}
