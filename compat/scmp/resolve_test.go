package scmp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/compat/scmp"
)

var tokens = []scmp.Token{scmp.X86, scmp.X86_64, scmp.X32, scmp.ARM, scmp.AARCH64, scmp.LOONGARCH64, scmp.M68K, scmp.MIPS,
	scmp.MIPS64, scmp.MIPS64N32, scmp.MIPSEL, scmp.MIPSEL64, scmp.MIPSEL64N32, scmp.PARISC, scmp.PARISC64, scmp.PPC,
	scmp.PPC64, scmp.PPC64LE, scmp.RISCV64, scmp.S390, scmp.S390X, scmp.SH, scmp.SHEB}

// TestSameNumbersAsABI holds the table against the one of package abi, which
// comes from other sources.
func TestSameNumbersAsABI(t *testing.T) {
	compared := 0
	for _, token := range tokens {
		a, ok := abi.ByName(token.String())
		if !ok {
			continue
		}
		for _, call := range a.Calls() {
			nr, ok := scmp.ResolveName(token, call.Name)
			if !ok || nr < 0 {
				continue // a younger call, or a multiplexed one
			}
			compared++
			if uint32(nr) != call.Nr {
				t.Errorf("%v %s: %d, abi has %d", token, call.Name, nr, call.Nr)
			}
			if name, ok := scmp.ResolveNumber(token, nr); !ok || name != call.Name {
				t.Errorf("%v %d: %q, want %s", token, nr, name, call.Name)
			}
		}
	}
	if compared < 4500 {
		t.Errorf("only %d numbers compared", compared)
	}
}

// TestSameNumbersAsC asks the C library for each name on each of its
// architectures, and for each number there.
func TestSameNumbersAsC(t *testing.T) {
	var ask strings.Builder
	names := map[string]bool{}
	for _, token := range tokens {
		for nr := int32(-10300); nr < 7000; nr++ {
			if name, ok := scmp.ResolveNumber(token, nr); ok {
				names[name] = true
			}
		}
	}
	for name := range names {
		for _, token := range tokens {
			fmt.Fprintf(&ask, "%d %s\n", token, name)
		}
	}
	cmd := exec.Command(reference(t), "resolve")
	cmd.Stdin = strings.NewReader(ask.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	asked, compared := bufio.NewScanner(strings.NewReader(ask.String())), 0
	for answers := bufio.NewScanner(bytes.NewReader(out)); answers.Scan() && asked.Scan(); {
		var token scmp.Token
		var name string
		fmt.Sscan(asked.Text(), &token, &name)
		var want int32
		fmt.Sscan(answers.Text(), &want)
		if want == -1 {
			continue // the library is older than the table
		}
		got, ok := scmp.ResolveName(token, name)
		if !ok || got != want && want > -10000 { // pseudo numbers of old calls that an architecture gained meanwhile
			t.Errorf("%v %s: got %d, want %d", token, name, got, want)
		}
		compared++
	}
	if compared < 7000 {
		t.Errorf("only %d names compared", compared)
	}
}
