package compile

import (
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/policy"
)

// BenchmarkMemcached compiles the first phase of the shipped profile, as every
// start does, and then all of its filters.
func BenchmarkMemcached(b *testing.B) {
	text, err := os.ReadFile("../../profiles/memcached.narrow")
	if err != nil {
		b.Fatal(err)
	}
	p, err := policy.Load("memcached.narrow", text, policy.Options{})
	if err != nil {
		b.Fatal(err)
	}
	first := []*policy.Rules{p.Phases[0].Wide()}
	var all []*policy.Rules
	for _, ph := range p.Phases {
		all = append(all, ph.Wide())
		for _, c := range ph.Classes {
			all = append(all, c.Rules)
		}
	}
	for name, filters := range map[string][]*policy.Rules{"first": first, "all": all} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range filters {
					if _, err := Compile(r, Options{}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
