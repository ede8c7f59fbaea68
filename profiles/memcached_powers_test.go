package profiles_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// atMost are how many calls a thread of phase serving may still make, with
// every feature on, and "" how many all together.
var atMost = map[string]int{
	"main": 24, "mc-worker": 30, "mc-log": 16, "mc-itemcrawler": 16, "mc-assocmaint": 16, "mc-lrumaint": 16, "mc-slabmaint": 16,
	"mc-idletimeout": 16, "mc-ext-io": 16, "mc-ext-*": 16, "": 46,
}

// TestMemcachedPowers counts the calls of each thread, and holds docs/memcached.md to it.
func TestMemcachedPowers(t *testing.T) {
	counts := powers(t, "memcached", "serving")
	for name, most := range atMost {
		if n, ok := counts[name]; !ok || n > most {
			t.Errorf("thread %q: %d calls, at most %d", name, n, most)
		}
	}
	text, err := os.ReadFile("../docs/memcached.md")
	must(t, err)
	told := 0
	for _, m := range regexp.MustCompile(`(?m)^\| (main|mc-\S+|memcached\*|all together) \| (\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		if name == "all together" {
			name = ""
		}
		if n, _ := strconv.Atoi(m[2]); n != counts[name] {
			t.Errorf("docs/memcached.md says %d for %s; it is %d", n, m[1], counts[name])
		}
		told++
	}
	if told != len(counts)-1 { // the unnamed class is of no thread
		t.Errorf("docs/memcached.md has %d of %d classes", told, len(counts)-1)
	}
}

// powers counts the calls of each class of a phase, and under "" of all of them.
func powers(t *testing.T, profile, phase string) map[string]int {
	t.Helper()
	out, err := exec.Command(narrowBinary, "show", "--json", profile).Output()
	must(t, err)
	var shown struct {
		Phases []struct {
			Name    string
			Threads []struct {
				Name  string
				Calls []string
			}
		}
	}
	must(t, json.Unmarshal(out, &shown))
	counts, all := map[string]int{}, map[string]bool{}
	for _, p := range shown.Phases {
		if p.Name != phase {
			continue
		}
		for _, th := range p.Threads {
			counts[th.Name] = len(th.Calls)
			for _, call := range th.Calls {
				all[call] = true
			}
		}
	}
	if len(counts) == 0 {
		t.Fatal(fmt.Errorf("%s has no phase %s", profile, phase))
	}
	counts[""] = len(all)
	return counts
}
