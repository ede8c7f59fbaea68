package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// with resolves a policy that allows everything but what a block implies.
func with(t *testing.T, arch, text string) (*Rules, *abi.Arch) {
	t.Helper()
	p, err := Load("t", []byte("arch "+arch+" default allow\n"+text), Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p.Phases[0].Own, p.Arches[0]
}

// TestImpliedTexts resolves what blocks imply on every architecture: the texts
// are ours, so an error in one is a bug.
func TestImpliedTexts(t *testing.T) {
	for _, a := range abi.Arches() {
		for _, text := range []string{"files { read / }", "network { }", "network { bind tcp 80 udp unix }", "network { bind tcp 80 connect tcp any }", "network { udp }"} {
			rules, _ := with(t, a.Name, text)
			n := 0
			for _, m := range rules.Arches[0].Lists[0] {
				if m.Origin == FromBlock {
					n++
					if m.Verdict.Kind != Errno || m.Verdict.Data == 0 || m.Pos != (Pos{"t", 2, 1}) {
						t.Errorf("%s: %s at %v", a, dumpMatch(m), m.Pos)
					}
				}
			}
			if n < 6 {
				t.Errorf("%s: %s implies only %d denials", a, text, n)
			}
		}
	}
}

// needed is what the lines of a network block need of sockets, said once more
// and otherwise: which family, type and protocol stays possible.
func needed(lines []string, family, kind, protocol int) bool {
	has := func(prefix string) bool {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
	}
	const inet, inet6, unix, stream, dgram, tcp, udp = 2, 10, 1, 1, 2, 6, 17
	switch {
	case family == unix:
		return has("unix")
	case family != inet && family != inet6:
		return false
	case kind == stream:
		return (has("bind tcp") || has("connect tcp")) && (protocol == 0 || protocol == tcp)
	case kind == dgram:
		return has("udp") && (protocol == 0 || protocol == udp)
	}
	return false
}

// TestNetworkLeavesWhatIsNeeded tries every family and type with the protocols
// that matter, and flags and garbage beside them, under every choice of lines.
func TestNetworkLeavesWhatIsNeeded(t *testing.T) {
	all := []string{"bind tcp 80", "connect tcp 81..90", "udp", "unix"}
	for choice := range 1 << len(all) {
		var lines []string
		for i, l := range all {
			if choice>>i&1 == 1 {
				lines = append(lines, l)
			}
		}
		rules, a := with(t, "x86_64", "network { "+strings.Join(lines, " ")+" }")
		for family := range 48 {
			for kind := range 16 {
				for _, protocol := range []int{0, 1, 6, 17, 132, 136, 256, 262} {
					d := bpf.Data{Nr: 41, Arch: a.Audit, Args: [6]uint64{uint64(family) | 0xdead<<32, uint64(kind) | 0x80800, uint64(protocol) | 0xbeef<<32}}
					v, by := rules.Evaluate(&d)
					if want := needed(lines, family, kind, protocol); (v.Kind == Allow) != want {
						t.Fatalf("%v: %s gets %v by %s", lines, Describe(a, d), v, by.Text)
					}
					if protocol == 262 && (family == 2 || family == 10) && v.String() != "errno EPROTONOSUPPORT" {
						t.Fatalf("MPTCP gets %v", v)
					}
				}
			}
		}
	}
}

// verdicts asks a list for the verdicts of calls.
func verdicts(t *testing.T, arch, text string, want map[string]string) {
	t.Helper()
	rules, a := with(t, arch, text)
	for call, verdict := range want {
		d := callOf(t, a, call)
		if v, by := rules.Evaluate(&d); v.Format(a) != verdict {
			t.Errorf("%s: %s gets %v by %s at %v, want %s", text, call, v.Format(a), by.Text, by.Pos, verdict)
		}
	}
}

func TestPortsAreNotWalkedRound(t *testing.T) {
	verdicts(t, "x86_64", "network { bind tcp 80 unix }", map[string]string{
		"sendto(flags == MSG_FASTOPEN)":                        "errno EOPNOTSUPP",
		"sendmsg(flags == MSG_FASTOPEN|MSG_NOSIGNAL)":          "errno EOPNOTSUPP",
		"sendmmsg(flags has MSG_FASTOPEN)":                     "errno EOPNOTSUPP",
		"sendto(flags == MSG_NOSIGNAL)":                        "allow",
		"setsockopt(level == SOL_TCP, optname == TCP_ULP)":     "errno ENOENT",
		"setsockopt(level == SOL_TCP, optname == TCP_NODELAY)": "allow",
		"listen": "allow",
		"socketpair(family == AF_UNIX, type == 2)": "allow",
		"socketpair(family == AF_INET, type == 1)": "errno EAFNOSUPPORT",
		"io_uring_setup": "errno ENOSYS",
		"connect":        "allow", // Landlock's
	})
	verdicts(t, "x86_64", "network { connect tcp 443 }", map[string]string{
		"listen": "errno EACCES",
		"socketpair(family == AF_UNIX, type == SOCK_DGRAM)":               "errno EPROTONOSUPPORT",
		"socketpair(family == AF_UNIX, type == SOCK_STREAM|SOCK_CLOEXEC)": "allow",
		"socketpair(family == AF_UNIX, type == SOCK_SEQPACKET)":           "allow",
	})
	verdicts(t, "x86_64", "network { bind tcp any connect tcp any }", map[string]string{
		"sendto(flags == MSG_FASTOPEN)":                    "allow",
		"setsockopt(level == SOL_TCP, optname == TCP_ULP)": "allow",
	})
	verdicts(t, "i386", "network { bind tcp 80 }", map[string]string{"socketcall": "errno ENOSYS"})
	verdicts(t, "arm", "network { bind tcp 80 }", map[string]string{"send(flags == MSG_FASTOPEN)": "errno EOPNOTSUPP"})
	verdicts(t, "mips", "network { bind tcp 80 }", map[string]string{
		"socket(family == AF_INET, type == SOCK_STREAM)": "allow", // 2 here
		"socket(family == AF_INET, type == SOCK_DGRAM)":  "errno EPROTONOSUPPORT",
		"socketcall": "errno ENOSYS", // 89 here
	})
}

// TestFilesDenyUnlessAllowed has rules before and after each other in every
// way that matters to what a files block implies.
func TestFilesDenyUnlessAllowed(t *testing.T) {
	const files = "files { read / } "
	for _, test := range []struct {
		rules, call, want string
	}{
		{"", "chmod", "errno EPERM"},
		{"", "fsetxattr", "errno EPERM"},
		{"", "utimensat", "errno EPERM"},
		{"", "file_setattr", "errno EPERM"},
		{"", "stat", "allow"},
		{"", "getxattr", "allow"},
		{"allow *", "chmod", "errno EPERM"},
		{"allow chmod", "chmod", "allow"},
		{"log chmod", "chmod", "log"},
		{"allow @chmod", "chmod", "allow"},
		{"set @mine { @file-system } allow @mine", "chmod", "allow"},
		{"kill-process chmod", "chmod", "errno EPERM"}, // implied denials come before all rules
		{"allow fchmod", "chmod", "errno EPERM"},
		{"allow chmod(mode == 0600)", "chmod(mode == 0600)", "allow"},
		{"allow chmod(mode == 0600)", "chmod(mode == 0644)", "errno EPERM"},
		{"kill-process chmod(mode > 0600) allow chmod", "chmod(mode == 0600)", "allow"},
		{"kill-process chmod(mode > 0600) allow chmod", "chmod(mode == 0644)", "errno EPERM"},
		{"kill-process chmod allow chmod", "chmod", "errno EPERM"},
		{"kill-process * allow chmod", "chmod", "errno EPERM"},
		{"log * allow chmod", "chmod", "allow"},
		{"phase p { thread x { allow chmod } }", "chmod", "errno EPERM"},
		{"phase p { allow chmod }", "chmod", "allow"},
	} {
		verdicts(t, "x86_64", files+test.rules, map[string]string{test.call: test.want})
	}
}

func TestIoUring(t *testing.T) {
	for rules, want := range map[string]string{
		"":                               "allow",
		"files { }":                      "errno ENOSYS",
		"network { }":                    "errno ENOSYS",
		"files { } allow *":              "errno ENOSYS",
		"files { } allow @aio":           "errno ENOSYS", // a shipped set names too much
		"files { } allow io_uring_setup": "allow",
		"files { } trap io_uring_setup":  "trap",
		"files { } set @a { io_uring_setup } log @a": "log",
		"files { } set @a { @aio } log @a":           "errno ENOSYS",
	} {
		verdicts(t, "x86_64", rules, map[string]string{"io_uring_setup": want})
	}
}

// TestBlocksStayInForce enters phases: what a block implies holds in all later ones.
func TestBlocksStayInForce(t *testing.T) {
	p, err := Load("t", []byte(`arch x86_64 default allow files { read / }
		phase a { allow chmod } phase b { network { unix } } phase c { }`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, ph := range p.Phases {
		for _, call := range []string{"chmod", "socket(family == AF_INET)", "socket(family == AF_UNIX)"} {
			d := callOf(t, p.Arches[0], call)
			v, _ := ph.Own.Evaluate(&d)
			got += fmt.Sprintf("%s %v; ", ph.Name, v)
		}
	}
	const want = "a allow; a allow; a allow; b errno EPERM; b errno EAFNOSUPPORT; b allow; c errno EPERM; c errno EAFNOSUPPORT; c allow; "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(p.Phases[0].Files) != 1 || len(p.Phases[1].Network) != 1 || len(p.Phases[2].Files)+len(p.Phases[2].Network) != 0 {
		t.Error("blocks begin with the wrong phases")
	}
}
