package main

import (
	"context"
	"slices"
)

// samples are what one of several alternatives measured, a number a round.
type samples []float64

// median is the middle one, the mean of the two if they are even in number.
// There must be one at least.
func (s samples) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// best is the smallest: what a round takes that others left alone.
func (s samples) best() float64 { return slices.Min(s) }

// ratioTo is the median of the rounds' ratios to another alternative's.
func (s samples) ratioTo(base samples) float64 {
	return s.paired(base, func(a, b float64) float64 { return a / b })
}

// over is the median of the rounds' differences to another alternative's.
func (s samples) over(base samples) float64 {
	return s.paired(base, func(a, b float64) float64 { return a - b })
}

func (s samples) paired(base samples, combine func(a, b float64) float64) float64 {
	each := make(samples, len(s))
	for i := range s {
		each[i] = combine(s[i], base[i])
	}
	return each.median()
}

// interleave measures alternatives in turns: each round measures all of them,
// beginning with another one each time. It stops early when ctx ends.
func interleave(ctx context.Context, rounds int, alternatives ...func() (float64, error)) ([]samples, error) {
	results := make([]samples, len(alternatives))
	for round := range rounds {
		for i := range alternatives {
			at := (i + round) % len(alternatives)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			v, err := alternatives[at]()
			if err != nil {
				return nil, err
			}
			results[at] = append(results[at], v)
		}
	}
	return results, nil
}
