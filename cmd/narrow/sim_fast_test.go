package main

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// lineSimulator reads lines as `narrow sim --jsonl` on a policy does.
func lineSimulator(t testing.TB) *simulator {
	t.Helper()
	p, err := policy.Load("test.narrow", []byte("policy test\narch x86_64, aarch64 else kill-process\ndefault errno EPERM\nallow read write(fd == 1)\n"), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &simulator{policy: p, arch: p.Arches[0]}
}

// agree demands of a line which the fast reader takes that the slow one reads
// the same call, and tells whether it did.
func agree(t interface{ Fatalf(string, ...any) }, sim *simulator, line []byte) bool {
	got, ok := sim.parseFast(line)
	if !ok {
		return false
	}
	want, err := sim.parseSlow(line)
	if err != nil {
		t.Fatalf("%s: the fast reader takes it, the slow one says: %v", line, err)
	}
	if got != want {
		t.Fatalf("%s:\n fast %+v\n slow %+v", line, got, want)
	}
	return true
}

// fastLines are what CLI.md says that a line may be; they must be quick.
var fastLines = []string{
	`{"arch":"x86_64","nr":1,"ip":"0x0","args":["0x1","0x0","0x5","0x0","0x0","0x0"]}`,
	`{"nr":"write"}`,
	`{ "nr" : "openat" , "arch" : "aarch64" }`,
	`{"arch":"amd64","nr":"59","args":[]}`,
	`{"arch":"0xC000003E","nr":"epoll_wait","args":[1,2,3,4,5,18446744073709]}`,
	`{"arch":3221225655,"nr":0}`,
	`{"arch":"0x12345678","nr":4294967295}`,
	`{"arch":"x32","nr":"read","ip":"0xffffffffffffffff"}`,
	`{"arch":386,"nr":1}`,
	`{"arch":"386","nr":1}`,
	`{"nr":1,"phase":"serving","thread":"mc-worker"}`,
	`{"nr":1,"thread":""}`,
	`{"nr":1,"nr":2,"args":["0x1","0x2"],"args":["0x3"]}`,
}

func TestFastLines(t *testing.T) {
	sim := lineSimulator(t)
	for _, line := range fastLines {
		if !agree(t, sim, []byte(line)) {
			t.Errorf("%s: left to the slow reader", line)
		}
	}
}

// slowLines are right or wrong, but not for the fast reader to say.
var slowLines = []string{
	``, `{}`, `[]`, `{"nr":1`, `{"nr":1}}`, `{"nr":1,}`, `{"nr":01}`, `{"nr":"017"}`, `{"nr":-1}`, `{"nr":1.0}`, `{"nr":4294967296}`,
	`{"nr":"no_such_call"}`, `{"arch":"vax","nr":1}`, `{"arch":"","nr":1}`, `{"arch":"0x12345678","nr":"read"}`, `{"arch":4294967296,"nr":1}`,
	`{"nr":1,"args":["0x10000000000000000"]}`, `{"nr":1,"args":[1,2,3,4,5,6,7]}`, `{"nr":1,"args":[1,]}`, `{"nr":1,"thread":null}`,
	`{"nr":1,"thread":"\u0041"}`, "{\"nr\":1,\"thread\":\"a\tb\"}", "{\"nr\":1,\"phase\":\"\xff\"}", `{"NR":1}`, `{"nr":1,"thread":7}`,
}

func TestSlowLines(t *testing.T) {
	sim := lineSimulator(t)
	for _, line := range slowLines {
		if agree(t, sim, []byte(line)) {
			t.Errorf("%s: the fast reader takes it", line)
		}
	}
}

// TestLinesAgree makes lines of parts that are right, odd and wrong.
func TestLinesAgree(t *testing.T) {
	sim := lineSimulator(t)
	words := rapid.SampledFrom([]string{`0`, `1`, `"0x1"`, `"1"`, `"0xffffffffffffffff"`, `4294967295`, `4294967296`, `"017"`, `-1`, `"read"`,
		`"x86_64"`, `"arm64"`, `"0xc000003e"`, `386`, `"386"`, `""`, `null`, `"a b"`, `"\\"`, "\"\x01\"", `[]`, `[1,"0x2"]`, `[1,2,3,4,5,6]`, `[1,2,3,4,5,6,7]`, `true`, `1e3`})
	keys := rapid.SampledFrom([]string{`"nr"`, `"arch"`, `"ip"`, `"args"`, `"phase"`, `"thread"`, `"Nr"`, `"other"`, `nr`})
	blanks := rapid.SampledFrom([]string{"", "", " ", "\t"})
	taken := 0
	check := func(t *rapid.T) {
		line := blanks.Draw(t, "blank") + "{"
		begun := rapid.Bool().Draw(t, "nr") // a line without a nr is right in no case
		if begun {
			line += `"nr":1`
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "fields") {
			if begun || i > 0 {
				line += "," + blanks.Draw(t, "blank")
			}
			line += keys.Draw(t, "key") + blanks.Draw(t, "blank") + ":" + words.Draw(t, "word")
		}
		line += rapid.SampledFrom([]string{"}", "}", "}", "} ", "", "}x"}).Draw(t, "end")
		if agree(t, sim, []byte(line)) {
			taken++
		}
	}
	for round := 0; round < 100 && taken == 0; round++ { // a short test tries few lines
		rapid.Check(t, check)
	}
	if taken == 0 {
		t.Error("the fast reader took no line at all")
	}
}

func FuzzParseLine(f *testing.F) {
	for _, line := range append(fastLines, slowLines...) {
		f.Add([]byte(line))
	}
	sim := lineSimulator(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		agree(t, sim, line)
		if c, err := sim.parseLine(line); err == nil {
			if _, ok := abi.ByAudit(c.data.Arch, c.data.Nr); !ok && c.data.Arch == sim.arch.Audit {
				t.Fatalf("%q became a call of no ABI: %+v", line, c)
			}
		}
	})
}
