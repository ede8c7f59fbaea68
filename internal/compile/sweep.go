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
	for _, e := range events {
		if at := uint32(e >> 32); at != low {
			emit(span{low, at - 1}, a.residuals)
			low = at
		}
		a.apply(e)
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
