package policy

import (
	"strings"
	"testing"
)

// warnings resolves rules behind a head and returns the warnings, a line each,
// their places relative to the rules.
func warnings(t *testing.T, text string) []string {
	t.Helper()
	p, err := Load("t", []byte(text), Options{})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	var out []string
	for _, w := range p.Warnings {
		out = append(out, w.Error())
	}
	return out
}

// base is what a policy needs to have no warnings by itself; one line.
const base = "arch x86_64, i386 default kill-process allow rt_sigreturn exit_group errno ENOSYS clone3\n"

func TestLints(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string // each begins so; in order
	}{
		{"clean", base + "allow read write(fd > 2) log write(fd == 2) param p = no when $p { allow read }", nil},
		{"same call", base + "allow read\nerrno EPERM read", []string{
			"t:3:13: errno EPERM read can never decide; allow read at t:2:7 decides before it; remove it, or move it before that rule",
		}},
		{"star", base + "allow *\nerrno EPERM read write(fd == 1)", []string{
			"t:3:13: errno EPERM read can never decide; allow * at t:2:7 decides before it",
			"t:3:18: errno EPERM write(fd == 1) can never decide; allow * at t:2:7",
		}},
		{"wider condition", base + "allow write(fd > 2)\nerrno EPERM write(fd == 7) write(fd == 2)", []string{
			"t:3:13: errno EPERM write(fd == 7) can never decide; allow write(fd > 2) at t:2:7",
		}},
		{"union", base + "allow write(fd <= 2) write(fd > 2)\nlog write", []string{
			"t:3:5: log write can never decide; allow write(fd <= 2) at t:2:7",
		}},
		{"union with masks", base + "allow openat(flags has O_CREAT) openat(flags lacks O_CREAT)\nlog openat(mode == 0)", []string{
			"t:3:5: log openat(mode == 0) can never decide",
		}},
		{"union leaves one", base + "allow write(fd < 2) write(fd > 2)\nlog write", nil},
		{"union over a pair of arguments", base + "allow socket(family == AF_UNIX) socket(family != AF_UNIX, type == 1)\nlog socket(type == 1) socket(type == 2)", []string{
			"t:3:5: log socket(type == 1) can never decide",
		}},
		{"set", base + "set @a { read write } allow @a\nlog @a read", []string{
			"t:3:5: log @a can never decide; allow @a at t:2:29",
			"t:3:8: log read can never decide; allow @a at t:2:29",
		}},
		{"set in part", base + "set @a { read write } allow read\nlog @a", nil},
		{"only on one architecture", base + "allow mmap2\nlog mmap mmap2(fd == 1)", []string{
			"t:3:10: log mmap2(fd == 1) can never decide",
		}},
		{"numbers", base + "allow syscall_1\nlog write", nil}, // i386's write is another number
		{"when that holds", base + "param p = yes when $p { allow read }\nlog read", nil},
		{"both in the when", base + "param p = yes when $p { allow read\nlog read }", []string{"t:3:5: log read can never decide"}},
		{"outside of the when", base + "param p = yes allow read when $p {\nlog read }", []string{"t:3:5: log read can never decide"}},
		{"thread only", base + "phase a { thread x { allow read }\nlog read }", nil},
		{"every thread", base + "phase a { thread x { log write }\nallow read } log read", []string{"t:3:18: log read can never decide; allow read at t:3:7"}},
		{"implied denial", base + "files { read / }\nkill-process chmod", []string{
			"t:3:14: kill-process chmod can never decide; errno EPERM chmod at t:2:1 decides before it; remove it: what the block implies comes before all rules",
		}},
		{"allowed in spite of a block", base + "files { read / }\nallow chmod fchmod(mode == 0)", nil},
		{"network", base + "network { bind tcp 80 }\nallow socket(family == AF_UNIX) socket(family == AF_INET)", []string{
			"t:3:7: allow socket(family == AF_UNIX) can never decide; errno EAFNOSUPPORT socket(family not in {AF_INET, AF_INET6}) at t:2:1",
		}},
		{"restart_syscall", base + "allow restart_syscall", nil},
		{"restart_syscall denied", base + "kill-process restart_syscall", []string{"t:2:14: restart_syscall is let through all the same"}},

		{"unsigned below 0", base + "allow write(fd < 0)", []string{"t:2:13: fd < 0 can never hold; fd, an unsigned int (32 bits, unsigned), is 0..4294967295"}},
		{"signed beyond", base + "allow accept(fd > 2147483647)", []string{"t:2:14: fd > 2147483647 can never hold"}},
		{"together", base + "allow openat(flags has O_CREAT, flags lacks O_CREAT)", []string{"t:2:7: the conditions of openat(flags has O_CREAT, flags lacks O_CREAT) can never hold together"}},
		{"beyond 64 bits", "arch x86_64 default kill-process allow rt_sigreturn exit_group\nallow lseek(offset > 0x7fffffffffffffff)", []string{"t:2:13: offset > 0x7fffffffffffffff can never hold"}},

		{"no return", "arch x86_64\ndefault errno EPERM allow exit_group", []string{"t:2:1: the policy forgets rt_sigreturn"}},
		{"no end", "arch x86_64\ndefault errno EPERM allow rt_sigreturn", []string{"t:2:1: the policy forgets exit_group"}},
		{"denied on purpose", "arch x86_64\ndefault allow errno EPERM rt_sigreturn exit_group", nil},
		{"phases", base + "phase a {} phase b {\nthread x {} }", nil},
		{"thread forgets", "arch x86_64 default kill-process\nphase a { allow exit_group\nthread x { allow rt_sigreturn } }\n", []string{"t:2:1: phase a forgets rt_sigreturn"}},
		{"one thread ends it", "arch x86_64 default kill-process\nphase a { allow rt_sigreturn\nthread x { allow exit_group } }\n", nil},

		{"no beginning", base + "phase a { allow clone rseq }\nphase b { allow read thread w { allow write } thread main { allow rseq } }", []string{"t:3:1: phase b forgets rseq; a thread that the phase before has started"}},
		{"beginning of some", base + "phase a { allow clone rseq }\nphase b { allow read thread w { allow rseq } }", nil},
		{"no threads before", base + "phase a { allow clone(clone_flags lacks CLONE_THREAD) rseq }\nphase b { allow read }", nil},
		{"no rseq before", base + "phase a { allow clone }\nphase b { allow read }", nil},

		{"errno 0", base + "errno 0 read", []string{"t:2:9: errno 0 for read makes the call pretend to succeed"}},
		{"clone3 killed", "arch x86_64 default kill-process allow rt_sigreturn exit_group\nallow clone", []string{"t:1:13: clone3 gets kill-process here, and clone is let through"}},
		{"clone3 allowed", "arch x86_64 default kill-process allow rt_sigreturn exit_group\nallow clone(flags has CLONE_THREAD) clone3", []string{"t:2:37: allow clone3 lets it start whatever it likes"}},
		{"both allowed", "arch x86_64 default kill-process allow rt_sigreturn exit_group\nallow clone clone3", nil},
		{"listener", base + "notify ioctl socket", []string{"t:2:8: notify catches ioctl"}},
		{"notify elsewhere", base + "notify socket", nil},
		{"hidden set", base + "set @stat { read }", []string{"t:2:5: the set @stat hides the shipped set of this name"}},
		{"no arch", "default errno EPERM allow rt_sigreturn exit_group", []string{"t:1:1: no arch line"}},
		{"unseen argument", base + "allow mmap(prot == 1)", []string{"t:2:7: on i386 mmap(prot == 1) matches no call"}},
		{"unseen argument denied", base + "errno EPERM mmap(prot == 1)", []string{"t:2:13: on i386 mmap(prot == 1) denies all of the call"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := warnings(t, test.text)
			for i := range max(len(got), len(test.want)) {
				switch {
				case i >= len(got):
					t.Errorf("missing: %s", test.want[i])
				case i >= len(test.want):
					t.Errorf("unexpected: %s", got[i])
				case !strings.HasPrefix(got[i], test.want[i]):
					t.Errorf("got  %s\nwant %s", got[i], test.want[i])
				}
			}
		})
	}
}
