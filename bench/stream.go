package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// stream is calls as lines for `narrow sim --jsonl`, in one of the spellings
// that it reads.
type stream struct {
	what string
	line func(call *abi.Syscall, args string, ip uint64) string
}

// streams are the spellings that are measured.
var streams = []stream{
	{"plain lines", func(c *abi.Syscall, args string, ip uint64) string {
		return fmt.Sprintf(`{"arch":"x86_64","nr":%d,"ip":"%#x","args":[%s]}`, c.Nr, ip, args)
	}},
	{"names, blanks, phase and thread", func(c *abi.Syscall, args string, ip uint64) string {
		return fmt.Sprintf(`{"nr": %q, "arch": "0xc000003e", "args": [%s], "phase": "serving", "thread": "mc-worker"}`, c.Name, args)
	}},
}

// write makes a file of n lines, the same every time: all calls of x86_64 with
// arguments at the edges.
func (s *stream) write(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	arch, _ := abi.ByName("x86_64")
	calls := arch.Calls()
	random := rand.New(rand.NewPCG(1, 2))
	w := bufio.NewWriterSize(f, 1<<20)
	for range n {
		call := &calls[random.IntN(len(calls))]
		w.WriteString(s.line(call, arguments(random), random.Uint64N(1<<47)))
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// arguments are six words.
func arguments(random *rand.Rand) string {
	edges := []string{"0x0", "0x1", "0x2", "0x3", "0x10", "0x1000", "0x80000", "0x7f12a4c05010", "0xffffffff", "0xffffffffffffffff"}
	words := make([]string, 6)
	for i := range words {
		words[i] = `"` + edges[random.IntN(len(edges))] + `"`
	}
	return strings.Join(words, ",")
}
