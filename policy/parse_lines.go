package policy

import "strings"

// parseLine reads a line of a process, files, network or label block, its
// keyword already read; nil if the keyword is none of theirs.
func (p *parser) parseLine(name string, n node, head token) Stmt {
	k, ok := lineIn(name, inLines|inLabel)
	if !ok {
		return nil
	}
	key := Word{Pos: p.pos(head), Text: name}
	switch k.in {
	case inFiles:
		return p.access(n, key)
	case inNetwork:
		return p.endpoint(n, key)
	case inLabel:
		return p.label(n, key)
	}
	return p.setting(n, key)
}

// setting reads the values of a line of a process block.
func (p *parser) setting(n node, key Word) Stmt {
	s := &Setting{node: n, Key: key}
	switch key.Text {
	case "user":
		s.Values = p.values("a user's name or number")
	case "group":
		s.Values = p.values("a group's name or number")
	case "capabilities":
		s.Values = p.words(&s.Comments, "none or capabilities such as NET_BIND_SERVICE", ",")
	case "descriptors":
		s.Values = p.words(&s.Comments, "descriptors such as 0..2, 5", ",")
	case "memory":
		s.Values = p.values(writeXorExecute)
		p.checkMemory(s.Values)
	case "rlimit":
		s.Values = p.values("a limit's name such as NOFILE", "its value or unlimited")
	}
	return s
}

// writeXorExecute is the one setting of memory.
const writeXorExecute = "write-xor-execute"

func (p *parser) checkMemory(values []Word) {
	if len(values) == 1 && values[0].Text != writeXorExecute {
		w := values[0]
		p.report(&Error{w.Pos, "unknown setting of memory " + quote(w.Text), "expected " + writeXorExecute, ""})
	}
}

// values reads one word for each description.
func (p *parser) values(whats ...string) []Word {
	var list []Word
	for _, what := range whats {
		w := p.rawWord(what, ",")
		if w.Text == "" {
			break
		}
		list = append(list, w)
	}
	return list
}

// label reads the rest of the line behind an LSM's name, or up to the next one's.
func (p *parser) label(n node, key Word) Stmt {
	s := &Setting{node: n, Key: key}
	for !p.tok.first && !p.missing() && !p.atKeyword() {
		w := p.rawWord("a label", "")
		if w.Text == "" {
			break
		}
		s.Values = append(s.Values, w)
	}
	if len(s.Values) == 0 {
		p.report(&Error{key.Pos, key.Text + " without a label", "expected it behind it on the same line", labelHint(key.Text)})
	}
	return s
}

// labelHint is an example for an LSM.
func labelHint(lsm string) string {
	switch lsm {
	case "apparmor":
		return "write `apparmor profile NAME`"
	case "selinux":
		return "write `selinux type NAME`"
	case "tomoyo":
		return "write `tomoyo </usr/bin/PROGRAM>`"
	}
	return "write `" + lsm + " LABEL`"
}

// access reads the paths behind read, write or execute.
func (p *parser) access(n node, right Word) Stmt {
	s := &Access{node: n, Right: right}
	var notes []Comments
	for p.atPath() {
		notes = p.entry(&s.Comments, notes)
		s.Paths = append(s.Paths, p.path())
		p.endEntry(&s.Comments, notes)
		if p.tok.is(",") {
			p.fail(p.tok, `unexpected ","`, "expected blanks between paths", "put a path that holds a comma in quotes")
			p.advance()
		}
	}
	if len(s.Paths) == 0 {
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a path after "+right.Text, "")
	}
	s.Paths = withNotes(s.Paths, notes)
	return s
}

// atPath reports whether a path stands here. What stands on the same line and
// is no keyword was meant to be one.
func (p *parser) atPath() bool {
	if p.missing() || p.tok.is(",") {
		return false
	}
	switch c := p.src[p.tok.off]; c {
	case '/', '$', '"':
		return true
	}
	return !p.tok.first && !p.atKeyword()
}

// path reads one path, with the ? of one that may be missing.
func (p *parser) path() Word {
	w := p.rawWord("a path", ",")
	if w.Quoted && p.tok.text == "?" && p.tok.off == p.prev.stop {
		w.Text += "?"
		p.advance()
	}
	bare := strings.TrimSuffix(w.Text, "?")
	switch {
	case w.Text == "":
	case bare == "" || bare[0] != '/' && bare[0] != '$':
		p.report(&Error{w.Pos, "path " + quote(w.Text) + " is not absolute", "expected one that begins with / or a $param", pathHint(bare)})
	case !w.Quoted && strings.ContainsAny(bare, "*?["):
		p.report(&Error{w.Pos, "path " + quote(w.Text) + " holds a pattern", "expected a plain path", "a folder's path covers all beneath it; put one that is meant literally in quotes"})
	}
	return w
}

func pathHint(path string) string {
	switch {
	case strings.HasPrefix(path, "~"):
		return "write the home folder in full, or as a param"
	case strings.HasPrefix(path, "."), path == "":
		return ""
	}
	return "write /" + shorten(path)
}

// endpoint reads a line of a network block: `udp`, `unix`, or an action with a
// protocol and its ports.
func (p *parser) endpoint(n node, key Word) Stmt {
	if key.Text == "udp" || key.Text == "unix" {
		return &Endpoint{node: n, Proto: key}
	}
	s := &Endpoint{node: n, Action: key, Proto: p.asWord(p.tok)}
	switch p.tok.text {
	case "tcp", "udp":
		p.advance()
		s.Ports = p.words(&s.Comments, "a port such as 80, 8000..8080, any or 10.0.0.7:80", ",")
	case "unix":
		p.fail(p.tok, key.Text+" unix is not an endpoint", "expected unix alone, for all sockets of this kind", "name their paths in a files block")
		p.advance()
	default:
		p.fail(p.tok, "unexpected "+found(p.tok), "expected tcp or udp after "+key.Text, didYouMean(p.tok.text, []string{"tcp", "udp", "unix"}))
		if !p.missing() && !p.atKeyword() {
			head := p.tok
			p.advance()
			p.sync(head)
		}
	}
	return s
}
