// Package server is a memcached server that sandboxes itself: its main thread
// accepts clients and hands their descriptors to worker threads, and each of
// these threads may do its own part and nothing else.
//
// The policy, memcached.narrow, has two phases. init is for opening the
// sockets; from serving on, no file and no socket can be opened, no program
// executed and no memory made executable by any thread. Main may accept and
// not read from a client, a worker may read and not accept, and neither can
// start a thread.
//
// For that the loops are on locked threads, with an epoll of their own: Go's
// network poller would run a connection now on this thread and now on that.
package server

import (
	"fmt"
	"io"
	"io/fs"
	"net/netip"

	"github.com/narrow-sandbox/narrow"
)

// Version is what the server says it is.
const Version = "1.6.18-narrow"

// Config is how a server is run. The zero value listens nowhere; Defaults is
// memcached's.
type Config struct {
	Addresses []netip.Addr // to listen on; none: every address
	Port      int          // TCP; 0: none, AnyPort: a free one
	Unix      string       // the path of a unix socket, in the place of TCP
	Mode      fs.FileMode  // of the unix socket

	Threads        int // workers
	MaxConnections int
	Memory         int64 // for items, in bytes
	MaxItem        int   // in bytes
	NoEvict        bool  // answer with an error where memory is lacking
	Backlog        int

	Verbosity int       // 0 to 2
	Log       io.Writer // nil: nothing is logged

	Unconfined bool         // enter no phase
	Needs      narrow.Needs // weakens layers by name
	Hooks      Hooks
}

// AnyPort asks for a free port.
const AnyPort = -1

// Hooks are called while a server starts and runs; nil ones are not. They are
// for the demonstration and for tests.
type Hooks struct {
	// Entered is called with what a step was seen to have done, on the thread
	// that took it, before it serves. It is called by several threads at once.
	Entered func(*narrow.Report)

	// Ready is called with the addresses, once clients can connect.
	Ready func(addresses []string)

	// Commands are more commands for clients, run on a worker. Each returns
	// its whole answer.
	Commands map[string]func() []byte
}

// Defaults are memcached's.
func Defaults() Config {
	return Config{
		Port:           11211,
		Mode:           0o700,
		Threads:        4,
		MaxConnections: 1024,
		Memory:         64 << 20,
		MaxItem:        1 << 20,
		Backlog:        1024,
	}
}

// check looks for what no server can be run with.
func (c *Config) check() error {
	switch {
	case c.Port < AnyPort || c.Port > 65535:
		return fmt.Errorf("port %d; expected 1 to 65535, 0 for none or -1 for a free one", c.Port)
	case c.Port == 0 && c.Unix == "":
		return fmt.Errorf("nowhere to listen; expected a port or the path of a unix socket")
	case c.Threads < 1 || c.Threads > 64:
		return fmt.Errorf("%d threads; expected 1 to 64", c.Threads)
	case c.MaxConnections < 1:
		return fmt.Errorf("at most %d connections; expected at least 1", c.MaxConnections)
	case c.Memory < 1<<20:
		return fmt.Errorf("%d bytes of memory; expected at least 1 MB", c.Memory)
	case c.MaxItem < 1<<10 || c.MaxItem > 1<<30 || int64(c.MaxItem) > c.Memory:
		return fmt.Errorf("items of up to %d bytes; expected 1 KB to 1 GB, and no more than all memory", c.MaxItem)
	}
	return nil
}
