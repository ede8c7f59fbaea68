package policytest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/policy"
)

// TestTextResolves draws policies; none may have an error.
func TestTextResolves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Text(Options{Blocks: true}).Draw(t, "policy")
		if _, err := policy.Load("drawn", []byte(text), policy.Options{}); err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
	})
}
