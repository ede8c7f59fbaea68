package policy

import "strings"

// denials is what a network block denies by seccomp: sockets of families and
// types that none of its lines needs, and the ways round the ports that
// Landlock holds.
func (n *NetworkRules) denials() []impliedRule {
	rules := n.socketDenials()
	rules = append(rules, n.pairDenials()...)
	rules = append(rules, impliedRule{"ENOSYS", "socketcall"}) // its arguments lie behind a pointer
	return append(rules, n.portDenials()...)
}

// families are those that the lines need.
func (n *NetworkRules) families() []string {
	var f []string
	if n.tcp() || n.Udp {
		f = append(f, "AF_INET", "AF_INET6")
	}
	if n.Unix {
		f = append(f, "AF_UNIX")
	}
	return f
}

// socketDenials leave of socket what the lines need. MPTCP's connections are
// not TCP's to Landlock; programs that try it first, as Go's do, go on with TCP
// when they are told EPROTONOSUPPORT.
func (n *NetworkRules) socketDenials() []impliedRule {
	const inet = "socket(family in {AF_INET, AF_INET6}, "
	rules := []impliedRule{{"EPROTONOSUPPORT", inet + "protocol == IPPROTO_MPTCP)"}}
	families := n.families()
	if len(families) == 0 {
		return append(rules, impliedRule{"EAFNOSUPPORT", "socket"})
	}
	rules = append(rules, impliedRule{"EAFNOSUPPORT", "socket(family not in {" + strings.Join(families, ", ") + "})"})
	if n.tcp() {
		rules = append(rules, impliedRule{"EPROTONOSUPPORT", inet + "type & SOCK_TYPE_MASK == SOCK_STREAM, protocol not in {0, IPPROTO_TCP})"})
	}
	if n.Udp {
		rules = append(rules, impliedRule{"EPROTONOSUPPORT", inet + "type & SOCK_TYPE_MASK == SOCK_DGRAM, protocol not in {0, IPPROTO_UDP})"})
	}
	if types := n.types(); len(types) > 0 {
		rules = append(rules, impliedRule{"EPROTONOSUPPORT", inet + "type & SOCK_TYPE_MASK not in {" + strings.Join(types, ", ") + "})"})
	}
	return rules
}

// types are the types of internet sockets that the lines need.
func (n *NetworkRules) types() []string {
	var t []string
	if n.tcp() {
		t = append(t, "SOCK_STREAM")
	}
	if n.Udp {
		t = append(t, "SOCK_DGRAM")
	}
	return t
}

// pairDenials leave of socketpair what reaches nobody else: two ends of a
// stream. A datagram socket of a pair can be sent from, and connected, to any
// socket with a name, so without a line `unix` it is denied.
// Source: net/unix/af_unix.c:unix_dgram_sendmsg, unix_dgram_connect.
func (n *NetworkRules) pairDenials() []impliedRule {
	rules := []impliedRule{{"EAFNOSUPPORT", "socketpair(family != AF_UNIX)"}}
	if n.Unix {
		return rules
	}
	return append(rules, impliedRule{"EPROTONOSUPPORT", "socketpair(type & SOCK_TYPE_MASK not in {SOCK_STREAM, SOCK_SEQPACKET})"})
}

// portDenials close what passes by Landlock's check of ports: connecting by
// the first data (TCP fast open), another protocol above a TCP socket (SMC by
// TCP_ULP connects by itself), and listening without bind, which takes a port
// of the kernel's choice. Sources: net/ipv4/tcp.c:tcp_sendmsg_fastopen,
// net/smc/af_smc.c:smc_ulp_init, net/ipv4/inet_connection_sock.c:inet_csk_listen_start.
func (n *NetworkRules) portDenials() []impliedRule {
	var rules []impliedRule
	if !n.ConnectAny {
		for _, call := range []string{"send", "sendto", "sendmsg", "sendmmsg"} {
			rules = append(rules, impliedRule{"EOPNOTSUPP", call + "(flags has MSG_FASTOPEN)"})
		}
	}
	if n.tcp() && !(n.BindAny && n.ConnectAny) {
		rules = append(rules, impliedRule{"ENOENT", "setsockopt(level == IPPROTO_TCP, optname == TCP_ULP)"})
	}
	if !n.binds() && !n.Unix {
		rules = append(rules, impliedRule{"EACCES", "listen"})
	}
	return rules
}
