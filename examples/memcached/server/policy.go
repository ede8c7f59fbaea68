package server

import (
	_ "embed" // for the policy
	"path/filepath"
	"strconv"

	"github.com/narrow-sandbox/narrow"
)

// Policy is the text of memcached.narrow.
//
//go:embed memcached.narrow
var Policy string

// PolicyName is what errors call it.
const PolicyName = "memcached.narrow"

// The phases and thread classes of the policy.
const (
	PhaseInit    = "init"
	PhaseServing = "serving"
	ClassMain    = "main"
	ClassWorker  = "worker"
)

// Sandbox makes the policy of a server with this configuration. wake is the
// descriptor by which Go's runtime wakes its threads.
func (c *Config) Sandbox(wake int) (*narrow.Sandbox, error) {
	set := map[string]string{"port": strconv.Itoa(max(c.Port, 0)), "wake": strconv.Itoa(wake)}
	if c.Unix != "" {
		folder, err := filepath.Abs(filepath.Dir(c.Unix))
		if err != nil {
			return nil, err
		}
		set["folder"], set["tcp"] = folder, "no"
	}
	return narrow.Parse(PolicyName, Policy, narrow.Options{Set: set, Needs: c.Needs})
}
