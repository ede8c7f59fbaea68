package policy

import (
	"errors"
	"strings"
	"testing"
)

// TestResolveErrors has every error of Resolve once, whole.
func TestResolveErrors(t *testing.T) {
	const head = "arch x86_64, aarch64 default errno EPERM\n"
	for _, test := range []struct{ name, text, want string }{
		{"no default", "arch x86_64", "t:1:1: no default line; expected the verdict of calls that no rule matches; write `default kill-process`"},
		{"second default", head + "default allow", "t:2:1: a second default line; expected one; the first is at t:1:22"},
		{"second arch line", head + "arch i386", "t:2:1: a second arch line; expected one; the first is at t:1:1"},
		{"unknown arch", "default allow arch x86_46", `t:1:20: unknown arch "x86_46"; expected x86_64, x32, i386, aarch64, arm, riscv64, ppc, ppc64, ppc64le, s390x, loongarch64, mips, mipsel, mips64 or mips64el; did you mean "x86_64"?`},
		{"arch twice", "default allow arch x86_64, amd64", "t:1:28: arch x86_64 stands twice; expected each architecture once"},
		{"huge version", head + "newer allow than linux 999.1", `t:2:24: "999.1" is not a version of Linux; expected MAJOR.MINOR such as 6.12`},
		{"errno too large", head + "errno 4096 read", "t:2:7: 4096 is not between 0 and 4095; expected the data of errno"},
		{"no errno", head + "errno EPOLLIN read", "t:2:7: EPOLLIN is no error; expected one such as EPERM, or its number"},
		{"trap too large", head + "trap 65536 read", "t:2:6: 65536 is not between 0 and 65535; expected the data of trap"},
		{"errno by param", head + "param e = EFOO errno $e read", `t:2:22: unknown constant "EFOO", the value of $e; expected a number, a constant of the kernel's headers or a $param`},

		{"unknown call", head + "allow epoll_wiat", `t:2:7: unknown call "epoll_wiat"; expected a system call, a @set or *; did you mean "epoll_wait"?`},
		{"other arch's call", head + "allow mmap2", "t:2:7: no architecture of the policy has mmap2; expected a call of x86_64, aarch64; it is one of i386, arm, ppc, mips, mipsel"},
		{"number too large", head + "allow syscall_4294967296", "t:2:7: syscall_4294967296 is a number that no architecture of the policy has; expected one of 32 bits; x32's numbers, with bit 30 set, belong to arch x32"},
		{"x32's number", "arch x86_64 default allow\nlog syscall_0x40000001", "t:2:5: syscall_0x40000001 is a number that no architecture of the policy has; expected one of 32 bits; x32's numbers, with bit 30 set, belong to arch x32"},
		{"unknown set", head + "allow @satrtup", "t:2:7: unknown set \"@satrtup\"; expected a set of the file or a shipped one (`narrow sets` lists them); did you mean \"@startup\"?"},
		{"set cycle", head + "set @a { read @b }\nset @b { @c }\nset @c { @a }", "t:4:10: the set @a holds itself: @a → @b → @c → @a; expected sets without a cycle"},
		{"set in itself", head + "set @a { @a }", "t:2:10: the set @a holds itself: @a → @a; expected sets without a cycle"},
		{"second set", head + "set @a { read }\nset @a { write }", "t:3:5: a second set @a; expected each set once; the first is at t:2:1"},
		{"in an unused set", head + "set @a { raed }", `t:2:10: unknown call "raed"; expected a system call, a @set or *; did you mean "read"?`},

		{"wrong argument", head + "allow openat(flag == 0)", `t:2:14: openat has no argument named "flag"; expected dfd, filename, flags, mode or arg0..arg5; did you mean "flags"?`},
		{"no arguments", head + "allow getpid(x == 0)", `t:2:14: getpid has no argument named "x"; expected one of the raw registers arg0..arg5`},
		{"number's argument", head + "allow syscall_1007(fd == 0)", `t:2:20: syscall_1007 has no argument named "fd"; expected one of the raw registers arg0..arg5`},
		{"unknown constant", head + "allow socket(family == AF_INTE)", `t:2:24: unknown constant "AF_INTE"; expected a number, a constant of the kernel's headers or a $param; did you mean "AF_INET"?`},
		{"constant of another arch", head + "allow arch_prctl(option == ARCH_SET_FS) prctl(option == PR_SET_FP_MODE, arg2 == MAP_32BIT)", "t:2:81: aarch64 has no constant MAP_32BIT; expected one that every architecture of the policy has; write its value as a number, or leave aarch64 out of the arch line"},
		{"unknown param", head + "param port = 80 allow read(fd == $prot)", "t:2:34: unknown param $prot; expected one that a param line declares; did you mean \"port\"?"},
		{"unknown param of when", head + "when $x { allow read }", "t:2:6: unknown param $x; expected one that a param line declares"},
		{"second param", head + "param a = 1\nparam a = 2", "t:3:7: a second param a; expected each param once; the first is at t:2:1"},
		{"value of a param", head + "param a = x1 allow read(fd == $a)", `t:2:31: unknown constant "x1", the value of $a; expected a number, a constant of the kernel's headers or a $param`},

		{"path compared", head + "allow openat(filename == 0x1000)", "t:2:14: filename is a pointer (const char *); expected == NULL or != NULL, as seccomp cannot see what a pointer points to; grant paths in a files block"},
		{"address compared", head + "allow connect(uservaddr > NULL)", "t:2:15: uservaddr is a pointer (struct sockaddr *); expected == NULL or != NULL, as seccomp cannot see what a pointer points to; grant ports and addresses in a network block"},
		{"buffer compared", head + "allow read(buf & 7 == 0)", "t:2:12: buf is a pointer (char *); expected == NULL or != NULL, as seccomp cannot see what a pointer points to; grant paths in a files block"},
		{"pointer with 0", head + "allow rt_sigaction(act == 0)", "t:2:20: act is a pointer (const struct sigaction *); expected == NULL or != NULL, as seccomp cannot see what a pointer points to; write NULL"},

		{"too wide", head + "allow socket(family == 4294967296)", "t:2:24: 4294967296 is too wide for family, an int (32 bits, signed) on x86_64; expected -2147483648..2147483647\n" +
			"t:2:24: 4294967296 is too wide for family, an int (32 bits, signed) on aarch64; expected -2147483648..2147483647"},
		{"unsigned too wide", "arch x86_64 default allow\nlog write(fd >= 0x100000000)", "t:2:17: 0x100000000 is too wide for fd, an unsigned int (32 bits, unsigned); expected 0..4294967295"},
		{"bits of a signed one", "arch x86_64 default allow\nlog socket(family < 0xffffffff)", "t:2:21: 0xffffffff is too wide for family, an int (32 bits, signed); expected -2147483648..2147483647; write -1 for the same bits"},
		{"number of a signed one", "arch x86_64 default allow\nlog socket(family == 4294967295)", "t:2:22: 4294967295 is too wide for family, an int (32 bits, signed); expected -2147483648..2147483647; write -1 for the same bits"},
		{"negative unsigned", "arch x86_64 default allow\nlog write(fd == -1)", "t:2:17: -1 is negative; expected a value of fd, an unsigned int (32 bits, unsigned); write 0xffffffff for the same bits"},
		{"negative register", "arch x86_64 default allow\nlog write(arg0 == -1)", "t:2:19: -1 is negative; expected a value of arg0, a register (64 bits, unsigned); write 0xffffffffffffffff for the same bits"},
		{"register of 32 bits", "arch i386 default allow\nlog write(arg0 == 0x100000000)", "t:2:19: 0x100000000 is too wide for arg0, a register (32 bits, unsigned); expected 0..4294967295"},
		{"two widths", "arch x86_64 default allow\nlog prctl(option in {PR_SET_MM, PR_SET_NAME}, arg2 > 1)", "t:2:47: arg2 has 32 bits for PR_SET_MM and 64 for PR_SET_NAME; expected values of option that agree in it; write a call for each"},
		{"mask too wide", "arch x86_64 default allow\nlog write(fd & 0x100000000 == 0)", "t:2:16: 0x100000000 is too wide for fd, an unsigned int (32 bits, unsigned); expected 0..4294967295"},
		{"flags too wide", "arch x86_64 default allow\nlog write(fd has 0x100000000)", "t:2:18: 0x100000000 is too wide for fd, an unsigned int (32 bits, unsigned); expected 0..4294967295"},
		{"short", "arch i386 default allow\nlog chmod(mode == 0200000)", "t:2:19: 0200000 is too wide for mode, an umode_t (16 bits, unsigned); expected 0..65535"},
		{"outside the mask", head + "allow openat(flags & O_ACCMODE == 4)", "t:2:35: 4 has bits (0x4) that the mask O_ACCMODE takes away; expected bits of the mask only; with this value flags == can only be false"},
		{"flags outside the mask", head + "allow openat(flags & 3 has 5)", "t:2:28: 5 has bits (0x4) that the mask 3 takes away; expected bits of the mask only; with this value flags has can only be false"},
		{"negative under a mask", head + "allow accept(fd & 0xff == -1)", "t:2:27: -1 has bits (0xffffff00) that the mask 0xff takes away; expected bits of the mask only; with this value fd == can only be false"},
		{"empty range", head + "allow write(fd in {9..3})", "t:2:20: the range 9..3 is empty; expected the lower number first; write 3..9"},
		{"empty signed range", head + "allow accept(fd in {1..-1})", "t:2:21: the range 1..-1 is empty; expected the lower number first; write -1..1"},

		{"second phase", head + "phase a { allow read }\nphase a { }", "t:3:7: a second phase a; expected each phase once; the first is at t:2:1"},
		{"second thread", head + "phase a { thread x { }\nthread x { } }", "t:3:8: a second thread x in this phase; expected each thread once; the first is at t:2:11"},
		{"test of no phase", head + "phase init { }\ntest inti { allow read }", `t:3:6: unknown phase "inti"; expected init; did you mean "init"?`},
		{"strict with rules", head + "strict\nallow read", "t:2:1: strict beside other rules; expected it alone: the kernel's mode 1 knows no rules; write `allow @strict` to have them together"},
		{"strict after a filter", head + "phase a { allow read }\nphase b { strict }", "t:3:11: strict where a filter stands before it: phase a installs one; expected none, as mode 1 is refused after any filter (EINVAL); write `allow @strict` in place of strict"},
		{"strict after strict", head + "phase a { strict }\nphase b { strict }", "t:3:11: strict where a filter stands before it: phase a installs one; expected none, as mode 1 is refused after any filter (EINVAL); write `allow @strict` in place of strict"},
		{"strict under a block", head + "files { read / }\nphase a { strict }", "t:3:11: strict where a filter stands before it: the files and network blocks imply one; expected none, as mode 1 is refused after any filter (EINVAL); write `allow @strict` in place of strict"},
		{"strict thread", head + "phase a { allow read\nthread x { strict } }", "t:3:1: strict where a filter stands before it: the phase's own rules are a filter that is installed before it; expected none, as mode 1 is refused after any filter (EINVAL); write `allow @strict` in place of strict"},
		{"strict at the top", head + "strict phase a { }", "t:2:1: strict at the top of a policy with phases; expected it in a phase or thread"},
		{"thread in strict", head + "phase a { strict\nthread x { } }", "t:3:1: a thread in a strict phase; expected strict alone: it holds for every thread"},

		{"relative by a param", head + "param p = tmp files { read $p/x }", `t:2:28: path "tmp/x" is not absolute; expected one that begins with /`},
		{"more paths", head + "files { read /etc }\nphase a { files { read /etc/passwd write /etc/x read /usr } }", "t:3:42: this block names more than the one at t:2:1: write /etc/x; expected no more than every block before it; blocks stack: name it there, too, or not here\n" +
			"t:3:54: this block names more than the one at t:2:1: read /usr; expected no more than every block before it; blocks stack: name it there, too, or not here"},
		{"more ports", head + "network { bind tcp 80..90 udp }\nphase a { network { bind tcp 85..91 connect tcp any udp unix } }", "t:3:11: this block names more than the one at t:2:1: bind tcp 91; expected no more than every block before it; blocks stack: name it there, too, or not here\n" +
			"t:3:11: this block names more than the one at t:2:1: connect tcp any; expected no more than every block before it; blocks stack: name it there, too, or not here\n" +
			"t:3:11: this block names more than the one at t:2:1: unix; expected no more than every block before it; blocks stack: name it there, too, or not here"},
		{"address", head + "network { connect tcp 10.0.0.7:11211 }", "t:2:23: addresses (10.0.0.7:11211) are not enforceable yet; expected TCP ports, udp or unix: addresses and UDP ports need the cgroup eBPF layer; write `connect tcp PORT` for the port at every address"},
		{"UDP port", head + "network { connect udp 53 }", "t:2:19: UDP ports are not enforceable yet; expected TCP ports, udp or unix: addresses and UDP ports need the cgroup eBPF layer; write `udp` for all of them"},
		{"port too large", head + "network { bind tcp 65536 }", `t:2:20: "65536" is not a port; expected 0..65535, A..B or any`},
		{"empty ports", head + "network { bind tcp 9..3 }", "t:2:20: the range 9..3 is empty; expected the lower port first; write 3..9"},

		{"capability", head + "process { capabilities NET_BIND }", `t:2:24: unknown capability "NET_BIND"; expected none or names such as NET_BIND_SERVICE`},
		{"none and more", head + "process { capabilities none, KILL }", "t:2:24: none beside capabilities; expected none alone, or a list"},
		{"descriptors", head + "process { descriptors 2..0, x }", "t:2:23: the range 2..0 is empty; expected the lower number first; write 0..2\n" +
			`t:2:29: "x" is no descriptor; expected a number, A..B or none`},
		{"limit", head + "process { rlimit NOFILES 7 }", `t:2:18: unknown limit "NOFILES"; expected AS, CORE, CPU, DATA, FSIZE, LOCKS, MEMLOCK, MSGQUEUE, NICE, NOFILE, NPROC, RSS, RTPRIO, RTTIME, SIGPENDING or STACK; did you mean "NOFILE"?`},
		{"limit's value", head + "process { rlimit NOFILE lots }", `t:2:25: "lots" is no limit; expected a number or unlimited`},
		{"second setting", head + "process { user a\nuser b }", "t:3:1: a second user line; expected one; the first is at t:2:11"},
		{"second label", head + "phase a { label { smack A\nsmack B } }", "t:3:1: a second label for smack; expected one for each LSM; the first is at t:2:19"},

		{"include without a reader", head + `include "x"`, `t:2:1: cannot include "x"; expected a policy that stands alone`},
		{"several at once", "arch x86_64\nallow raed write(fb == 1)\nphase a {} phase a {}", "t:1:1: no default line; expected the verdict of calls that no rule matches; write `default kill-process`\n" +
			`t:2:7: unknown call "raed"; expected a system call, a @set or *; did you mean "read"?` + "\n" +
			`t:2:18: write has no argument named "fb"; expected fd, buf, count or arg0..arg5` + "\n" +
			"t:3:18: a second phase a; expected each phase once; the first is at t:3:1"},
		{"beside the parser's", "arch x86_64\ndefault allow\nallow raed\nallow read(", `t:3:7: unknown call "raed"; expected a system call, a @set or *; did you mean "read"?` + "\n" +
			"t:4:11: this ( is never closed; expected ) before the end of the text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Load("t", []byte(test.text), Options{})
			if err == nil {
				t.Fatalf("no error; want\n%s", test.want)
			}
			if p != nil {
				t.Error("a policy comes with the error")
			}
			var list ErrorList
			if !errors.As(err, &list) {
				t.Fatalf("%T is no ErrorList", err)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestSetParams gives values to params, also to one that is not there.
func TestSetParams(t *testing.T) {
	const text = "arch x86_64 default errno EPERM param port = 80 param tls = no\nnetwork { bind tcp $port } when $tls { allow read }"
	p, err := Load("t", []byte(text), Options{Set: map[string]string{"port": "any", "tls": "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Phases[0].Network[0].BindAny || p.Params[0] != (ParamValue{"port", "any", "80", Pos{"t", 1, 33}}) || len(p.Params) != 2 {
		t.Errorf("got %+v and params %+v", p.Phases[0].Network[0], p.Params)
	}
	_, err = Load("t", []byte(text), Options{Set: map[string]string{"prot": "1"}})
	const want = `--set prot: the policy has no param "prot"; its params are port, tls; did you mean "port"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestWhen tells values that count as set from those that do not.
func TestWhen(t *testing.T) {
	for value, want := range map[string]bool{"yes": true, "1": true, "no": false, "0": false, "0x0": false, "00": false, "off": true, "false": true, "11211": true, "": false} {
		p, err := Load("t", []byte("arch x86_64 default errno EPERM param p = x when $p { allow read }"), Options{Set: map[string]string{"p": value}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Phases[0].Own.Arches[0].Lists[0]) == 3; got != want {
			t.Errorf("%q: got %v", value, got)
		}
	}
}

// TestIncludes reads sets, params and rules from beside a policy.
func TestIncludes(t *testing.T) {
	files := map[string]string{
		"d/sets.narrow":     "set @r { read }\nparam p = 7\ninclude \"sub/more.narrow\"",
		"d/sub/more.narrow": "set @w { write(fd == $p) }",
		"d/rules.narrow":    "allow @r @w",
		"d/loop.narrow":     "include \"loop2.narrow\"",
		"d/loop2.narrow":    "include \"./loop.narrow\"",
		"d/phase.narrow":    "allow read phase x { }",
		"d/broken.narrow":   "allow read(",
		"d/wrong.narrow":    "set @x { raed }",
	}
	load := func(text string) (*Policy, error) {
		return Load("d/p.narrow", []byte("arch x86_64 default errno EPERM\n"+text), Options{Include: func(path string) ([]byte, error) {
			text, ok := files[path]
			if !ok {
				return nil, errors.New("no such file")
			}
			return []byte(text), nil
		}})
	}
	p, err := load("include \"sets.narrow\" phase a { include \"rules.narrow\" } phase b { include \"rules.narrow\" thread x { include \"rules.narrow\" } }")
	if err != nil {
		t.Fatal(err)
	}
	got := dumpRules(p.Phases[1].Own)
	if !strings.Contains(got, "allow 0\n") || !strings.Contains(got, "allow 1 fd=r0:32{7}\n") {
		t.Errorf("got\n%s", got)
	}
	for _, test := range []struct{ text, want string }{
		{`include "nothing"`, `d/p.narrow:2:1: cannot include "nothing": no such file; expected a file beside the policy`},
		{`include "loop.narrow"`, "d/loop2.narrow:1:1: d/loop.narrow includes itself: d/loop.narrow → d/loop2.narrow → d/loop.narrow; expected includes without a loop"},
		{`include "p.narrow"`, "d/p.narrow:2:1: d/p.narrow includes itself: d/p.narrow → d/p.narrow; expected includes without a loop"},
		{`include "phase.narrow"`, "d/phase.narrow:1:12: an included file holds what belongs into the policy itself; expected sets, params and rules"},
		{`include "broken.narrow"`, "d/broken.narrow:1:11: this ( is never closed; expected ) before the end of the text"},
		{`include "wrong.narrow"`, `d/wrong.narrow:1:10: unknown call "raed"; expected a system call, a @set or *; did you mean "read"?`},
	} {
		_, err := load(test.text)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got\n%v\nwant\n%s", test.text, err, test.want)
		}
	}
}
