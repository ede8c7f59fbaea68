package narrow_test

import (
	"testing"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/profiles"
)

// BenchmarkParse is all that a program pays at its start: compiling and proving.
func BenchmarkParse(b *testing.B) {
	for _, name := range profiles.Names() {
		text, _ := profiles.Text(name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := narrow.Parse(name, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
