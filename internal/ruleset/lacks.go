package ruleset

import (
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// Which ABI of Landlock a block needs, to be enforced whole.
const (
	abiTruncate = 3
	abiNetwork  = 4 // TCP ports
	abiFiles    = 5 // device ioctl came last
)

// Lacks lists what this version of Landlock cannot control and the blocks
// need, each once. Each is an *kernel.UnsupportedFeatureError.
func Lacks(version int, files []*policy.FilesRules, network []*policy.NetworkRules) []error {
	var lacks []error
	lack := func(name string, needs int) {
		lacks = append(lacks, &kernel.UnsupportedFeatureError{Name: name, Minimum: kernel.LandlockSince(needs)})
	}
	switch {
	case len(files) == 0 || version >= abiFiles:
	case version < abiTruncate:
		lack("Landlock control over truncate and device ioctl", abiFiles)
	default:
		lack("Landlock control over device ioctl", abiFiles)
	}
	if version < abiNetwork && anyPorts(network) {
		lack("Landlock control over TCP ports", abiNetwork)
	}
	return lacks
}

// HandlesPorts reports whether this version of Landlock controls TCP ports.
func HandlesPorts(version int) bool { return version >= abiNetwork }

// anyPorts reports whether a block leaves a TCP port out of reach.
func anyPorts(network []*policy.NetworkRules) bool {
	for _, n := range network {
		if !n.BindAny || !n.ConnectAny {
			return true
		}
	}
	return false
}
