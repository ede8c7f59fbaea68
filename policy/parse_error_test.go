package policy

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// errorCase is a text and what Parse says about it, an error a line.
type errorCase struct{ name, src, want string }

const errorFile = "testdata/errors.txt"

// errorCases reads testdata/errors.txt: `=== NAME`, the text, `---`, the errors.
func errorCases(t testing.TB) []errorCase {
	data, err := os.ReadFile(errorFile)
	if err != nil {
		t.Fatal(err)
	}
	var cases []errorCase
	for _, part := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		src, want, ok := strings.Cut("\n"+rest, "\n---\n")
		if !ok {
			src, want = strings.TrimSuffix("\n"+rest, "\n---"), ""
		}
		cases = append(cases, errorCase{name, strings.TrimPrefix(src, "\n") + "\n", strings.TrimRight(want, "\n")})
	}
	if len(cases) < 40 {
		t.Fatalf("only %d cases in %s", len(cases), errorFile)
	}
	return cases
}

// TestErrors compares all errors of each text with what is written down. With
// -update it is written anew, to be read by a person.
func TestErrors(t *testing.T) {
	cases := errorCases(t)
	if *update {
		var b strings.Builder
		for _, c := range cases {
			b.WriteString("=== " + c.name + "\n" + c.src + "---\n")
			if text := errorText(c.src); text != "" {
				b.WriteString(text + "\n")
			}
		}
		if err := os.WriteFile(errorFile, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, errorText(c.src)); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", c.src, diff)
			}
		})
	}
}

func errorText(src string) string {
	_, err := Parse("p", []byte(src))
	if err == nil {
		return ""
	}
	return err.Error()
}
