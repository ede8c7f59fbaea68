package compile

import "slices"

// residual is what is left of a rule once some of a call is known: where conj
// holds too, to decides.
type residual struct {
	list int32 // of the Lists
	to   diagramID
	conj conjID
}

// item is a residual that applies to values low..high of what is swept.
type item struct {
	span
	order int32 // of its rule: by list, then by place in the list
	residual
}

// sweep cuts all values of a word into intervals and calls emit for each,
// ascending, with the residuals that apply there, in order; emit must not keep
// the slice. Items of the same order must not overlap.
func sweep(items []item, emit func(s span, active []residual)) {
	events := make([]uint64, 0, 2*len(items))
	for i, it := range items {
		events = append(events, event(uint64(it.low), i)|begins)
		if it.high != maxWord {
			events = append(events, event(uint64(it.high)+1, i))
		}
	}
	slices.Sort(events)
	a := active{items: items}
	var low uint32
	for len(events) > 0 {
		at, n := uint32(events[0]>>32), 1
		for n < len(events) && uint32(events[n]>>32) == at {
			n++
		}
		if at != low {
			emit(span{low, at - 1}, a.residuals)
			low = at
		}
		a.applyAll(events[:n])
		events = events[n:]
	}
	emit(span{low, maxWord}, a.residuals)
}

// An event is the value at which an item begins or ends, in the upper 32 bits,
// and the item. At one value ends come before begins.
const begins = 1 << 31

func event(at uint64, i int) uint64 { return at<<32 | uint64(i) }

// active is the items at one value, in order.
type active struct {
	items     []item
	orders    []int32
	residuals []residual
}

// few events are applied one by one; that takes time by what is active for each
// of them, and so for more the whole is made anew.
const few = 8

// applyAll applies the events of one value.
func (a *active) applyAll(events []uint64) {
	if len(events) <= few {
		for _, e := range events {
			a.apply(e)
		}
		return
	}
	ended := make(map[int32]bool, len(events))
	var begun []item
	for _, e := range events {
		it := a.items[e&(begins-1)]
		if e&begins != 0 {
			begun = append(begun, it)
		} else {
			ended[it.order] = true
		}
	}
	slices.SortFunc(begun, func(x, y item) int { return compare(int64(x.order), int64(y.order)) })
	a.merge(ended, begun)
}

// merge makes the active items anew: without some, and with others.
func (a *active) merge(ended map[int32]bool, begun []item) {
	orders, residuals := a.orders, a.residuals
	a.orders = make([]int32, 0, len(orders)+len(begun))
	a.residuals = make([]residual, 0, len(orders)+len(begun))
	add := func(order int32, r residual) {
		a.orders, a.residuals = append(a.orders, order), append(a.residuals, r)
	}
	for i, order := range orders {
		for len(begun) > 0 && begun[0].order < order {
			add(begun[0].order, begun[0].residual)
			begun = begun[1:]
		}
		if !ended[order] {
			add(order, residuals[i])
		}
	}
	for _, it := range begun {
		add(it.order, it.residual)
	}
}

func (a *active) apply(event uint64) {
	it := a.items[event&(begins-1)]
	i, _ := slices.BinarySearch(a.orders, it.order)
	if event&begins != 0 {
		a.orders = slices.Insert(a.orders, i, it.order)
		a.residuals = slices.Insert(a.residuals, i, it.residual)
		return
	}
	a.orders = slices.Delete(a.orders, i, i+1)
	a.residuals = slices.Delete(a.residuals, i, i+1)
}
