package ruleset_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// files makes a files block of lines such as "read /etc".
func files(lines ...string) *policy.FilesRules {
	var f policy.FilesRules
	for i, line := range lines {
		right, path, _ := strings.Cut(line, " ")
		rule := policy.PathRule{Path: strings.TrimSuffix(path, "?"), Optional: strings.HasSuffix(path, "?"), Pos: policy.Pos{File: "p.narrow", Line: i + 1, Col: 1}}
		rule.Right = map[string]policy.Right{"read": policy.Read, "write": policy.Write, "execute": policy.Execute}[right]
		f.Paths = append(f.Paths, rule)
	}
	return &f
}

func TestPlanIsWithinTheABI(t *testing.T) {
	blocks := []*policy.FilesRules{files("write /a", "execute /b", "read /c")}
	network := []*policy.NetworkRules{{Bind: []policy.Range{{Low: 80, High: 81}}}}
	for version := range 12 {
		rights := kernel.RightsOf(version)
		for _, p := range ruleset.Of(blocks, network, rights) {
			if p.FS&^rights.FS|kernel.AccessFS(p.Net&^rights.Net)|kernel.AccessFS(p.Scope&^rights.Scope) != 0 {
				t.Errorf("ABI %d: handles %#x %#x %#x, beyond what it controls", version, p.FS, p.Net, p.Scope)
			}
			for _, path := range p.Paths {
				if path.Allowed&^p.FS != 0 {
					t.Errorf("ABI %d: %s is allowed %#x, which is not handled", version, path.Name, path.Allowed&^p.FS)
				}
			}
			for _, port := range p.Ports {
				if port.Allowed&^p.Net != 0 {
					t.Errorf("ABI %d: ports are allowed %#x, which is not handled", version, port.Allowed&^p.Net)
				}
			}
		}
	}
	if plans := ruleset.Of(blocks, network, kernel.RightsOf(0)); plans != nil {
		t.Errorf("without Landlock: got %v, want no plan", plans)
	}
}

func TestPlans(t *testing.T) {
	port80 := []policy.Range{{Low: 80, High: 80}}
	for name, c := range map[string]struct {
		abi     int
		files   []*policy.FilesRules
		network []*policy.NetworkRules
		want    string
	}{
		"nothing":           {7, nil, nil, ""},
		"files":             {1, []*policy.FilesRules{files("read /a")}, nil, "fs 1fff [/a c] net 0 [] scope 0"},
		"no file":           {1, []*policy.FilesRules{files()}, nil, "fs 1fff [] net 0 [] scope 0"},
		"execute":           {1, []*policy.FilesRules{files("execute /a")}, nil, "fs 1fff [/a d] net 0 [] scope 0"},
		"optional":          {1, []*policy.FilesRules{files("read /a?")}, nil, "fs 1fff [/a? c] net 0 [] scope 0"},
		"write":             {7, []*policy.FilesRules{files("write /a")}, nil, "fs ffff [/a fffe] net 0 [] scope 0"},
		"network":           {7, nil, []*policy.NetworkRules{{Bind: port80, Unix: true}}, "fs 0 [] net 3 [[{80 80}] 1] scope 0"},
		"no unix":           {7, nil, []*policy.NetworkRules{{BindAny: true, ConnectAny: true}}, "fs 0 [] net 0 [] scope 1"},
		"everything":        {7, nil, []*policy.NetworkRules{{BindAny: true, ConnectAny: true, Unix: true}}, ""},
		"old":               {3, nil, []*policy.NetworkRules{{Bind: port80}}, ""},
		"unix by path":      {9, []*policy.FilesRules{files()}, []*policy.NetworkRules{{BindAny: true, ConnectAny: true}}, "fs 1ffff [] net 0 [] scope 1"},
		"both in one":       {4, []*policy.FilesRules{files()}, []*policy.NetworkRules{{ConnectAny: true}}, "fs 7fff [] net 1 [] scope 0"},
		"each a domain":     {1, []*policy.FilesRules{files("read /a"), files("read /a/b")}, nil, "fs 1fff [/a c] net 0 [] scope 0; fs 1fff [/a/b c] net 0 [] scope 0"},
		"more network ones": {4, []*policy.FilesRules{files()}, []*policy.NetworkRules{{ConnectAny: true}, {}}, "fs 7fff [] net 1 [] scope 0; fs 0 [] net 3 [] scope 0"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range ruleset.Of(c.files, c.network, kernel.RightsOf(c.abi)) {
				got = append(got, dump(p))
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func dump(p *ruleset.Plan) string {
	var paths, ports []string
	for _, path := range p.Paths {
		optional := ""
		if path.Optional {
			optional = "?"
		}
		paths = append(paths, fmt.Sprintf("%s%s %x", path.Name, optional, path.Allowed))
	}
	for _, port := range p.Ports {
		ports = append(ports, fmt.Sprintf("%v %x", port.Ranges, port.Allowed))
	}
	return fmt.Sprintf("fs %x %v net %x %v scope %x", p.FS, paths, p.Net, ports, p.Scope)
}

func TestLacks(t *testing.T) {
	f, n := []*policy.FilesRules{files()}, []*policy.NetworkRules{{}}
	free := []*policy.NetworkRules{{BindAny: true, ConnectAny: true}}
	for _, c := range []struct {
		abi     int
		files   []*policy.FilesRules
		network []*policy.NetworkRules
		want    string
	}{
		{7, f, n, ""},
		{5, f, n, ""},
		{4, f, n, "device ioctl"},
		{3, f, n, "device ioctl, TCP ports"},
		{2, f, n, "truncate and device ioctl, TCP ports"},
		{1, nil, n, "TCP ports"},
		{1, nil, free, ""},
		{1, nil, nil, ""},
	} {
		var got []string
		for _, err := range ruleset.Lacks(c.abi, c.files, c.network) {
			var lack *kernel.UnsupportedFeatureError
			if !errors.As(err, &lack) || !errors.Is(err, kernel.ErrNotSupported) {
				t.Errorf("%T %v is not an *UnsupportedFeatureError", err, err)
				continue
			}
			got = append(got, strings.TrimPrefix(lack.Name, "Landlock control over "))
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("ABI %d, files %v, network %v: got %q, want %q", c.abi, c.files != nil, c.network != nil, got, c.want)
		}
	}
}

func TestOnlyExecutable(t *testing.T) {
	for version, want := range map[int]string{
		0: "fs 0 [/bin/true 1] net 0 [] scope 0",
		1: "fs 1 [/bin/true 1] net 0 [] scope 0",
		7: "fs 2001 [/ 2000 /bin/true 1] net 0 [] scope 0",
	} {
		if got := dump(ruleset.OnlyExecutable([]string{"/bin/true"}, kernel.RightsOf(version))); got != want {
			t.Errorf("ABI %d: got %s, want %s", version, got, want)
		}
	}
}
