//go:build linux

package kernel

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The symbol table that is searched by hand says what debug/elf says.
func TestSymbolsAreWhereDebugELFFindsThem(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() { println() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	table, err := symbolsOf(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer table.close()
	looked := 0
	for _, s := range symbols {
		if looked > 200 || s.Name == "" || elf.ST_TYPE(s.Info) != elf.STT_OBJECT {
			continue
		}
		looked++
		if got, ok := table.find(s.Name); !ok || got.value != s.Value || got.size != s.Size {
			t.Errorf("%s: %+v, debug/elf has %#x, %d", s.Name, got, s.Value, s.Size)
		}
	}
	for _, name := range []string{"runtime.fwdSig", "runtime.initSigmask"} {
		if s, ok := table.find(name); !ok || s.size == 0 {
			t.Errorf("Go's runtime has no %s any more: signals are handed on in part only", name)
		}
	}
	if _, ok := table.find("no.such.symbol"); ok || looked == 0 {
		t.Errorf("looked for %d symbols", looked)
	}
}
