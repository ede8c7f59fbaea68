package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// networkBlock resolves a network block.
func (r *resolver) networkBlock(s *Network) *NetworkRules {
	n := &NetworkRules{Pos: s.Pos}
	r.walk(s.Block, walking{visit: func(s Stmt, _ *condition) {
		if line, ok := s.(*Endpoint); ok {
			r.endpoint(n, line)
		}
	}})
	n.Bind, n.Connect = union(n.Bind), union(n.Connect)
	return n
}

// endpoint resolves a line of it.
func (r *resolver) endpoint(n *NetworkRules, e *Endpoint) {
	action, proto := e.Action.Text, e.Proto.Text
	switch {
	case action == "" && proto == "udp" && len(e.Ports) == 0:
		n.Udp = true
	case action == "" && proto == "unix" && len(e.Ports) == 0:
		n.Unix = true
	case proto == "udp":
		r.notEnforceable(e.Proto.Pos, "UDP ports", "write `udp` for all of them")
	case action == "bind" && proto == "tcp":
		r.ports(e, &n.Bind, &n.BindAny)
	case action == "connect" && proto == "tcp":
		r.ports(e, &n.Connect, &n.ConnectAny)
	default:
		r.fail(e.Pos, fmt.Sprintf("unknown endpoint %s", quote(strings.TrimSpace(action+" "+proto))), "expected bind tcp, connect tcp, udp or unix", "")
	}
}

// notEnforceable refuses by name what no layer enforces as yet.
func (r *resolver) notEnforceable(pos Pos, what, hint string) {
	r.fail(pos, what+" are not enforceable yet", "expected TCP ports, udp or unix: addresses and UDP ports need the cgroup eBPF layer", hint)
}

// ports resolves what stands behind `bind tcp` or `connect tcp`.
func (r *resolver) ports(e *Endpoint, ports *[]Range, every *bool) {
	if len(e.Ports) == 0 && len(r.unparsed) == 0 {
		r.fail(e.Pos, e.Action.Text+" tcp without a port", "expected a number, A..B or any", "")
	}
	for _, w := range e.Ports {
		text, ok := r.expand(w)
		if !ok {
			continue
		}
		if text == "any" {
			*every = true
			continue
		}
		if p, ok := r.portRange(e, w.Pos, text); ok {
			*ports = append(*ports, p)
		}
	}
}

// portRange reads `80` or `80..90`.
func (r *resolver) portRange(e *Endpoint, pos Pos, text string) (Range, bool) {
	low, high, isRange := strings.Cut(text, "..")
	if !isRange {
		high = low
	}
	a, okA := parsePort(low)
	b, okB := parsePort(high)
	switch {
	case (!okA || !okB) && strings.ContainsAny(text, ":[/") || strings.Count(text, ".") == 3:
		r.notEnforceable(pos, "addresses ("+shorten(text)+")", "write `"+e.Action.Text+" tcp PORT` for the port at every address")
		return Range{}, false
	case !okA || !okB:
		r.fail(pos, quote(text)+" is not a port", "expected 0..65535, A..B or any", "")
		return Range{}, false
	case a > b:
		r.fail(pos, "the range "+text+" is empty", "expected the lower port first", fmt.Sprintf("write %d..%d", b, a))
		return Range{}, false
	}
	return Range{a, b}, true
}

func parsePort(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return n, err == nil
}

// checkNoMoreSockets complains of what a network block names and one before it
// does not.
func (r *resolver) checkNoMoreSockets(before []*NetworkRules, n *NetworkRules) {
	for _, b := range before {
		for _, more := range n.beyond(b) {
			r.fail(n.Pos, fmt.Sprintf("this block names more than the one at %s: %s", b.Pos, more),
				"expected no more than every block before it", "blocks stack: name it there, too, or not here")
		}
	}
}

// beyond lists what n names and b does not.
func (n *NetworkRules) beyond(b *NetworkRules) []string {
	var more []string
	add := func(is bool, what string) {
		if is {
			more = append(more, what)
		}
	}
	add(n.BindAny && !b.BindAny, "bind tcp any")
	add(!b.BindAny && !covers(b.Bind, n.Bind), "bind tcp "+portText(subtract(n.Bind, b.Bind)))
	add(n.ConnectAny && !b.ConnectAny, "connect tcp any")
	add(!b.ConnectAny && !covers(b.Connect, n.Connect), "connect tcp "+portText(subtract(n.Connect, b.Connect)))
	add(n.Udp && !b.Udp, "udp")
	add(n.Unix && !b.Unix, "unix")
	return more
}

// portText is ranges as the language writes them.
func portText(ranges []Range) string {
	parts := make([]string, len(ranges))
	for i, p := range ranges {
		parts[i] = strconv.FormatUint(p.Low, 10)
		if p.High != p.Low {
			parts[i] += ".." + strconv.FormatUint(p.High, 10)
		}
	}
	return strings.Join(parts, ", ")
}

// tcp reports whether a line needs TCP sockets.
func (n *NetworkRules) tcp() bool {
	return n.BindAny || n.ConnectAny || len(n.Bind)+len(n.Connect) > 0
}

// binds reports whether a line lets a server listen on TCP.
func (n *NetworkRules) binds() bool { return n.BindAny || len(n.Bind) > 0 }
