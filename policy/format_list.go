package policy

import "strings"

// list prints a statement without braces, or the calls of a set: its head,
// then its entries, each on the line where it stood or, where that is full, on
// the next, below the first.
func (p *printer) list(sh shape, indent int, trail *Comment) {
	if len(sh.items) == 0 {
		if sh.head != "" {
			p.line(indent, sh.head+sh.tail, trail)
		}
		return
	}
	w := wrapper{printer: p, indent: indent, text: sh.head, column: indent}
	if sh.head != "" {
		w.text += " "
		w.column += columns(w.text)
	} else {
		p.lead(&sh.items[0].comments, indent)
	}
	for i, it := range sh.items {
		text := it.text + strings.TrimRight(sh.sep, " ")
		if i == len(sh.items)-1 {
			text = it.text + sh.tail
		}
		w.entry(it, text, i == 0)
	}
	if w.trail != nil && trail != nil {
		trail = &Comment{Text: commentText(*w.trail) + " " + commentText(*trail)}
	} else if trail == nil {
		trail = w.trail
	}
	p.line(w.indent, w.text, trail)
}

// wrapper fills lines with the entries of a list.
type wrapper struct {
	printer *printer
	indent  int      // of the line that is being filled
	column  int      // where entries begin
	text    string   // of the line that is being filled
	trail   *Comment // behind the last entry, which ends its line
	split   bool     // the last entry took several lines
}

func (w *wrapper) entry(it item, text string, first bool) {
	c := &it.comments
	if !first {
		full := w.indent+columns(w.text)+1+columns(text) > lineWidth
		if c.Newline || c.Blank || len(c.Lead) > 0 || w.trail != nil || w.split || full {
			w.flush()
			w.printer.lead(c, w.column)
		} else {
			w.text += " "
		}
	}
	w.trail = c.Trail
	w.put(text)
}

// flush ends the line.
func (w *wrapper) flush() {
	w.printer.line(w.indent, w.text, w.trail)
	w.indent, w.text = w.column, ""
}

// put adds an entry to the line. One that no line has room for is broken
// between its conditions and values, which then stand below the first.
func (w *wrapper) put(text string) {
	w.split = false
	deep := w.column + hanging(text)
	for {
		room := lineWidth - w.indent - columns(w.text)
		at := breakAt(text, room)
		if at == 0 {
			w.text += text
			return
		}
		w.split = true
		w.printer.line(w.indent, w.text+strings.TrimRight(text[:at], " "), nil)
		w.indent, w.text, text = deep, "", text[at:]
	}
}

// hanging is how far the further lines of a broken call are indented: to
// behind its parenthesis.
func hanging(text string) int {
	if i := strings.IndexByte(text, '('); i >= 0 && i < 24 {
		return i + 1
	}
	return indentWidth
}

// breakAt is the offset behind the last comma and blank within room, or behind
// the first ones if there is none; 0 where the text fits or has none. Strings
// are no entries with commas inside, so a comma is always one between values.
func breakAt(text string, room int) int {
	if columns(text) <= room || strings.HasPrefix(text, `"`) {
		return 0
	}
	at := 0
	for i := 0; i+1 < len(text); i++ {
		if text[i] != ',' || text[i+1] != ' ' {
			continue
		}
		if at > 0 && columns(text[:i+1]) > room {
			break
		}
		at = i + 2
	}
	return at
}
