package asm

// suggestMnemonic says what a mistyped mnemonic may have been meant for.
func suggestMnemonic(word []byte) string {
	best, distance := "", 2
	for _, m := range mnemonics {
		if d := editDistance(word, m); d < distance {
			best, distance = m, d
		}
	}
	return didYouMean(best)
}

// suggestLabel says what a mistyped label may have been meant for.
func (a *assembler) suggestLabel(word []byte) string {
	best, distance := "", 3
	if len(a.symbols) > maxCompared {
		return ""
	}
	for i := range a.symbols {
		s := &a.symbols[i]
		if s.line == undefined || s.size > maxSuggested {
			continue
		}
		name := string(a.name(s))
		if d := editDistance(word, name); d < distance && d < len(word) {
			best, distance = name, d
		}
	}
	return didYouMean(best)
}

// nearest looks for the name that is nearest to a word, which may be mistyped at
// one place, a long one at two, but not at its beginning.
type nearest struct {
	word     []byte
	best     string
	distance int // the names that count have less
}

func newNearest(word string) *nearest {
	n := &nearest{word: []byte(word), distance: 2}
	if len(word) > 8 {
		n.distance = 3
	}
	return n
}

// try compares a name. Of equally near ones the first by the alphabet counts.
func (n *nearest) try(name string) {
	far := len(name) - len(n.word)
	if name == "" || len(n.word) < 3 || far >= n.distance || -far >= n.distance || name[0]|0x20 != n.word[0]|0x20 {
		return
	}
	if d := editDistance(n.word, name); d < n.distance || d == n.distance && name < n.best {
		n.best, n.distance = name, d
	}
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return `did you mean "` + word + `"?`
}

// maxSuggested bounds the words that are compared.
const maxSuggested = 40

// maxCompared bounds the labels that are compared.
const maxCompared = 500

// editDistance counts the letters to insert, delete or replace to turn a into
// b, whatever their case; too long words are far from everything.
func editDistance(a []byte, b string) int {
	if len(a) > maxSuggested || len(b) > maxSuggested {
		return maxSuggested
	}
	var row [maxSuggested + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i]|0x20 == b[j]|0x20 {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
