package proved

import (
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// memcached is the rules of the shipped profile.
func memcached(t testing.TB) *policy.Rules {
	t.Helper()
	text, err := os.ReadFile("../../profiles/memcached.narrow")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load("memcached.narrow", text, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Phases[0].Wide()
}

// execve is what a start lets through: three pointers, other ones each time.
func execve(t testing.TB, pointers ...uint64) Exact {
	t.Helper()
	x86, ok := abi.ByName("x86_64")
	if !ok {
		t.Fatal("no x86_64")
	}
	return Exact{Arch: x86, Nr: 59, Registers: pointers, Text: "execve(this start's)"}
}

// BenchmarkStart is what a start costs that proves everything, and one that
// remembers; the compiler's work is in both.
func BenchmarkStart(b *testing.B) {
	r := memcached(b)
	for name, f := range map[string]folder{"afresh": {}, "remembered": {path: ownedFolder(b)}} {
		b.Run(name, func(b *testing.B) {
			n := uint64(0)
			for b.Loop() {
				n++
				if _, err := within(f).FilterWith(r, execve(b, n<<32|n, n, n<<20)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// ownedFolder is a folder in which this user may remember.
func ownedFolder(t testing.TB) string {
	t.Helper()
	return followed(t.TempDir()) + "/proved"
}
