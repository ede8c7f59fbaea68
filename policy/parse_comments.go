package policy

// take hands over the first n comments that nobody has had yet.
func (p *parser) take(n int) []remark {
	taken := p.remarks[:n:n]
	p.remarks = p.remarks[n:]
	if len(p.remarks) == 0 {
		p.remarks = nil
	}
	return taken
}

// lead gives the comments above the token looked at to what begins there, and
// keeps whether empty lines stood around them; above the first of a block they
// mean nothing.
func (p *parser) lead(c *Comments, first bool) {
	c.Blank = p.tok.blank && !first
	if len(p.remarks) == 0 {
		return
	}
	c.Gap = p.tok.blank
	for i, r := range p.take(len(p.remarks)) {
		if i == 0 {
			c.Blank = r.Blank && !first
			r.Blank = false
		}
		c.Lead = append(c.Lead, r.Comment)
	}
}

// inner gives the comments that stood within what has just been read to its
// lead, as format knows no place for them inside.
func (p *parser) inner(c *Comments) {
	n := 0
	for n < len(p.remarks) && p.remarks[n].off < p.prev.stop {
		n++
	}
	for _, r := range p.take(n) {
		r.Blank = false
		c.Lead = append(c.Lead, r.Comment)
	}
}

// trail is the comment behind what has just been read, on the same line.
func (p *parser) trail() *Comment {
	if len(p.remarks) == 0 || !p.remarks[0].trail {
		return nil
	}
	return &p.take(1)[0].Comment
}

// finish ends a statement: what stands behind it is its.
func (p *parser) finish(c *Comments) {
	p.inner(c)
	if t := p.trail(); t != nil {
		c.Trail = t
	}
}

// rest is the comments before the end of a block or of the text.
func (p *parser) rest(first bool) []Comment {
	var list []Comment
	for i, r := range p.take(len(p.remarks)) {
		r.Blank = r.Blank && !(first && i == 0)
		list = append(list, r.Comment)
	}
	return list
}

// entry begins an entry of a list: a comment behind the one before is that
// one's, the others are this one's. Those of the first entry go to the
// statement if there is one, as it stands on the statement's own line.
func (p *parser) entry(stmt *Comments, entries []Comments) []Comments {
	if entries == nil {
		entries = make([]Comments, 0, usualEntries)
	}
	if len(entries) == 0 && stmt != nil {
		for _, r := range p.take(len(p.remarks)) {
			r.Blank = false
			stmt.Lead = append(stmt.Lead, r.Comment)
		}
		return append(entries, Comments{})
	}
	if len(entries) > 0 {
		if t := p.trail(); t != nil {
			entries[len(entries)-1].Trail = t
		}
	}
	c := Comments{Newline: p.tok.first}
	p.lead(&c, len(entries) == 0)
	return append(entries, c)
}

// usualEntries is how many entries a list has room for from the start.
const usualEntries = 4

// endEntry ends the last of the entries.
func (p *parser) endEntry(stmt *Comments, entries []Comments) {
	if len(entries) == 1 && stmt != nil {
		p.inner(stmt)
		return
	}
	p.inner(&entries[len(entries)-1])
}

// noted is the comments of an entry for a Word, nil for none.
func noted(c Comments) *Comments {
	if c.Lead == nil && c.Trail == nil && !c.Newline && !c.Blank {
		return nil
	}
	return &c
}
