package profiles_test

import (
	"syscall"
	"testing"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/narrow-sandbox/narrow/internal/freeport"
)

// TestMemcachedAsDocumented runs the documentation's own line, with no param set.
func TestMemcachedAsDocumented(t *testing.T) {
	need(t, "memcached")
	const address = "127.0.0.1:11311"
	freeport.Fixed(t, 11311)
	s := start(t, nobodyOr(t), nil, "memcached", "memcached", "-p", "11311")
	s.waitFor("tcp", address)
	exercise(t, memcache.New(address))
	mustBeNarrowed(t, s.cmd.Process.Pid, 10)
	s.stop(syscall.SIGINT)
}
