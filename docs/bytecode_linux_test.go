package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// saved are the files in which the text keeps its blocks of a language.
var saved = map[string]string{"narrow": "printer.narrow", "asm": "printer.bpf"}

// TestBytecode runs every command of the workshop.
func TestBytecode(t *testing.T) {
	t.Parallel()
	x86Only(t)
	need(t, "bash", "go")
	steps := stepsWith(t, "bytecode.md", saved)
	if len(steps) < 8 {
		t.Fatalf("found %d steps, expected the whole text", len(steps))
	}
	swap := strings.NewReplacer()
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}

// stepsWith is stepsOf for a text that keeps its blocks of some languages in
// files.
func stepsWith(t *testing.T, file string, files map[string]string) []step {
	t.Helper()
	var steps []step
	for _, f := range fences(t, file) {
		switch name := files[f.word()]; {
		case f.word() == "sh":
			steps = append(steps, step{fence: f, exit: exitOf(t, f)})
		case f.word() == "output":
			steps[len(steps)-1].output = &f
		case name != "":
			f.body = "cat >" + name + " <<'END'\n" + f.body + "END\n"
			steps = append(steps, step{fence: f})
		}
	}
	return steps
}

// x86Only skips a test of texts that name x86-64's calls.
func x86Only(t *testing.T) {
	t.Helper()
	if a := abi.Native(); a == nil || a.Name != "x86_64" {
		t.Skip("the text is about x86-64")
	}
}

// TestPicture: the picture is that of the text's program.
func TestPicture(t *testing.T) {
	x86Only(t)
	for _, f := range fences(t, "bytecode.md") {
		if f.word() != "asm" {
			continue
		}
		want, err := asm.Append(nil, asm.SVG, assembled(t, f.body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile("printer.svg"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("printer.svg is not what narrow asm --svg draws now (%v)", err)
		}
	}
}

// TestFiveWays proves that the filter of the workshop means the same in each
// way to write it, on every call of every architecture.
func TestFiveWays(t *testing.T) {
	x86Only(t)
	need(t, "cc", "go")
	text := map[string]string{}
	for _, f := range fences(t, "bytecode.md") {
		text[f.info] = f.body
	}
	p, err := policy.Load("printer.narrow", []byte(text["narrow"]), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	prover := verify.New(verify.Limits{})
	want := prover.Rules(p.Phases[0].Wide())
	for way, program := range map[string]bpf.Program{
		"policy": compiled(t, p), "assembler": assembled(t, text["asm"]),
		"macros": macros(t, text["c macros"]), "libseccomp": libseccomp(t, text["c libseccomp"]),
		"libseccomp in Go": goLibseccomp(t, text["go libseccomp"]),
	} {
		got, err := prover.Program(program)
		if err != nil {
			t.Errorf("%s: %v", way, err)
			continue
		}
		if result, err := prover.Equal(got, want); err != nil || result.Answer != verify.Yes {
			t.Errorf("%s: %v %s %+v, %v", way, result.Answer, result.Reason, result.Witness, err)
		}
	}
}

func compiled(t *testing.T, p *policy.Policy) bpf.Program {
	t.Helper()
	program, err := compile.Compile(p.Phases[0].Wide(), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func assembled(t *testing.T, source string) bpf.Program {
	t.Helper()
	a, err := asm.Assemble("printer.bpf", []byte(source), asm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range a.Warnings {
		t.Error(w)
	}
	return a.Program
}

// macros is what a C compiler makes of an array.
func macros(t *testing.T, array string) bpf.Program {
	t.Helper()
	return printedBy(t, `
#include <errno.h>
#include <stddef.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
`+array+`
int main(void) { return write(1, filter, sizeof filter) != sizeof filter; }
`)
}

// libseccomp is what libseccomp makes of calls to it.
func libseccomp(t *testing.T, calls string) bpf.Program {
	t.Helper()
	return printedBy(t, `
#include <errno.h>
#include <seccomp.h>
int main(void) {
`+calls+`
	return seccomp_export_bpf(ctx, 1) != 0;
}
`, "-lseccomp")
}

// goLibseccomp is what the Go interface makes of the same.
func goLibseccomp(t *testing.T, function string) bpf.Program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.go")
	write(t, file, `package main

import (
	"os"

	seccomp "github.com/narrow-sandbox/narrow/compat/libseccomp"
	"golang.org/x/sys/unix"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func main() { check(filter().ExportBPF(os.Stdout)) }

`+function)
	run := exec.Command("go", "run", file)
	run.Dir = "../compat/libseccomp" // a module of its own
	var errs strings.Builder
	run.Stderr = &errs
	raw, err := run.Output()
	if err != nil {
		t.Fatalf("go run: %v\n%s", err, &errs)
	}
	p, err := bpf.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// printedBy compiles a C program, runs it, and reads the filter that it prints.
func printedBy(t *testing.T, source string, flags ...string) bpf.Program {
	t.Helper()
	program := filepath.Join(t.TempDir(), "print")
	write(t, program+".c", source)
	args := append([]string{"-Wall", "-Werror", "-o", program, program + ".c"}, flags...)
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	raw, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	p, err := bpf.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
