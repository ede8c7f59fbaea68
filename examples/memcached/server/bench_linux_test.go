package server_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// BenchmarkNarrowed compares a narrowed server's CPU per operation with an
// unconfined one's, both under the same load in alternating rounds:
//
//	go test -run - -bench Narrowed ./examples/memcached/server
func BenchmarkNarrowed(b *testing.B) {
	for _, load := range []struct {
		name               string
		clients, pipelined int
	}{
		{"one request in flight", 4, 1},
		{"32 pipelined", 4, 32},
	} {
		b.Run(load.name, func(b *testing.B) {
			free, narrowed := child{Unconfined: true}.start(b), child{}.start(b)
			var freeTime, narrowedTime float64
			for i := 0; b.Loop(); i++ {
				order := []*running{free, narrowed}
				if i%2 == 1 {
					order[0], order[1] = order[1], order[0]
				}
				for _, s := range order {
					before := s.used(b)
					s.load(b, load.clients, load.pipelined)
					if s == free {
						freeTime += s.used(b) - before
					} else {
						narrowedTime += s.used(b) - before
					}
				}
			}
			b.ReportMetric(narrowedTime/freeTime, "narrowed/free")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// load has clients store and read.
func (s *running) load(b *testing.B, clients, pipelined int) {
	const operations = 4096
	value := strings.Repeat("v", 100)
	var busy sync.WaitGroup
	for n := range clients {
		c := s.dial(b)
		command := fmt.Sprintf("set k%d 0 0 100\r\n%s\r\nget k%d\r\n", n, value, n)
		answer := fmt.Sprintf("STORED\r\nVALUE k%d 0 100\r\n%s\r\nEND\r\n", n, value)
		busy.Go(func() {
			for range operations / pipelined {
				c.send("%s", strings.Repeat(command, pipelined))
				c.expect(strings.Repeat(answer, pipelined))
			}
			c.Close()
		})
	}
	busy.Wait()
}

// used is the server's CPU time so far, in seconds.
func (s *running) used(b *testing.B) (seconds float64) {
	c := s.dial(b)
	defer c.Close()
	c.send("stats\r\n")
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		words := strings.Fields(line)
		switch {
		case words[0] == "END":
			return seconds
		case strings.HasPrefix(words[1], "rusage_"):
			n, err := strconv.ParseFloat(words[2], 64)
			if err != nil {
				b.Fatal(err)
			}
			seconds += n
		}
	}
}
