package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// shipped is the profiles and the language reference's example.
func shipped(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("../profiles/*.narrow")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{}
	for _, name := range append(names, "testdata/format/memcached.in") {
		if texts[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// TestParseShipped checks that what is shipped parses, and that formatting it loses nothing.
func TestParseShipped(t *testing.T) {
	for name, src := range shipped(t) {
		f, err := Parse(name, src)
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		if len(f.Stmts) < 8 {
			t.Errorf("%s: %d statements", name, len(f.Stmts))
		}
		checkFormat(t, f)
	}
}

// BenchmarkParse and BenchmarkFormat take the policies that are shipped.
func BenchmarkParse(b *testing.B) {
	for name, src := range shipped(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(name, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	for name, src := range shipped(b) {
		f, err := Parse(name, src)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				f.Format()
			}
		})
	}
}
