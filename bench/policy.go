package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
)

const (
	policyRounds = 300
	policyLimit  = time.Millisecond // what must be reached, from text to program
)

// policyRows measures what it takes from a text to programs.
func policyRows(b *bench) ([]row, error) {
	texts := []struct {
		what  string
		text  []byte
		limit time.Duration
	}{
		{"memcached's profile", memcachedProfile(), policyLimit},
		{"100 rules", []byte(policyOf(100)), 0},
		{"400 rules", []byte(policyOf(400)), 0},
	}
	var rows []row
	for _, t := range texts {
		r, err := policySteps(b, t.what, t.text, t.limit)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.what, err)
		}
		rows = append(rows, r...)
	}
	return rows, nil
}

// policySteps measures each step of the way, and the whole.
func policySteps(b *bench, what string, text []byte, limit time.Duration) ([]row, error) {
	var parsing, resolving, compiling, whole samples
	length := 0
	// The command, which does this once, ends before it collects any garbage.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for round := range b.rounds(policyRounds) {
		if err := b.ctx.Err(); err != nil {
			return nil, err
		}
		if round%20 == 0 {
			runtime.GC()
		}
		start := time.Now()
		file, err := policy.Parse(what, text)
		parsed := time.Now()
		if err != nil {
			return nil, err
		}
		p, err := policy.Resolve(file, policy.Options{})
		resolved := time.Now()
		if err != nil {
			return nil, err
		}
		program, err := compile.Compile(p.Phases[0].Wide(), compile.Options{})
		end := time.Now()
		if err != nil {
			return nil, err
		}
		length = len(program)
		parsing = append(parsing, float64(parsed.Sub(start)))
		resolving = append(resolving, float64(resolved.Sub(parsed)))
		compiling = append(compiling, float64(end.Sub(resolved)))
		whole = append(whole, float64(end.Sub(start)))
	}
	all := limitRow(fmt.Sprintf("%s, %d instructions", what, length), "", "", whole.median(), limit)
	all.with = fmt.Sprintf("parse %s, resolve %s, compile %s",
		duration(parsing.median()), duration(resolving.median()), duration(compiling.median()))
	return []row{all}, nil
}
