package policy

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// The programs whose calls the sets must cover.
const (
	cNothing = "int main(void) { return 0; }"
	cHello   = "#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }"
	cThreads = `#include <pthread.h>
#include <stdlib.h>
#include <time.h>
static void *work(void *p) { struct timespec t = {0, 1000}; nanosleep(&t, 0); free(malloc(300000)); return p; }
int main(void) {
	pthread_t t[4];
	for (int i = 0; i < 4; i++) pthread_create(t + i, 0, work, 0);
	for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
	return 0;
}`
	goNothing = "package main\nfunc main() {}"
	goThreads = `package main
import ("runtime"; "sync"; "time")
func main() {
	var wg sync.WaitGroup
	for range 50 {
		wg.Add(1)
		go func() { defer wg.Done(); b := make([]byte, 1<<20); b[0] = 1; time.Sleep(time.Millisecond) }()
	}
	wg.Wait()
	runtime.GC()
}`
	goLives = `package main
import "time"
func main() {
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		_ = make([]byte, 1<<16)
	}
	println("bye")
}`
	// A timer that comes before the one which a thread waits for: that thread is woken.
	goWakes = `package main
import ("runtime"; "time")
func main() {
	runtime.GOMAXPROCS(2)
	time.AfterFunc(time.Hour, func() {})
	for range 50 {
		for end := time.Now().Add(2 * time.Millisecond); time.Now().Before(end); {}
		time.AfterFunc(time.Millisecond, func() {})
	}
}`
)

// TestSetsCoverPrograms traces programs made by the compilers of this machine
// and asks the sets for each call that they made.
func TestSetsCoverPrograms(t *testing.T) {
	needs(t, "strace")
	for _, p := range []struct {
		name, arch, source string
		compiler           []string
		sets               string
	}{
		{"c", "x86_64", cNothing, []string{"gcc"}, "@startup"},
		{"c-static", "x86_64", cNothing, []string{"gcc", "-static"}, "@startup"},
		{"c-hello", "x86_64", cHello, []string{"gcc"}, "@startup write(fd == 1)"},
		{"c-i386", "i386", cHello, []string{"gcc", "-m32"}, "@startup write(fd == 1)"},
		{"c-threads", "x86_64", cThreads, []string{"gcc", "-pthread"}, "@startup @threading clone3"},
		{"c-threads-static", "x86_64", cThreads, []string{"gcc", "-pthread", "-static"}, "@startup @threading clone3"},
		{"musl", "x86_64", cHello, []string{"musl-gcc"}, "@startup writev(fd == 1)"},
		{"musl-static", "x86_64", cHello, []string{"musl-gcc", "-static"}, "@startup writev(fd == 1)"},
		{"musl-threads", "x86_64", cThreads, []string{"musl-gcc", "-pthread"}, "@startup @threading"},
		{"go", "x86_64", goNothing, []string{"go", "build"}, "@startup"},
		{"go-threads", "x86_64", goThreads, []string{"go", "build"}, "@startup @go-runtime"},
		{"go-lives", "x86_64", goLives, []string{"go", "build"}, "@startup @go-runtime"},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			arch, _ := abi.ByName(p.arch)
			program := build(t, p.compiler, p.source)
			mustCover(t, arch, p.sets, straced(t, arch, program))
		})
	}
}

// TestGoRuntimeCoversWaking is about a call that the runtime makes now and then
// only, and that has killed programs on a busy machine.
func TestGoRuntimeCoversWaking(t *testing.T) {
	needs(t, "strace")
	t.Parallel()
	arch, _ := abi.ByName("x86_64")
	calls := straced(t, arch, build(t, []string{"go", "build"}, goWakes))
	write, _ := arch.Call("write")
	if !slices.ContainsFunc(calls, func(d bpf.Data) bool { return d.Nr == write.Nr && d.Args[2] == 8 }) {
		t.Error("no thread was woken")
	}
	mustCover(t, arch, "@startup @go-runtime", calls)
}

// mustCover asks the sets for each call that a program made.
func mustCover(t *testing.T, arch *abi.Arch, sets string, calls []bpf.Data) {
	t.Helper()
	if len(calls) < 5 {
		t.Fatalf("strace saw only %d calls", len(calls))
	}
	allowed := loadAllowing(t, arch, sets)
	for _, d := range calls {
		if v, _ := allowed.Evaluate(&d); v.Kind != Allow {
			t.Errorf("%s lacks %s", sets, Describe(arch, d))
		}
	}
}

// needs skips the test where a program is missing, and fails it on CI.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", program)
	}
	t.Skipf("%s is missing", program)
}

// build compiles a program, or skips the test where the compiler cannot.
func build(t *testing.T, compiler []string, source string) string {
	t.Helper()
	needs(t, compiler[0])
	dir := t.TempDir()
	program, file := filepath.Join(dir, "program"), filepath.Join(dir, "main.c")
	if compiler[0] == "go" {
		file = filepath.Join(dir, "main.go")
	}
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(compiler[0], append(compiler[1:], "-o", program, file)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("cannot find -l")) || bytes.Contains(out, []byte("bits/libc-header-start.h")) {
			t.Skipf("%s lacks its libraries here", strings.Join(compiler, " "))
		}
		t.Fatalf("%v: %v\n%s", compiler, err, out)
	}
	return program
}

// loadAllowing is the rules of a policy that allows some calls.
func loadAllowing(t *testing.T, arch *abi.Arch, calls string) *Rules {
	t.Helper()
	p, err := Load("test", []byte("arch "+arch.Name+"\ndefault kill-process\nallow "+calls), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Phases[0].Own
}

// rawCall is a line of strace's with raw arguments.
var rawCall = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\(([^)<{]*)`)

// straced runs a program and returns the calls that it made after execve.
func straced(t *testing.T, arch *abi.Arch, program string) []bpf.Data {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("strace", "-f", "-e", "raw=all", "-o", out, program)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace: %v\n%s", err, text)
	}
	trace, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var calls []bpf.Data
	for s := bufio.NewScanner(bytes.NewReader(trace)); s.Scan(); {
		m := rawCall.FindStringSubmatch(s.Text())
		if m == nil || m[1] == "execve" {
			continue
		}
		call, ok := arch.Call(m[1])
		if !ok {
			t.Fatalf("%s has no call %s: %s", arch, m[1], s.Text())
		}
		calls = append(calls, bpf.Data{Nr: call.Nr, Arch: arch.Audit, Args: rawArgs(t, m[2])})
	}
	return calls
}

// rawArgs reads `0x1, 0, 0x22`.
func rawArgs(t *testing.T, text string) (args [6]uint64) {
	t.Helper()
	for i, field := range strings.Split(strings.TrimSpace(text), ", ") {
		v, err := strconv.ParseUint(strings.TrimSpace(field), 0, 64)
		if err != nil && field != "" {
			t.Fatalf("argument %q: %v", field, err)
		}
		if i < 6 {
			args[i] = v
		}
	}
	return args
}
