package asm

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm/asmtest"
)

// each calls check as often as rapid does, or with NARROW_LONG=1 a thousand
// times as often.
func each(t *testing.T, check func(*rapid.T)) {
	rounds := 1
	if os.Getenv("NARROW_LONG") != "" {
		rounds = 1000
	}
	for range rounds {
		rapid.Check(t, check)
	}
}

// many calls check 10^5 times, and in a short test 10^3 times.
func many(t *testing.T, check func(*rapid.T)) {
	rounds := 1000
	if testing.Short() {
		rounds = 10
	}
	for range rounds {
		rapid.Check(t, check)
	}
}

// fromBpfc gives a source to bpfc and reads what it prints; false if it refuses.
func fromBpfc(t testing.TB, path, source string, args ...string) (bpf.Program, bool) {
	text, ok := runBpfc(t, path, source, args...)
	if !ok {
		return nil, false
	}
	p, err := Read(C, "bpfc", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p, true
}

// TestSameBytesAsBpfc spells programs in all of bpfc's ways: both assemble them
// to the same bytes.
func TestSameBytesAsBpfc(t *testing.T) {
	bpfc := bpfcPath(t)
	each(t, func(r *rapid.T) {
		source := asmtest.Source(12).Draw(r, "source")
		want, ok := fromBpfc(t, bpfc, source)
		if !ok {
			r.Fatalf("bpfc refuses\n%s", source)
		}
		got, err := Assemble("x", []byte(source), Options{For: Socket})
		if err != nil {
			r.Fatalf("%v\n%s", err, source)
		}
		if diff := cmp.Diff(want, got.Program); diff != "" {
			r.Fatalf("%s\n%s", diff, source)
		}
	})
}

// TestCompatSameBytesAsBpfc mutates wild sources. Whatever bpfc takes compat
// mode takes too, and gives the same bytes; without it the bytes are the same,
// or there is an error. Where compat mode has no warning there is none.
func TestCompatSameBytesAsBpfc(t *testing.T) {
	bpfc := bpfcPath(t)
	taken, wrong := 0, 0
	each(t, func(r *rapid.T) {
		source := asmtest.Wild(6).Draw(r, "source")
		want, ok := fromBpfc(t, bpfc, source)
		if !ok {
			return
		}
		taken++
		compat, err := Assemble("x", []byte(source), Options{For: Socket, BpfcCompat: true})
		if err != nil {
			r.Fatalf("%v\n%q", err, source)
		}
		if diff := cmp.Diff(want, compat.Program); diff != "" {
			r.Fatalf("%s\n%q", diff, source)
		}
		strict, err := Assemble("x", []byte(source), Options{For: Socket})
		same := err == nil && cmp.Equal(want, strict.Program)
		if !same {
			wrong++
		}
		if !same && !warnsOfBpfc(compat.Warnings) {
			r.Fatalf("differs without a warning: %v\n%q", err, source)
		}
	})
	t.Logf("bpfc took %d sources; %d of them wrongly", taken, wrong)
	if taken == 0 {
		t.Error("bpfc took none of the sources")
	}
}

// warnsOfBpfc reports whether a warning is about bpfc.
func warnsOfBpfc(warnings []*Warning) bool {
	for _, w := range warnings {
		if regexp.MustCompile(`bpfc`).MatchString(w.What) {
			return true
		}
	}
	return false
}
