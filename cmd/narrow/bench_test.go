package main

import (
	"bytes"
	"io"
	"testing"
)

// BenchmarkSimStream answers the lines of a stream, in the spellings that
// `sim --jsonl` reads: calls a second of all processors together.
func BenchmarkSimStream(b *testing.B) {
	for _, s := range []struct{ name, line string }{
		{"plain", `{"arch":"x86_64","nr":1,"ip":"0x7f12a4c05010","args":["0x1","0x7f12a4c05010","0x5","0x0","0x0","0x0"]}`},
		{"names", `{"nr": "write", "arch": "0xc000003e", "args": ["0x1", "0x0", "0x5"], "phase": "all", "thread": "worker"}`},
		{"escapes", `{"nr":1,"thread":"\u0077orker"}`}, // left to encoding/json
	} {
		b.Run(s.name, func(b *testing.B) {
			const lines = 20_000
			in := bytes.Repeat([]byte(s.line+"\n"), lines)
			sim := lineSimulator(b)
			for b.Loop() {
				if err := simStream(sim, bytes.NewReader(in), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
