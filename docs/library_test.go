package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every block of library.md stands, as it is, in the file that it names, which
// is built and tested.
func TestLibraryShowsWhatIsThere(t *testing.T) {
	all := fences(t, "library.md")
	for _, f := range all {
		_, name, ok := strings.Cut(f.info, " ")
		if !ok {
			t.Errorf("library.md:%d: a block that names no file", f.line)
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(text), f.body) {
			t.Errorf("library.md:%d: %s does not have this:\n%s", f.line, name, f.body)
		}
	}
	if len(all) < 5 {
		t.Errorf("only %d blocks are found", len(all))
	}
}
