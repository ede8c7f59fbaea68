package profiles_test

import (
	"fmt"
	"os"
	"testing"
)

// A feature is something that memcached's users use: how they start it, and
// what they then do. The same table is run under the profile, and free under
// strace, from which the recorded calls in testdata come.
type feature struct {
	name string
	args []string // what stands behind `memcached -u NAME`; PORT and STATE are replaced
	// prepare makes the files that it is started with.
	prepare func(t *testing.T, who user, state string)
	drive   func(c *cache)
	sets    []string // params of the profile, besides port and state
	files   int      // descriptors that it may have at most
	threads int      // that it has at least; 10 if left out
}

// limits is what stands before the command to set its limits.
func (f feature) limits() []string {
	if f.files == 0 {
		return nil
	}
	return []string{"prlimit", fmt.Sprintf("--nofile=%d", f.files)}
}

func (f feature) atLeast() int {
	if f.threads > 0 {
		return f.threads
	}
	return 10
}

// tcp are the options of most features.
func tcp(more ...string) []string { return append([]string{"-p", "PORT", "-U", "0"}, more...) }

// extstore has two threads for its disk and a page moved soon.
const extstore = "ext_page_size=4,ext_wbuf_size=2,ext_path=STATE/ext:64m,ext_item_size=512,ext_threads=2," +
	"ext_max_sleep=10000,ext_max_frag=0.99,ext_compact_under=15,ext_recache_rate=2"

// memcachedFeatures are those of Debian's memcached 1.6.18.
func memcachedFeatures() []feature {
	list := []feature{
		{name: "text", args: tcp(), drive: (*cache).text},
		{name: "commands", args: tcp("-vv", "-o", "idle_timeout=60,slab_automove=0"), drive: (*cache).commands},
		{name: "very verbose", args: tcp("-vvv"), drive: (*cache).text},
		{name: "binary", args: tcp("-B", "binary"), drive: (*cache).binary},
		{name: "udp", args: []string{"-p", "PORT", "-U", "PORT"}, drive: (*cache).udp},
		{name: "unix socket", args: []string{"-s", "STATE/socket", "-a", "777"}, drive: (*cache).text},
		{name: "daemon", args: tcp("-d", "-P", "STATE/pid"), drive: (*cache).text},
		{name: "listen by name", args: tcp("-l", "localhost"), drive: (*cache).text},
		{name: "one thread", args: tcp("-t", "1"), threads: 6, drive: (*cache).text},
		{name: "sixteen threads", args: tcp("-t", "16"), threads: 21, drive: (*cache).text},
		{name: "growth", args: tcp("-m", "100", "-o", "hashpower=13,slab_automove=2"), drive: (*cache).growth},
		{name: "slabs", args: tcp("-m", "32", "-o", "slab_reassign,slab_automove=0"), drive: (*cache).slabs},
		{name: "large items", args: tcp("-m", "200", "-I", "8m"), drive: (*cache).large},
		{name: "slow clients", args: tcp("-m", "100"), drive: (*cache).slowClients},
		{name: "crawler", args: tcp(), drive: (*cache).crawler},
		{name: "no crawler at first", args: tcp("-o", "no_lru_crawler,no_lru_maintainer"), threads: 8, drive: (*cache).crawler},
		{name: "watchers", args: tcp("-m", "8", "-o", "watcher_logbuf_size=16"), drive: (*cache).watchers},
		{name: "auth file", args: tcp("-Y", "STATE/auth"), prepare: writeAuth("user:first\n"), drive: (*cache).reload},
		{name: "restart", args: tcp("-m", "64", "-e", "STATE/memory"), drive: (*cache).restarted},
		{name: "extstore", args: tcp("-m", "24", "-o", extstore),
			threads: 14, drive: (*cache).extstore},
		{name: "tls", args: tcp("-Z", "-o", "ssl_chain_cert=STATE/cert.pem,ssl_key=STATE/key.pem"), prepare: writeCertificate, drive: (*cache).encrypted},
		{name: "full house", args: tcp("-c", "100", "-v", "-o", "maxconns_fast"), drive: (*cache).fullHouse},
		{name: "full house, slowly", args: tcp("-c", "100", "-v", "-o", "no_maxconns_fast"), files: 100, drive: (*cache).fullHouse},
		{name: "idle timeout", args: tcp("-o", "idle_timeout=3"), threads: 11, drive: (*cache).idle},
		{name: "shutdown", args: tcp("-A"), drive: shutdown("shutdown")},
		{name: "graceful shutdown", args: tcp("-A"), drive: shutdown("shutdown graceful")},
		{name: "limits", args: tcp("-r", "-c", "2048", "-L", "-R", "1", "-b", "8", "-o", "hash_algorithm=jenkins,tail_repair_time=60,drop_privileges"), drive: (*cache).text},
		{name: "signals", args: tcp("-A"), drive: (*cache).signals},
		{name: "tools", args: tcp(), drive: (*cache).tools},
	}
	if os.Geteuid() == 0 { // an ordinary user may lock 64 KB or so
		list = append(list, feature{name: "locked memory", args: tcp("-k", "-m", "16"), drive: (*cache).text})
	}
	return list
}
