package main

import "fmt"

// row is a constant's value on each architecture, in the order of arches.
type row struct {
	values [15]int64
	absent uint16 // bit i: not on arches[i]
}

// constantsFile writes all constants by name: one number where every
// architecture agrees, else the index of a row.
func constantsFile(c constants) *file {
	f := newFile("constants_gen.go", "golang.org/x/sys/unix, data/headers.tsv, constants.tsv")
	index := map[row]int{}
	var rows []row
	f.printf("// constants is sorted by name.\nvar constants = [...]constant{\n")
	for _, name := range sortedKeys(c) {
		r := c.row(name)
		if v, ok := r.common(); ok {
			f.printf("{name: %q, value: %s},\n", name, constantLiteral(v))
			continue
		}
		at, known := index[r]
		if !known {
			rows = append(rows, r)
			at = len(rows)
			index[r] = at
		}
		f.printf("{name: %q, row: %d},\n", name, at)
	}
	f.printf("}\n\n// rows holds the values of constants that differ by architecture; constant.row counts from 1.\nvar rows = [...]row{\n")
	for _, r := range rows {
		f.printf("{absent: %#x, values: [...]int64{", r.absent)
		for _, v := range r.values {
			f.printf("%s, ", constantLiteral(v))
		}
		f.printf("}},\n")
	}
	f.printf("}\n")
	return f
}

func (c constants) row(name string) (r row) {
	for i := range arches {
		if v, ok := c[name][arches[i].name]; ok {
			r.values[i] = v
		} else {
			r.absent |= 1 << i
		}
	}
	return r
}

// common is the value that every architecture has.
func (r row) common() (int64, bool) {
	for _, v := range r.values {
		if v != r.values[0] {
			return 0, false
		}
	}
	return r.values[0], r.absent == 0
}

func constantLiteral(v int64) string {
	if v > -1000 && v < 10 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}
