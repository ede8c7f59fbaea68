package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resolveProcess resolves the process block.
func (r *resolver) resolveProcess() {
	if r.head.process == nil {
		return
	}
	p := &r.policy.Process
	p.Pos = r.head.process.Pos
	seen := map[string]Pos{}
	r.walk(r.head.process.Block, walking{visit: func(s Stmt, _ *condition) {
		line, ok := s.(*Setting)
		if !ok {
			return
		}
		key := line.Key.Text
		if key == "rlimit" && len(line.Values) > 0 {
			key += " " + limitName(line.Values[0].Text)
		}
		if at, twice := seen[key]; twice {
			r.fail(line.Pos, "a second "+key+" line", "expected one", "the first is at "+at.String())
		}
		seen[key] = line.Pos
		r.setting(p, line)
	}})
}

var settingNames = []string{"user", "group", "capabilities", "descriptors", "memory", "rlimit"}

// setting resolves one line of it.
func (r *resolver) setting(p *ProcessRules, line *Setting) {
	values, ok := r.expandAll(line.Values)
	if !ok || len(values) == 0 {
		return // said already
	}
	switch line.Key.Text {
	case "user":
		p.User = r.account(line.Values[0], values[0])
	case "group":
		p.Group = r.account(line.Values[0], values[0])
	case "capabilities":
		p.SetCapabilities = true
		r.capabilities(p, line.Values, values)
	case "descriptors":
		p.SetDescriptors = true
		r.descriptors(p, line.Values, values)
	case "memory":
		if values[0] != writeXorExecute {
			r.fail(line.Values[0].Pos, "unknown setting of memory "+quote(values[0]), "expected "+writeXorExecute, "")
		}
		p.WriteXorExecute = true
	case "rlimit":
		r.limit(p, line, values)
	default:
		r.fail(line.Key.Pos, "unknown setting "+quote(line.Key.Text), "expected "+orList(settingNames), didYouMean(line.Key.Text, settingNames))
	}
}

func (r *resolver) expandAll(words []Word) ([]string, bool) {
	out := make([]string, len(words))
	good := true
	for i, w := range words {
		text, ok := r.expand(w)
		out[i], good = text, good && ok
	}
	return out, good
}

// account is a user or group, by name or number; whether it exists is known
// only where the program starts.
func (r *resolver) account(w Word, name string) string {
	if name == "" || strings.ContainsAny(name, ":\n\x00") || strings.HasPrefix(name, "-") {
		r.fail(w.Pos, quote(name)+" is no user or group", "expected a name or a number", "")
	}
	return name
}

// capabilities resolves `none` or a list.
func (r *resolver) capabilities(p *ProcessRules, words []Word, values []string) {
	for i, v := range values {
		if v == "none" {
			if len(values) > 1 {
				r.fail(words[i].Pos, "none beside capabilities", "expected none alone, or a list", "")
			}
			continue
		}
		name := strings.TrimPrefix(strings.ToUpper(v), "CAP_")
		if !slices.Contains(capabilityNames[:], name) {
			r.fail(words[i].Pos, "unknown capability "+quote(v), "expected none or names such as NET_BIND_SERVICE", didYouMean(name, capabilityNames[:]))
			continue
		}
		if !slices.Contains(p.Capabilities, name) {
			p.Capabilities = append(p.Capabilities, name)
		}
	}
}

// capabilityNames are the capabilities of Linux in the order of their numbers,
// without CAP_. Source: include/uapi/linux/capability.h of Linux 6.18.
var capabilityNames = [...]string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

// descriptors resolves `0..2, 5` or `none`.
func (r *resolver) descriptors(p *ProcessRules, words []Word, values []string) {
	for i, v := range values {
		if v == "none" && len(values) == 1 {
			return
		}
		low, high, isRange := strings.Cut(v, "..")
		if !isRange {
			high = low
		}
		a, errA := strconv.ParseUint(low, 10, 31)
		b, errB := strconv.ParseUint(high, 10, 31)
		switch {
		case errA != nil || errB != nil:
			r.fail(words[i].Pos, quote(v)+" is no descriptor", "expected a number, A..B or none", "")
		case a > b:
			r.fail(words[i].Pos, "the range "+v+" is empty", "expected the lower number first", fmt.Sprintf("write %d..%d", b, a))
		default:
			p.Descriptors = append(p.Descriptors, Range{a, b})
		}
	}
	p.Descriptors = union(p.Descriptors)
}

// limitNames are the resource limits of Linux, without RLIMIT_. Source:
// include/uapi/asm-generic/resource.h.
var limitNames = []string{
	"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE",
	"NICE", "NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK",
}

func limitName(text string) string { return strings.TrimPrefix(strings.ToUpper(text), "RLIMIT_") }

// limit resolves `rlimit NAME N`.
func (r *resolver) limit(p *ProcessRules, line *Setting, values []string) {
	if len(values) != 2 {
		if len(r.unparsed) == 0 {
			r.fail(line.Pos, "rlimit takes a name and a value", "expected `rlimit NOFILE 1024`", "")
		}
		return
	}
	name := limitName(values[0])
	if !slices.Contains(limitNames, name) {
		r.fail(line.Values[0].Pos, "unknown limit "+quote(values[0]), "expected "+orList(limitNames), didYouMean(name, limitNames))
		return
	}
	value := ^uint64(0) // RLIM_INFINITY
	if values[1] != "unlimited" {
		n, negative, err := parseNumber(values[1])
		if err != nil || negative {
			r.fail(line.Values[1].Pos, quote(values[1])+" is no limit", "expected a number or unlimited", "")
			return
		}
		value = n
	}
	p.Limits = append(p.Limits, Limit{name, value, line.Pos})
}

// addLabels resolves a label block.
func (r *resolver) addLabels(ph *PhaseRules, s *Label) {
	r.walk(s.Block, walking{visit: func(s Stmt, _ *condition) {
		line, ok := s.(*Setting)
		if !ok {
			return
		}
		values, ok := r.expandAll(line.Values)
		if !ok {
			return
		}
		for _, l := range ph.Labels {
			if l.LSM == line.Key.Text {
				r.fail(line.Pos, "a second label for "+l.LSM, "expected one for each LSM", "the first is at "+l.Pos.String())
			}
		}
		ph.Labels = append(ph.Labels, LabelRule{Pos: line.Pos, LSM: line.Key.Text, Values: values})
	}})
}
