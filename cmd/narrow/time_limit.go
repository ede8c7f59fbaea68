package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/verify"
)

// timeLimit is how long the proofs of one policy or program may take together.
type timeLimit time.Duration

func (l *timeLimit) flag(c *cobra.Command) {
	c.Flags().DurationVar((*time.Duration)(l), "time", 10*time.Second, "call unknown what is not decided after `DURATION`, such as 30s")
}

// prover is one that keeps to the limit. Its memory is bounded in any case.
func (l *timeLimit) prover() *verify.Prover {
	total := max(time.Duration(*l), 1) // not positive is no time at all
	return verify.New(verify.Limits{Time: total, Total: total})
}
