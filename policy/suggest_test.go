package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	calls := []string{"epoll_wait", "epoll_pwait", "read", "readv", "write", "open", "openat", "socket", "AF_INET", "kill-process", "id", ""}
	for _, c := range []struct{ name, want string }{
		{"epol_wait", "epoll_wait"},
		{"epoll_wiat", "epoll_wait"},
		{"epollwait", "epoll_wait"},
		{"raed", "read"},
		{"wread", "read"},
		{"reads", "read"},
		{"opnat", "openat"},
		{"af_inet", "AF_INET"},
		{"kill_process", "kill-process"},
		{"READ", "read"},
		{"xy", ""},
		{"ie", ""},
		{"", ""},
		{"frobnicate", ""},
		{strings.Repeat("read", 100), ""},
	} {
		if got := nearest(c.name, calls); got != c.want {
			t.Errorf("nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	if got, want := didYouMean("raed", calls), `did you mean "read"?`; got != want {
		t.Errorf("didYouMean = %q, want %q", got, want)
	}
	if got := didYouMean("frobnicate", calls); got != "" {
		t.Errorf("didYouMean of nothing near = %q", got)
	}
}

// slowDistance is the definition of optimal string alignment, by recursion.
func slowDistance(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	x, y := len(a)-1, len(b)-1
	d := min(slowDistance(a[:x], b)+1, slowDistance(a, b[:y])+1, slowDistance(a[:x], b[:y])+differ(a[x], b[y]))
	if x > 0 && y > 0 && a[x] == b[y-1] && a[x-1] == b[y] {
		d = min(d, slowDistance(a[:x-1], b[:y-1])+1)
	}
	return d
}

func TestDistance(t *testing.T) {
	word := rapid.StringMatching(`[ab_-]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := distance(a, b), slowDistance(a, b); got != want {
			t.Fatalf("distance(%q, %q) = %d, want %d", a, b, got, want)
		}
	})
}
