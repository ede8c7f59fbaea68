package policy

import (
	"os"
	"testing"
)

// BenchmarkResolve resolves the largest shipped profile, lints included.
func BenchmarkResolve(b *testing.B) {
	src, err := os.ReadFile("../profiles/memcached.narrow")
	if err != nil {
		b.Fatal(err)
	}
	f, err := Parse("memcached.narrow", src)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Resolve(f, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvaluate asks the slow and obvious reference.
func BenchmarkEvaluate(b *testing.B) {
	src, err := os.ReadFile("../profiles/memcached.narrow")
	if err != nil {
		b.Fatal(err)
	}
	p, err := Load("memcached.narrow", src, Options{})
	if err != nil {
		b.Fatal(err)
	}
	rules := p.Phases[0].Own
	for b.Loop() {
		for d := range rules.Probes(1000) {
			rules.Evaluate(&d)
		}
	}
}
