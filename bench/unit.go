package main

import (
	"fmt"
	"math"
	"time"
)

// duration writes nanoseconds with three digits that mean something.
func duration(ns float64) string {
	switch size := math.Abs(ns); {
	case size < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case size < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	case size < 1e9:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	}
	return fmt.Sprintf("%.3g s", ns/1e9)
}

// rate writes so many a second.
func rate(perSecond float64) string {
	if perSecond >= 1e6 {
		return fmt.Sprintf("%.2f M/s", perSecond/1e6)
	}
	return fmt.Sprintf("%.0f k/s", perSecond/1e3)
}

// rateRow is a row whose result is so many a second, which must be least at least.
func rateRow(what, without, with string, perSecond, least float64) row {
	return row{what: what, without: without, with: with, result: rate(perSecond),
		target: "≥ " + rate(least), exceeded: perSecond < least}
}

// limitRow is a row whose result is a time that may not exceed limit; 0 is no limit.
func limitRow(what, without, with string, ns float64, limit time.Duration) row {
	r := row{what: what, without: without, with: with, result: duration(ns)}
	if limit > 0 {
		r.target = "≤ " + duration(float64(limit))
		r.exceeded = ns > float64(limit)
	}
	return r
}
