package scmp

import "syscall"

// merge adds a rule's tree, which has one node on each level, to the level of x.
// It returns a node of the level. EEXIST says that the rules contradict each
// other; the tree may then be half changed.
func merge(x, n *node) (*node, error) {
	head := x
	for {
		switch {
		case x == n:
			return head, nil // two edges of the new tree lead here
		case x.same(n):
			return head, x.absorb(n)
		case x.below(n):
			n = n.unlinked()
			insertBefore(x, n)
			if x == head {
				head = n
			}
			return head, nil
		case x.next == nil:
			n = n.unlinked()
			x.next, n.prev = n, x
			return head, nil
		}
		x = x.next
	}
}

// unlinked is n, or where n stands on another level already, because two edges
// of the new tree lead to it, a copy. The C library links it a second time, so
// that nodes get lost, or their list a circle.
func (n *node) unlinked() *node {
	if n.prev == nil && n.next == nil {
		return n
	}
	c := *n
	c.prev, c.next = nil, nil
	return &c
}

func insertBefore(x, n *node) {
	if x.prev != nil {
		x.prev.next, n.prev = n, x.prev
	}
	x.prev, n.next = n, x
}

// absorb adds what n, the same comparison, has on its edges.
func (x *node) absorb(n *node) error {
	leaf := x.leaf() || n.leaf()
	if err := x.yes.act(&n.yes, n.high && n.full > x.full, leaf); err != nil {
		return err
	}
	leaf = x.leaf() || n.leaf()
	if err := x.no.act(&n.no, n.high && n.full < x.full, leaf); err != nil {
		return err
	}
	if done, err := x.yes.descend(&n.yes); done || err != nil {
		return err
	}
	_, err := x.no.descend(&n.no)
	return err
}

// act takes on the action of the new edge. Of two that differ, the one whose
// whole 64 bits reach further wins, and on a leaf they contradict each other.
func (x *edge) act(n *edge, further, leaf bool) error {
	switch {
	case !n.acts || x.acts && x.action == n.action:
		return nil
	case x.acts:
		if further {
			x.action = n.action
		}
		if leaf {
			return syscall.EEXIST
		}
		return nil
	case !x.to.only(n.action):
		return syscall.EEXIST
	}
	*x = edge{acts: true, action: n.action}
	return nil
}

// descend adds what is below the new edge. done says that the tree here is
// shorter, and so decides already.
func (x *edge) descend(n *edge) (done bool, err error) {
	switch {
	case n.to == nil:
	case x.to != nil:
		x.to, err = merge(x.to, n.to)
	case x.acts:
		return true, nil
	default:
		x.to = n.to
	}
	return false, err
}
