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
