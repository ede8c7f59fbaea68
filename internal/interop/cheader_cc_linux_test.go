package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// needCompiler skips a test without the compiler; in CI that is a failure.
func needCompiler(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
}

// write puts files into a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compiler runs a compiler in a folder, which must have nothing to say.
func compiler(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// standards are those that the header must be clean under.
var standards = map[string][]string{
	"gcc":     {"c99", "c11", "c17", "gnu17"},
	"clang":   {"c99", "c11", "c17", "gnu17"},
	"g++":     {"c++98", "c++11", "c++17", "c++20"},
	"clang++": {"c++98", "c++11", "c++17", "c++20"},
}

// TestCHeaderCompilesClean compiles a file that includes two headers, each
// twice, with more warnings than anybody asks for.
func TestCHeaderCompilesClean(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/cheader/server.h")
	if err != nil {
		t.Fatal(err)
	}
	other := mustHeader(t, "policy other arch x86_64, aarch64 default kill-process\nphase a { strict }")
	write(t, dir, map[string]string{
		"server.h": string(text), "other.h": string(other),
		"use.c": "#include \"server.h\"\n#include \"other.h\"\n#include \"server.h\"\n#include \"other.h\"\n" +
			"int main(void) { return narrow_small_server_enter_init() + narrow_other_enter_a(); }\n",
	})
	for name, all := range standards {
		t.Run(name, func(t *testing.T) {
			needCompiler(t, name)
			language := "c"
			if strings.HasSuffix(name, "++") {
				language = "c++"
			}
			for _, standard := range all {
				flags := []string{"-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wconversion", "-Wshadow", "-Wundef",
					"-Wcast-qual", "-Wwrite-strings", "-Wredundant-decls", "-Wmissing-declarations", "-fsyntax-only", "-x", language}
				compiler(t, dir, name, append(flags, "use.c")...)
			}
			if language == "c" { // as the main file
				compiler(t, dir, name, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", "server.h")
			}
		})
	}
}

// TestCHeaderNeedsNoNewHeaders: an old linux/seccomp.h or linux/landlock.h, or
// none, is no trouble, as neither is read.
func TestCHeaderNeedsNoNewHeaders(t *testing.T) {
	needCompiler(t, "gcc")
	out, err := exec.Command("gcc", "-M", "-x", "c", "testdata/cheader/server.h").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "linux/filter.h") {
		t.Fatalf("no list of what is read:\n%s", out)
	}
	for _, header := range []string{"seccomp.h", "landlock.h", "syscall.h", "unistd_64.h", "prctl.h"} {
		if strings.Contains(string(out), header) {
			t.Errorf("%s is read:\n%s", header, out)
		}
	}
}

// targets are what clang calls the architectures.
var targets = map[string]string{
	"x86_64": "x86_64-linux-gnu", "x32": "x86_64-linux-gnux32", "i386": "i386-linux-gnu", "aarch64": "aarch64-linux-gnu", "arm": "armv7-linux-gnueabihf",
	"riscv64": "riscv64-linux-gnu", "ppc": "powerpc-linux-gnu", "ppc64": "powerpc64-linux-gnu", "ppc64le": "powerpc64le-linux-gnu",
	"s390x": "s390x-linux-gnu", "loongarch64": "loongarch64-linux-gnu", "mips": "mips-linux-gnu", "mipsel": "mipsel-linux-gnu",
	"mips64": "mips64-linux-gnuabi64", "mips64el": "mips64el-linux-gnuabi64",
}

// TestCHeaderPicksTheArchitecture lets a compiler for each one preprocess a
// header for all: exactly its own filters must be left.
func TestCHeaderPicksTheArchitecture(t *testing.T) {
	needCompiler(t, "clang")
	var names []string
	for _, a := range abi.Arches() {
		names = append(names, a.Name)
	}
	made := string(mustHeader(t, "policy p arch "+strings.Join(names, ", ")+"\ndefault errno EPERM allow read"))
	// No header of the system is needed to choose.
	made = strings.ReplaceAll(made, "#include", "// #include")
	dir := t.TempDir()
	write(t, dir, map[string]string{"p.h": made})
	for _, a := range abi.Arches() {
		c := exec.Command("clang", "--target="+targets[a.Name], "-E", "-CC", "-P", "-x", "c", "p.h")
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil && strings.Contains(string(out), "unknown target triple") {
			t.Logf("this clang has no %s", a.Name)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v\n%.2000s", a.Name, err, out)
			continue
		}
		seccomp, _ := a.Call("seccomp")
		want := "narrow_p_nr_seccomp = " + strconv.FormatUint(uint64(seccomp.Nr), 10)
		if n := strings.Count(string(out), "_nr_seccomp ="); n != 1 || !strings.Contains(string(out), want) {
			t.Errorf("%s: %d parts are left, want one with %s", a.Name, n, want)
		}
	}
}

// TestCHeaderElsewhereDoesNotCompile: an architecture that the policy lacks.
func TestCHeaderElsewhereDoesNotCompile(t *testing.T) {
	needCompiler(t, "gcc")
	dir := t.TempDir()
	write(t, dir, map[string]string{"p.h": string(mustHeader(t, "policy p arch s390x default errno EPERM allow read"))})
	c := exec.Command("gcc", "-fsyntax-only", "-x", "c", "p.h")
	c.Dir = dir
	out, err := c.CombinedOutput()
	const want = `#error "policy p has no rules for this architecture; it is for s390x"`
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("got %v\n%s\nwant %s", err, out, want)
	}
}
