package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bpfc": main})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// result is what a run of bpfc, theirs or ours, leaves.
type result struct {
	Out    string
	Status int
}

// bpfcPath finds netsniff-ng's bpfc, or skips the test. It goes by no PATH: in
// that testscript puts this one.
func bpfcPath(t *testing.T) string {
	for _, name := range []string{"/usr/sbin/bpfc", "/usr/bin/bpfc", "/usr/local/sbin/bpfc", "/usr/local/bin/bpfc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("missing: bpfc (Debian package netsniff-ng)")
	}
	t.Skip("missing: bpfc (Debian package netsniff-ng)")
	return ""
}

func theirs(t *testing.T, path, source string, args []string) result {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(source)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{string(out), cmd.ProcessState.ExitCode()}
}

func ours(source string, args []string) (result, string) {
	var out, errw bytes.Buffer
	status := run(args, strings.NewReader(source), &out, &errw)
	return result{out.String(), status}, errw.String()
}

// manual is the examples of bpfc's manual page, with the output formats that it
// names.
const manual = `
  ldh [12]
  jne #0x800, drop
  ldb [23]
  jneq #6, drop
  ldh [20]
  jset #0x1fff, drop
  ldxb 4 * ([14] & 0xf)
  ldh [x + 14]
  jeq #0x16, pass
  ldh [x + 16]
  jne #0x16, drop
  pass: ret #-1
  drop: ret #0
`

// every is a program that -V lists in all its ways.
const every = `
	ld [4] ldh [-1] ldb [x + 4294967295] ldx len ld #len ldxb 4*([14]&0xf) ld M[3] st M[15] ld poff ld [0xfffff038]
	ldx #70000 add #-3 sub x and #0xffff neg tax txa lsh #31 mod #5 or #9
	jeq #1, la, lb jset x, la jle #0x80000000, lb
la:	jmp lb
	ret a
	ret x
lb:	ret #0x7fff0000
`

// TestFlagsAsBpfc compares standard output and status with those of bpfc.
func TestFlagsAsBpfc(t *testing.T) {
	path := bpfcPath(t)
	file := filepath.Join(t.TempDir(), "filter")
	if err := os.WriteFile(file, []byte(manual), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		source string
		args   string
	}{
		{"", file},
		{manual, "-"},
		{manual, "-b"}, // a single argument is the source, and with a - standard input
		{manual, "-V"},
		{every, "-V -i -"},
		{every, "-Vbi-"},
		{every, "-V -b -f tcpdump --input=-"},
		{every, "--verb --by --form xt_bpf --inp -"},
		{"ld M[16] ret #0", "-bi-"},
		{"", "-i " + file},
		{"", "-fC -i" + file},
		{"", "-f Cxyz -i " + file},
		{"", "-f netsniff-ng2 -i " + file},
		{"", "-f tcpdump -i " + file},
		{"", "-f tc -i " + file},
		{"", "-f tcp -i " + file},
		{"", "-f xt_bpf -i " + file},
		{"", "-i " + file + " -f xt_bpf other"},
		{"", "-i nosuch -i " + file},
		{"", "-d"},
		{"", "-d -i " + file},
		{"", "-bd"},
		{"", "nosuch"},
		{"", "-i"},
		{"", "-f"},
		{"", "-V -b"},
		{"#define LEN 5\nret #LEN\n", "-p -i -"},
		{"ret #LEN\n", "-p -D LEN=7 -i -"},
		{"ret #LEN\n", "--cpp --define LEN=0x7 -i -"},
		{"ret #ON\n", "-pDON -i-"},
	} {
		args := strings.Fields(c.args)
		want := theirs(t, path, c.source, args)
		got, errs := ours(c.source, args)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bpfc %s: %s\n%s", c.args, diff, errs)
		}
	}
}

// TestCompatVerbose: with -V bpfc prints even what fails its validation, and so
// does compat mode; without -V both refuse it.
func TestCompatVerbose(t *testing.T) {
	path := bpfcPath(t)
	for _, source := range []string{
		"ldx M[16] ret a\n",
		"ld [0]\n",
		"back: ld [0] jeq #1, back ret #0\n",
		"jeq #1, far " + strings.Repeat("txa ", 255) + "far: ret #0\n",
		"jeq #1, far " + strings.Repeat("txa ", 511) + "far: ret #0\n",
		every,
	} {
		for _, args := range [][]string{{"-V", "-i", "-"}, {"-i", "-"}} {
			want := theirs(t, path, source, args)
			if want.Status != 0 {
				want.Out = "" // bpfc prints its errors there
			}
			got, errs := ours(source, append([]string{"--bpfc-compat"}, args...))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("bpfc %q of %.60q: %s\n%s", args, source, diff, errs)
			}
			if got.Status != 0 && errs == "" {
				t.Errorf("bpfc %q of %.60q says nothing", args, source)
			}
		}
	}
}

// TestShows: help and version are our own words, with bpfc's status.
func TestShows(t *testing.T) {
	path := bpfcPath(t)
	for _, args := range [][]string{{}, {"-h"}, {"--help"}, {"-v"}, {"--version"}, {"-f", "elf", "-i", "-"}, {"-z"}, {"--nosuch"}, {"--ver"}} {
		want := theirs(t, path, "", args)
		got, errs := ours("", args)
		if got.Status != want.Status {
			t.Errorf("bpfc %q: status %d, want %d", args, got.Status, want.Status)
		}
		if got.Out == "" && errs == "" {
			t.Errorf("bpfc %q says nothing", args)
		}
	}
}
