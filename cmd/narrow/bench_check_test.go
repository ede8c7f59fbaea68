package main

import (
	"io"
	"testing"
)

// BenchmarkCommand runs whole commands on the largest shipped profile, each
// from the text on, as a user waits for them; without the process's start.
func BenchmarkCommand(b *testing.B) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"version", []string{"version"}},
		{"check", []string{"check", "memcached"}},
		{"show", []string{"show", "memcached"}},
		{"explain", []string{"explain", "memcached", "--phase", "serving", "--thread", "main", "read"}},
		{"compile", []string{"compile", "memcached", "--phase", "serving"}},
		{"compile-cheader", []string{"compile", "memcached", "--to", "c-header"}},
		{"diff", []string{"diff", "memcached", "redis"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if status := execute(c.args, streams{out: io.Discard, err: io.Discard}); status > statusNo {
					b.Fatalf("it ended with %d", status)
				}
			}
		})
	}
}
