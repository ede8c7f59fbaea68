package server

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/examples/memcached/protocol"
)

// stats are the server's own lines of the command stats.
func (s *Server) stats(kind protocol.StatsKind, add func(name string, value any)) {
	switch kind {
	case protocol.StatsGeneral:
		s.general(add)
	case protocol.StatsSettings:
		s.settings(add)
	case protocol.StatsReset:
		s.total.Store(0)
		s.rejected.Store(0)
		s.listenDisabled.Store(0)
	}
}

func (s *Server) general(add func(name string, value any)) {
	now := time.Now()
	add("pid", s.pid)
	add("uptime", int(now.Sub(s.started).Seconds()))
	add("time", now.Unix())
	add("version", Version)
	add("pointer_size", 32<<(^uintptr(0)>>63))
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
		add("rusage_user", seconds(used.Utime))
		add("rusage_system", seconds(used.Stime))
	}
	add("max_connections", s.config.MaxConnections)
	add("curr_connections", s.current.Load())
	add("total_connections", s.total.Load())
	add("rejected_connections", s.rejected.Load())
	add("accepting_conns", number(!s.paused.Load()))
	add("listen_disabled_num", s.listenDisabled.Load())
	add("threads", len(s.workers))
}

func seconds(t unix.Timeval) string { return fmt.Sprintf("%d.%06d", t.Sec, t.Usec) }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Server) settings(add func(name string, value any)) {
	c := &s.config
	inter := "NULL"
	if len(c.Addresses) > 0 {
		inter = strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.Addresses)), ","), "[]")
	}
	socket := "NULL"
	if c.Unix != "" {
		socket = c.Unix
	}
	add("maxbytes", s.cache.Store.Limit())
	add("maxconns", c.MaxConnections)
	add("tcpport", c.Port)
	add("udpport", 0)
	add("inter", inter)
	add("verbosity", s.cache.Verbosity.Load())
	add("evictions", onOff(!c.NoEvict))
	add("domain_socket", socket)
	add("umask", fmt.Sprintf("%o", c.Mode))
	add("num_threads", c.Threads)
	add("cas_enabled", "yes")
	add("tcp_backlog", c.Backlog)
	add("binding_protocol", "ascii")
	add("item_size_max", c.MaxItem)
	add("maxconns_fast", "yes")
	add("flush_enabled", "yes")
	add("dump_enabled", "no")
	add("lru_crawler", "no")
	add("narrowed", onOff(s.sandbox != nil))
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
