package asm

import (
	"math"
	"strconv"
	"testing"
)

func TestAppendDecimal(t *testing.T) {
	check := func(n uint64) {
		if got, want := string(appendDecimal(nil, n)), strconv.FormatUint(n, 10); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for n := range uint64(20000) {
		check(n)
	}
	check(math.MaxUint32)
	check(math.MaxUint64)
}
