package policy

import (
	"os"
	"path/filepath"
	"testing"
)

func TestParseExample(t *testing.T) {
	profiles, err := filepath.Glob("../profiles/*.narrow")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(profiles, "testdata/format/memcached.in") {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(name, src)
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
		if len(f.Stmts) < 10 {
			t.Errorf("%s: %d statements", name, len(f.Stmts))
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src, err := os.ReadFile("testdata/format/memcached.in")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("x", src); err != nil {
			b.Fatal(err)
		}
	}
}
