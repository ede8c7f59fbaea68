package interop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestCHeaderRightsAreTheRulesets: the header's sets of rights are those that
// narrow itself gives to the same lines.
func TestCHeaderRightsAreTheRulesets(t *testing.T) {
	text := string(mustHeader(t, "policy p arch x86_64 default allow files { read /r write /w execute /x } network { bind tcp 1 connect tcp 2 } allow *"))
	block := &policy.FilesRules{}
	for _, right := range []policy.Right{policy.Read, policy.Write, policy.Execute} {
		block.Paths = append(block.Paths, policy.PathRule{Right: right, Path: "/"})
	}
	plan := ruleset.Of([]*policy.FilesRules{block}, nil, kernel.RightsOf(5))[0]
	for name, want := range map[string]kernel.AccessFS{
		"FILES": plan.FS, "ON_FILE": kernel.FSOnFile &^ kernel.FSResolveUnix, "LIST": kernel.FSReadDir,
		"READ": plan.Paths[0].Allowed, "WRITE": plan.Paths[1].Allowed, "EXECUTE": plan.Paths[2].Allowed,
		"BIND": kernel.AccessFS(kernel.NetBindTCP), "CONNECT": kernel.AccessFS(kernel.NetConnectTCP),
	} {
		for _, form := range []string{"0x%x", "%d"} {
			if strings.Contains(text, fmt.Sprintf("narrow_p_%s = "+form, name, want)) {
				want = 0
				break
			}
		}
		if want != 0 {
			t.Errorf("%s should be %#x", name, want)
		}
	}
}
