package abi

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// The tables are laid out by the compiler: the package's init function, if it
// has one at all, does nothing.
func TestImportCostsNothing(t *testing.T) {
	out, err := exec.Command("go", "list", "-export", "-f", "{{.Export}}", ".").Output()
	if err != nil {
		missing(t, "go")
	}
	symbols, err := exec.Command("go", "tool", "nm", "-size", strings.TrimSpace(string(out))).Output()
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for line := range strings.Lines(string(symbols)) {
		f := strings.Fields(line) // address, size, type, name
		if len(f) != 4 {
			continue
		}
		size, _ := strconv.Atoi(f[1])
		if strings.HasSuffix(f[3], "/abi.init") && size > 16 {
			t.Errorf("init has %d bytes: some table is built at start", size)
		}
		if strings.HasSuffix(f[3], "/abi.constants") {
			tables = size
		}
	}
	if tables < 100_000 {
		t.Errorf("the symbol table is not what this test thinks: abi.constants has %d bytes", tables)
	}
}
