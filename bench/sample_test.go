package main

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   samples
		want float64
	}{
		{samples{7}, 7},
		{samples{3, 1}, 2},
		{samples{9, 1, 2}, 2},
		{samples{4, 1, 3, 2}, 2.5},
	} {
		if got := c.in.median(); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.in, got, c.want)
		}
	}
}

// TestPairs holds that what counts is each round's ratio, not that of medians:
// here every round but one says 2, and the medians' ratio is 20.
func TestPairs(t *testing.T) {
	base := samples{1, 1, 10, 100, 100}
	with := samples{2, 2, 200, 200, 200}
	if got := with.ratioTo(base); got != 2 {
		t.Errorf("the ratio is %v, want 2", got)
	}
	if got := with.over(base); got != 100 {
		t.Errorf("the difference is %v, want 100", got)
	}
}

// TestInterleaveRotates holds that each round begins with another alternative,
// and that each sample goes to the one that measured it.
func TestInterleaveRotates(t *testing.T) {
	var order []int
	turn := func(i int) func() (float64, error) {
		return func() (float64, error) { order = append(order, i); return float64(i), nil }
	}
	got, err := interleave(context.Background(), 2, turn(0), turn(1), turn(2))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 2, 1, 2, 0}; !slices.Equal(order, want) {
		t.Errorf("measured in the order %v, want %v", order, want)
	}
	for i, s := range got {
		if !slices.Equal(s, samples{float64(i), float64(i)}) {
			t.Errorf("alternative %d has the samples %v", i, s)
		}
	}
}

func TestInterleaveStops(t *testing.T) {
	broken := errors.New("broken")
	if _, err := interleave(context.Background(), 3, func() (float64, error) { return 0, broken }); err != broken {
		t.Errorf("got the error %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := interleave(ctx, 3, func() (float64, error) { return 0, nil }); err != context.Canceled {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
}
