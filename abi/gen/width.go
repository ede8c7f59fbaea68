package main

import (
	"slices"
	"strconv"
	"strings"
)

// width is how many bits of an argument the kernel reads.
type width struct {
	bits   int
	signed bool
}

// widthRow is a line of data/widths.tsv for one call.
type widthRow struct {
	width
	arches []string
	when   []argCase // empty: always
}

// widthTable lists arguments that the kernel reads narrower than declared, by
// "call arg".
type widthTable map[string][]widthRow

func loadWidths(name string) (widthTable, error) {
	t, err := readTSV(name)
	if err != nil {
		return nil, err
	}
	w := widthTable{}
	for i, row := range t.rows {
		bits, err := strconv.Atoi(strings.TrimSuffix(row[3], "s"))
		if err != nil || bits != 16 && bits != 32 {
			return nil, t.errorf(i, "%q is no width", row[3])
		}
		r := widthRow{width: width{bits, strings.HasSuffix(row[3], "s")}, arches: archNames(row[4])}
		for _, c := range parseWhen(row[2]) {
			c.width = r.width
			r.when = append(r.when, c)
		}
		for _, call := range strings.Split(row[0], ",") {
			key := call + " " + row[1]
			w[key] = append(w[key], r)
		}
	}
	return w, nil
}

// parseWhen reads "-" or "cmd=F_SETFL,F_SETFD", a case for each value.
func parseWhen(column string) (cases []argCase) {
	if column == "-" {
		return nil
	}
	decider, values, _ := strings.Cut(column, "=")
	for _, v := range strings.Split(values, ",") {
		cases = append(cases, argCase{decider: decider, value: v})
	}
	return cases
}

// apply narrows the arguments of a call. It widens none.
func (w widthTable) apply(call string, args []arg, a *arch) {
	for i := range args {
		g := &args[i]
		for _, r := range w[call+" "+g.name] {
			switch {
			case !slices.Contains(r.arches, a.name) || r.bits > g.bits:
			case len(r.when) > 0:
				g.when = append(g.when, r.when...)
			default:
				g.bits, g.signed = r.bits, r.signed
			}
		}
	}
}
