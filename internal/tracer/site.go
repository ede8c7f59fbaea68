package tracer

import (
	"debug/elf"
	"fmt"
	"sort"
)

// Site is a place in a program's code.
type Site struct {
	Module string // the base name of the file; "" if the code is in none
	Offset uint64 // from where the file was loaded; the address if in none
	Symbol string // of the function, as far as the file has names
	Within uint64 // from the symbol's start
}

// String is the site as module+offset, with the symbol where there is one.
func (s Site) String() string {
	if s.Module == "" {
		return fmt.Sprintf("%#x, which is in no file", s.Offset)
	}
	text := fmt.Sprintf("%s+%#x", s.Module, s.Offset)
	if s.Symbol != "" {
		text += fmt.Sprintf(" (%s+%#x)", s.Symbol, s.Within)
	}
	return text
}

// nameSite finds the function of a place in an ELF file: base is where the file
// was loaded.
func nameSite(path string, base, address uint64) (symbol string, within uint64) {
	f, err := elf.Open(path)
	if err != nil {
		return "", 0
	}
	defer f.Close()
	if f.Type == elf.ET_DYN {
		address -= base
	}
	symbols, _ := f.Symbols() // a stripped file has only those of the other table
	if len(symbols) == 0 {
		symbols, _ = f.DynamicSymbols()
	}
	var functions []elf.Symbol
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value != 0 {
			functions = append(functions, s)
		}
	}
	sort.Slice(functions, func(i, j int) bool { return functions[i].Value < functions[j].Value })
	after := sort.Search(len(functions), func(i int) bool { return functions[i].Value > address })
	if after == 0 {
		return "", 0
	}
	s := functions[after-1]
	if s.Size != 0 && address > s.Value+s.Size {
		return "", 0 // between functions that have names
	}
	return s.Name, address - s.Value
}
