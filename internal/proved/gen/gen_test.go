package main

import (
	"os"
	"testing"
)

// TestFresh fails where the verifier has changed and proofs of the old one
// would still be believed.
func TestFresh(t *testing.T) {
	want, err := generate("../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../verifier_gen.go")
	if err != nil || string(got) != string(want) {
		t.Fatalf("verifier_gen.go is stale (%v): run go generate ./internal/proved", err)
	}
}
