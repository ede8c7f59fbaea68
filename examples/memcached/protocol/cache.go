package protocol

import (
	"sync/atomic"

	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// Cache is what all sessions share. Its fields are set before the first one
// begins.
type Cache struct {
	Store    *store.Store
	Version  string // what `version` answers
	Counters Counters

	Verbosity atomic.Int32 // 0 to 2

	// Server adds the server's own lines to `stats` and to `stats settings`;
	// nil adds none.
	Server func(kind StatsKind, add func(name string, value any))

	// Extra are more commands, by their names. Each returns its whole answer.
	Extra map[string]func() []byte
}

// StatsKind is which statistics are asked for.
type StatsKind uint8

// The kinds that the server knows more about.
const (
	StatsGeneral StatsKind = iota
	StatsSettings
	StatsConnections
	StatsReset // the server's counters are to be set to zero
)
