package oci

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestRuncsFilter proves that an imported profile is the filter that libseccomp
// makes of it when it is called as runc calls it, but for calls that this
// libseccomp does not know yet.
func TestRuncsFilter(t *testing.T) {
	if n := abi.Native(); n == nil || n.Name != "x86_64" {
		t.Skip("not on x86_64")
	}
	maker := buildMaker(t)
	for _, release := range []string{"v0.1.0", "v0.2.4", "v0.3.0"} {
		for _, caps := range [][]string{nil, {"CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_BPF"}} {
			t.Run(release+" "+strings.Join(caps, " "), func(t *testing.T) {
				o := Options{Capabilities: caps}
				o.fill()
				p, err := read("p", []byte(moby(t, release)))
				if err != nil {
					t.Fatal(err)
				}
				code, unknown := runMaker(t, maker, request(t, p, &o))
				rules := without(t, p, unknown, o)
				v := verify.New(verify.Limits{})
				program, err := v.Program(code)
				if err != nil {
					t.Fatal(err)
				}
				diff, err := v.Diff(program, v.Rules(rules))
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d instructions, unknown to this libseccomp: %v", len(code), unknown)
				for _, d := range diff {
					if d.Arch.Name == "x32" && (!d.Whole || d.Call.Name == "map_shadow_stack") {
						continue // compared as on a 32-bit ABI, see the package; a number that 2.5.4 lacks
					}
					t.Errorf("%v %v: libseccomp %v, narrow %v", d.Arch, d.Call, d.Left, d.Right)
				}
			})
		}
	}
}

func buildMaker(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "maker")
	if text, err := exec.Command("cc", "-o", out, "testdata/libseccomp.c", "-lseccomp").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cc: %v\n%s", err, text)
		}
		t.Skipf("missing a C compiler or libseccomp's headers: %v", err)
	}
	return out
}

// runMaker returns the filter, and the names that libseccomp did not know.
func runMaker(t *testing.T, maker, text string) (p bpf.Program, unknown []string) {
	t.Helper()
	cmd := exec.Command(maker)
	cmd.Stdin = strings.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for line := range strings.Lines(stderr.String()) {
		unknown = append(unknown, strings.TrimSpace(strings.TrimPrefix(line, "unknown ")))
	}
	for ; len(raw) >= 8; raw = raw[8:] {
		p = append(p, bpf.Instruction{Code: binary.NativeEndian.Uint16(raw), Jt: raw[2], Jf: raw[3], K: binary.NativeEndian.Uint32(raw[4:])})
	}
	return p, unknown
}

// request is what the maker reads of a profile.
func request(t *testing.T, p *profile, o *Options) string {
	t.Helper()
	action := func(name string, ret *uint) bpf.Action {
		v, err := verdictOf(name, ret, "", o.Arch)
		if err != nil {
			t.Fatal(err)
		}
		return v.Action()
	}
	ops := []string{"", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"}
	var b strings.Builder
	fallback := action(p.DefaultAction, p.DefaultErrnoRet)
	fmt.Fprintf(&b, "filter %d\n", uint32(fallback))
	arches, _, err := p.arches(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range arches {
		token := a.Audit
		if a.Name == "x32" {
			token = 0x4000003e // SCMP_ARCH_X32: EM_X86_64|__AUDIT_ARCH_LE
		}
		fmt.Fprintf(&b, "arch %d\n", token)
	}
	for i := range p.Syscalls {
		s := &p.Syscalls[i]
		applies, err := s.applies(o)
		if err != nil {
			t.Fatal(err)
		}
		a := action(s.Action, s.ErrnoRet)
		if !applies || a == fallback {
			continue
		}
		for _, name := range s.Names {
			fmt.Fprintf(&b, "rule %d %s %d", uint32(a), name, len(s.Args))
			for _, c := range s.Args {
				fmt.Fprintf(&b, " %d %d %d %d", c.Index, slices.Index(ops, c.Op), c.Value, c.ValueTwo)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// without is the imported rules of a profile without some names.
func without(t *testing.T, p *profile, names []string, o Options) *policy.Rules {
	t.Helper()
	q := *p
	q.Syscalls = slices.Clone(p.Syscalls)
	for i := range q.Syscalls {
		q.Syscalls[i].Names = slices.DeleteFunc(slices.Clone(q.Syscalls[i].Names), func(n string) bool { return slices.Contains(names, n) })
	}
	text, err := json.Marshal(&q)
	if err != nil {
		t.Fatal(err)
	}
	return imported(t, string(text), o).Phases[0].Own
}
