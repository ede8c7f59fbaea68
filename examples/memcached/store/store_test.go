package store_test

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

func put(s *store.Store, mode store.Mode, key, value string) store.Result {
	r, _ := s.Put([]byte(key), &store.Put{Mode: mode, Value: []byte(value)})
	return r
}

func get(s *store.Store, key string) (string, bool) {
	slot := s.Lock([]byte(key))
	defer slot.Unlock()
	if slot.Item == nil {
		return "", false
	}
	slot.Use()
	return string(slot.Item.Value), true
}

// TestEviction: within the memory, the least recently used leaves first; what
// was stored or asked for lately stays.
func TestEviction(t *testing.T) {
	t.Parallel()
	s := store.New(store.Options{Bytes: 1 << 20, MaxItem: 64 << 10})
	value := string(make([]byte, 1000))
	for i := range 5000 {
		put(s, store.Set, fmt.Sprint("k", i), value)
		get(s, "k0")
		if got := s.Stats().Bytes.Load(); got > 1<<20 {
			t.Fatalf("%d bytes after %d items", got, i+1)
		}
	}
	if _, ok := get(s, "k0"); !ok {
		t.Error("what was asked for all the time has left")
	}
	if _, ok := get(s, "k1"); ok {
		t.Error("the oldest is still there")
	}
	for i := 4500; i < 5000; i++ {
		if _, ok := get(s, fmt.Sprint("k", i)); !ok {
			t.Errorf("k%d of the latest 500 has left", i)
		}
	}
	stats := s.Stats()
	if n := stats.Items.Load() + int64(stats.Evicted.Load()); n != 5000 {
		t.Errorf("%d of 5000 are there or were evicted", n)
	}
}

func TestNoEvict(t *testing.T) {
	t.Parallel()
	s := store.New(store.Options{Bytes: 100 << 10, MaxItem: 10 << 10, NoEvict: true})
	value := string(make([]byte, 9<<10))
	r := store.Stored
	n := 0
	for ; r == store.Stored; n++ {
		r = put(s, store.Set, fmt.Sprint("k", n), value)
	}
	if r != store.NoMemory || n < 8 {
		t.Errorf("got %v for item %d", r, n)
	}
	if r := put(s, store.Set, "k0", value); r != store.Stored {
		t.Errorf("an item in the place of another: %v", r)
	}
}

// TestReclaim: what has expired leaves without counting as evicted.
func TestReclaim(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	s := store.New(store.Options{Bytes: 1 << 20, MaxItem: 64 << 10, Now: func() time.Time { return now }})
	value := make([]byte, 1000)
	for i := range 500 {
		s.Put(fmt.Append(nil, "a", i), &store.Put{Value: value, Expires: now.UnixMilli() + 1000})
	}
	now = now.Add(time.Second)
	for i := range 700 {
		put(s, store.Set, fmt.Sprint("b", i), string(value))
	}
	if stats := s.Stats(); stats.Reclaimed.Load() == 0 || stats.Evicted.Load() != 0 {
		t.Errorf("%d reclaimed, %d evicted", stats.Reclaimed.Load(), stats.Evicted.Load())
	}
}

// TestCounting: steps of a counter by many goroutines are all kept.
func TestCounting(t *testing.T) {
	t.Parallel()
	s := store.New(store.Options{})
	put(s, store.Set, "n", "0")
	var counting sync.WaitGroup
	for range 8 {
		counting.Go(func() {
			for range 1000 {
				slot := s.Lock([]byte("n"))
				slot.Apply(store.Delta{By: 1})
				slot.Unlock()
				put(s, store.Append, "log", "x")
				put(s, store.Add, "log", "x")
			}
		})
	}
	counting.Wait()
	if n, _ := get(s, "n"); n != "8000" {
		t.Errorf("counted to %s", n)
	}
}

// TestModel compares the store with a map, through all modes.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := store.New(store.Options{})
		model := map[string]string{}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "key")
			value := rapid.String().Draw(t, "value")
			old, there := model[key]
			want := store.Stored
			mode := rapid.SampledFrom([]store.Mode{store.Set, store.Add, store.Replace, store.Append, store.Prepend}).Draw(t, "mode")
			switch {
			case mode == store.Add && there, mode != store.Set && mode != store.Add && !there:
				want = store.NotStored
			case mode == store.Append:
				value = old + value
			case mode == store.Prepend:
				value += old
			}
			given := value
			switch mode {
			case store.Append:
				given = value[min(len(old), len(value)):]
			case store.Prepend:
				given = value[:max(0, len(value)-len(old))]
			}
			if got := put(s, mode, key, given); got != want {
				t.Fatalf("mode %d: got %v, want %v", mode, got, want)
			}
			if want == store.Stored {
				model[key] = value
			}
			if rapid.IntRange(0, 5).Draw(t, "delete") == 0 {
				slot := s.Lock([]byte(key))
				slot.Delete()
				slot.Unlock()
				delete(model, key)
			}
		}
		var bytes int64
		for key, want := range model {
			bytes += int64(len(key) + len(want))
			if got, ok := get(s, key); !ok || got != want {
				t.Fatalf("%q: got %q, %v; want %q", key, got, ok, want)
			}
		}
		if s.Stats().Items.Load() != int64(len(model)) || s.Stats().Bytes.Load() < bytes {
			t.Fatalf("counts %d items, %d bytes; there are %d, %d", s.Stats().Items.Load(), s.Stats().Bytes.Load(), len(model), bytes)
		}
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {" \t12\r\n", 12, true}, {"007 x", 7, true}, {"+5", 5, true}, {"5\x00x", 5, true},
		{"18446744073709551615", math.MaxUint64, true}, {"18446744073709551616", 0, false}, {"184467440737095516150", 0, false},
		{"-1", 0, false}, {"-18446744073709551615", 1, true}, {"", 0, false}, {"x", 0, false}, {"5x", 0, false}, {"-", 0, false}, {"+-5", 0, false},
	} {
		if got, ok := store.Number([]byte(test.text)); got != test.want || ok != test.ok {
			t.Errorf("%q: got %d, %v; want %d, %v", test.text, got, ok, test.want, test.ok)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		if got, ok := store.Number(strconv.AppendUint(nil, n, 10)); !ok || got != n {
			t.Fatalf("%d: got %d, %v", n, got, ok)
		}
	})
}

// TestClass has what memcached 1.6.18 prints with -vv.
func TestClass(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ size, class, chunk int }{
		{1, 1, 96}, {96, 1, 96}, {97, 2, 120}, {153, 4, 192}, {1184, 12, 1184}, {1185, 13, 1480}, {524288, 39, 524288}, {1 << 20, 39, 524288},
	} {
		if class, chunk := store.Class(test.size); class != test.class || chunk != test.chunk {
			t.Errorf("%d: got class %d of %d, want %d of %d", test.size, class, chunk, test.class, test.chunk)
		}
	}
	var all bytes.Buffer
	s := store.New(store.Options{Bytes: 1 << 30})
	for size := 1; size < 1<<20; size = size*3/2 + 1 {
		put(s, store.Set, fmt.Sprint(size), string(make([]byte, size)))
	}
	for _, c := range s.Stats().Classes() {
		fmt.Fprint(&all, c.Class, " ")
	}
	if all.Len() < 40 {
		t.Errorf("classes %s", all.String())
	}
}
