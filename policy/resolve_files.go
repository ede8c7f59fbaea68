package policy

import (
	"fmt"
	"path"
	"strings"
)

// addBlock adds a files or network block to a phase, where it begins.
func (r *resolver) addBlock(ph *phase, s Stmt) {
	switch s := s.(type) {
	case *Files:
		f := r.filesBlock(s)
		r.checkNoMorePaths(ph.files, f)
		ph.files = append(ph.files, f)
		ph.rules.Files = append(ph.rules.Files, f)
	case *Network:
		n := r.networkBlock(s)
		r.checkNoMoreSockets(ph.network, n)
		ph.network = append(ph.network, n)
		ph.rules.Network = append(ph.rules.Network, n)
	}
}

// filesBlock resolves a files block.
func (r *resolver) filesBlock(s *Files) *FilesRules {
	f := &FilesRules{Pos: s.Pos}
	r.walk(s.Block, walking{visit: func(s Stmt, _ *condition) {
		line, ok := s.(*Access)
		if !ok {
			return
		}
		right, ok := rightOf(line.Right.Text)
		if !ok {
			r.fail(line.Right.Pos, "unknown right "+quote(line.Right.Text), "expected read, write or execute", "")
			return
		}
		for _, w := range line.Paths {
			if p, ok := r.pathRule(right, w); ok {
				f.Paths = append(f.Paths, p)
			}
		}
	}})
	return f
}

var rightNames = [...]string{"read", "write", "execute"}

// String is the right's keyword.
func (r Right) String() string {
	if int(r) >= len(rightNames) {
		return fmt.Sprintf("Right(%d)", r)
	}
	return rightNames[r]
}

func rightOf(name string) (Right, bool) {
	for i, n := range rightNames {
		if n == name {
			return Right(i), true
		}
	}
	return Read, false
}

// pathRule resolves a path, of which a last `?` says that it may be missing.
func (r *resolver) pathRule(right Right, w Word) (PathRule, bool) {
	bare := w
	bare.Text = strings.TrimSuffix(w.Text, "?")
	text, ok := r.expand(bare)
	if !ok || text == "" && w.Text == "" {
		return PathRule{}, false // the parser, or expand, has said so
	}
	switch {
	case !path.IsAbs(text):
		r.fail(w.Pos, "path "+quote(text)+" is not absolute", "expected one that begins with /", "")
		return PathRule{}, false
	case strings.ContainsRune(text, 0):
		r.fail(w.Pos, "path "+quote(text)+" holds a NUL byte", "expected a path", "")
		return PathRule{}, false
	}
	return PathRule{Right: right, Path: path.Clean(text), Optional: len(bare.Text) < len(w.Text), Pos: w.Pos}, true
}

// checkNoMorePaths complains of what a files block names and one before it
// does not: the layers stack, so it would be denied all the same.
func (r *resolver) checkNoMorePaths(before []*FilesRules, f *FilesRules) {
	for _, p := range f.Paths {
		for _, b := range before {
			if !b.grants(p) {
				r.fail(p.Pos, fmt.Sprintf("this block names more than the one at %s: %s %s", b.Pos, p.Right, p.Path),
					"expected no more than every block before it", "blocks stack: name it there, too, or not here")
				break
			}
		}
	}
}

// grants reports whether the block's lines together grant all that p does.
func (f *FilesRules) grants(p PathRule) bool {
	granted := rightBits(0)
	for _, q := range f.Paths {
		if beneath(q.Path, p.Path) {
			granted |= bitsOf(q.Right)
		}
	}
	return bitsOf(p.Right)&^granted == 0
}

// rightBits is what rights are made of: write and execute include read.
type rightBits uint8

func bitsOf(r Right) rightBits {
	switch r {
	case Write:
		return 1 | 2
	case Execute:
		return 1 | 4
	}
	return 1
}

// beneath reports whether p is folder or lies in it.
func beneath(folder, p string) bool {
	if folder == "/" || folder == p {
		return true
	}
	rest, ok := strings.CutPrefix(p, folder)
	return ok && rest[0] == '/'
}
