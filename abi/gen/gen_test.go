package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The committed files are what the generator writes now.
func TestCommittedFilesAreFresh(t *testing.T) {
	out := t.TempDir()
	if err := generate("data", out); err != nil {
		t.Fatal(err)
	}
	written := generatedFiles(t, out)
	if len(written) < 19 {
		t.Errorf("only %d files", len(written))
	}
	for _, name := range written {
		want, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go generate ./abi", name)
		}
	}
	for _, name := range generatedFiles(t, "..") {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Errorf("%s is no longer generated", name)
		}
	}
}

func generatedFiles(t *testing.T, dir string) []string {
	paths, err := filepath.Glob(filepath.Join(dir, "*_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// A row that names something unknown stops the generator, with its place.
func TestGenerateRefuses(t *testing.T) {
	for _, tt := range []struct{ file, row, want string }{
		{"syscalls.tsv", strings.Repeat("frobnicate\t", 1) + strings.Repeat("9999\t", 13) + "-", "no source tells the first version of frobnicate"},
		{"syscalls.tsv", "read2\t" + strings.Repeat("0\t", 13) + "5.1", "are both 0"},
		{"syscalls.tsv", "short\t1", "2 fields, expected 15"},
		{"manpage.tsv", "read\tsoon", `"soon" is no Linux version`},
		{"functions.tsv", "frob\tquux arg\tnowhere.c", `unknown type "quux "`},
		{"functions.tsv", "read\tint fd\tnowhere.c", "declared twice"},
		{"entries.tsv", "read\t*\tfrob", "no function frob"},
		{"widths.tsv", "read\tfd\t-\t33\t*\tnowhere.c", `"33" is no width`},
		{"widths.tsv", "prctl\targ3\twhat=PR_SET_MM\t32\t*\tnowhere.c", "prctl: what cannot decide how arg3 is read"},
		{"constants.tsv", "FROB\tmany\t*", "invalid syntax"},
		{"headers.tsv", "AF_INET\t3\t*\tnowhere.h", "AF_INET is 0x3 there, but 0x2 in x/sys"},
		{"groups.tsv", "frob\thex\t*=FROB_ONE\t-", "no constant FROB_ONE"},
		{"arggroups.tsv", "read\tfd\t-\tfrob", "no group frob"},
		{"arggroups.tsv", "read\tfrob\t-\topen", "no call has read frob"},
	} {
		data := t.TempDir()
		if err := os.CopyFS(data, os.DirFS("data")); err != nil {
			t.Fatal(err)
		}
		appendLine(t, filepath.Join(data, tt.file), tt.row)
		_, err := load(data)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want %q", tt.file, tt.row, err, tt.want)
		}
	}
}

func appendLine(t *testing.T, name, line string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, line+"\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestManpageRows(t *testing.T) {
	rows, title := manpageRows(`.TH syscalls 2 2023-02-05 "Linux man-pages 6.03"
\fBaccept\fP(2)	2.0	T{
See notes on \fBsocketcall\fP(2)
T}
\fBaccept4\fP(2)	2.6.28
\fBpread64\fP(2)		T{
Added as "pread" in 2.2;
T}
\fBtkill\fP(2)	2.6; 2.4.22
`)
	want := "accept\t2.0\naccept4\t2.6\npread64\t2.2\ntkill\t2.6\n"
	if got := strings.Join(rows, ""); got != want || title != "Linux man-pages 6.03, 2023-02-05" {
		t.Errorf("%q of %q, want %q", got, title, want)
	}
}

func TestParseType(t *testing.T) {
	for _, tt := range []struct {
		c    string
		want ctype
	}{
		{"unsigned int ", ctype{"unsigned int", 32, false, false}},
		{"const clockid_t", ctype{"clockid_t", 32, true, false}},
		{"const char *", ctype{"const char *", 0, false, true}},
		{"const char *const *", ctype{"const char *const*", 0, false, true}},
		{"void *const", ctype{"void *", 0, false, true}},
		{"umode_t", ctype{"umode_t", 16, false, false}},
		{"loff_t", ctype{"loff_t", 64, true, false}},
		{"long", ctype{"long", 0, true, false}},
	} {
		if got, ok := parseType(tt.c); !ok || got != tt.want {
			t.Errorf("parseType(%q) = %+v, %t; want %+v", tt.c, got, ok, tt.want)
		}
	}
	if got, ok := parseType("quux"); ok {
		t.Errorf("quux is %+v", got)
	}
}
