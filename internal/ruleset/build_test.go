package ruleset_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// fake is a Maker that writes down what it is asked for. Of its files, those
// that end in "/" are folders.
type fake struct {
	files map[string]error // what opening answers; others do not exist
	no    string           // the call that is refused, with EPERM
	made  []string
	next  int
	open  map[int]bool
}

func (f *fake) do(call, format string, args ...any) error {
	f.made = append(f.made, call+fmt.Sprintf(format, args...))
	if call == f.no {
		return syscall.EPERM
	}
	return nil
}

func (f *fake) opened() int {
	f.next++
	if f.open == nil {
		f.open = map[int]bool{}
	}
	f.open[f.next] = true
	return f.next
}

func (f *fake) CreateRuleset(fs kernel.AccessFS, net kernel.AccessNet, scope kernel.Scope) (int, error) {
	if err := f.do("create", " %x %x %x", fs, net, scope); err != nil {
		return -1, err
	}
	return f.opened(), nil
}

func (f *fake) OpenPath(path string) (int, bool, error) {
	for _, name := range []string{path, path + "/"} {
		if err, ok := f.files[name]; ok && err == nil {
			return f.opened(), strings.HasSuffix(name, "/"), nil
		} else if ok {
			return -1, false, &kernel.Error{Op: "open(" + path + ", O_PATH)", Layer: kernel.Landlock, Err: err}
		}
	}
	return -1, false, syscall.ENOENT
}

func (f *fake) AddPath(ruleset, fd int, allowed kernel.AccessFS) error {
	return f.do("path", " %d %d %x", ruleset, fd, allowed)
}

func (f *fake) AddPort(ruleset int, port uint16, allowed kernel.AccessNet) error {
	return f.do("port", " %d %d %x", ruleset, port, allowed)
}

func (f *fake) Close(fd int) { delete(f.open, fd) }

func TestBuild(t *testing.T) {
	world := map[string]error{"/dir/": nil, "/file": nil, "/secret": syscall.EACCES, "/file/x": syscall.ENOTDIR}
	port := func(low, high uint64) []*policy.NetworkRules {
		return []*policy.NetworkRules{{Bind: []policy.Range{{Low: low, High: high}}}}
	}
	for name, c := range map[string]struct {
		files   []string
		network []*policy.NetworkRules
		no      string
		want    string
		errs    string
	}{
		"a folder and a file": {[]string{"write /dir", "write /file"}, nil, "", "create 7fff 0 0, path 1 2 7ffe, path 1 3 4006", ""},
		"execute":             {[]string{"execute /file"}, nil, "", "create 7fff 0 0, path 1 2 5", ""},
		"may be missing":      {[]string{"read /no?", "read /file/x?", "read /file"}, nil, "", "create 7fff 0 0, path 1 2 4", ""},
		"ports":               {nil, port(65534, 70000), "", "create 0 3 0, port 1 65534 1, port 1 65535 1", ""},
		"all that is missing": {[]string{"read /no", "read /file/x", "read /secret?"}, nil, "", "",
			"p.narrow:1:1: /no does not exist; write /no? if it may be missing\np.narrow:2:1: /file/x does not exist; write /file/x? if it may be missing\np.narrow:3:1: /secret: permission denied"},
		"no ruleset": {[]string{"read /dir"}, nil, "create", "", "operation not permitted"},
		"no path":    {[]string{"read /dir"}, nil, "path", "", "p.narrow:1:1: /dir: operation not permitted"},
		"no port":    {nil, port(1, 2), "port", "", "operation not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			var blocks []*policy.FilesRules
			if c.files != nil {
				blocks = append(blocks, files(c.files...))
			}
			f := &fake{files: world, no: c.no}
			made, errs := ruleset.Build(f, ruleset.Of(blocks, c.network, kernel.RightsOf(4)))
			if err := errors.Join(errs...); err != nil || c.errs != "" {
				if fmt.Sprint(err) != c.errs {
					t.Errorf("got the errors\n%v\nwant\n%s", err, c.errs)
				}
			} else if got := strings.Join(f.made, ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if len(f.open) != len(made) {
				t.Errorf("%d descriptors are left open, want %d", len(f.open), len(made))
			}
		})
	}
}
