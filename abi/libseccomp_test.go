package abi

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// resolver is a C program that prints what libseccomp knows: for each line
// "arch name" of its input the number, -1 if it knows no such name at all,
// another negative number if the architecture lacks it.
const resolver = `
#include <seccomp.h>
#include <stdio.h>
int main(void) {
	char arch[32], name[64];
	while (scanf("%31s %63s", arch, name) == 2)
		printf("%s %s %d\n", arch, name, seccomp_syscall_resolve_name_arch(seccomp_arch_resolve_name(arch), name));
}
`

// libseccompName is how libseccomp calls an architecture; "" if it does not.
func libseccompName(a *Arch) string {
	switch a.Name {
	case "i386":
		return "x86"
	case "mips64el":
		return "mipsel64"
	case "loongarch64":
		return "" // since 2.6
	}
	return a.Name
}

// libseccomp's resolver agrees with every number, and lacks what we lack. Names
// that it does not know are younger than it.
func TestNumbersAgreeWithLibseccomp(t *testing.T) {
	resolved := resolve(t)
	compared, absent := 0, 0
	for _, a := range Arches() {
		for _, name := range callNames {
			nr, ok := resolved[libseccompName(a)+" "+name]
			if multiplexed := nr < -100 && nr > -300; !ok || nr == -1 || multiplexed {
				continue // where socketcall or ipc exists, it answers for their calls with numbers of its own
			}
			c, ours := a.Call(name)
			ours = ours && c.Name == name // no alias
			switch {
			case ours && nr >= 0 && uint32(nr) == c.Nr:
				compared++
			case !ours && nr < 0:
				absent++
			case ours && nr < 0 && !c.Since.Before(Version{5, 1}):
				absent++ // given to this architecture after libseccomp's release
			case ours:
				t.Errorf("%v: %s is %#x since %v, libseccomp says %d", a, name, c.Nr, c.Since, nr)
			default:
				t.Errorf("%v: no %s, libseccomp says %d", a, name, nr)
			}
		}
	}
	if compared < 4800 || absent < 1000 {
		t.Errorf("only %d numbers and %d absences compared", compared, absent)
	}
}

// resolve asks libseccomp for every name on every architecture at once.
func resolve(t *testing.T) map[string]int {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "resolver.c"), filepath.Join(dir, "resolver")
	if err := os.WriteFile(source, []byte(resolver), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-w", "-o", program, source, "-lseccomp").CombinedOutput(); err != nil {
		missing(t, "gcc or libseccomp-dev ("+strings.TrimSpace(string(out))+")")
	}
	var questions strings.Builder
	for _, a := range Arches() {
		for _, name := range callNames {
			if arch := libseccompName(a); arch != "" {
				fmt.Fprintln(&questions, arch, name)
			}
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(questions.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		key, nr, _ := cutLast(lines.Text())
		if answers[key], err = strconv.Atoi(nr); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
