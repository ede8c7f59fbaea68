package verify

// word is a 32-bit word that depends on the call: bit i is the set of calls
// in which it is 1. A word is never changed once made, so it may be shared.
type word [32]node

// constant is the same word for every call.
func constant(k uint32) *word {
	w := new(word)
	for i := range w {
		w[i] = node(k >> i & 1)
	}
	return w
}

// isConstant reports whether w is the same for every call, and its value.
func (w *word) isConstant() (k uint32, ok bool) {
	for i, b := range w {
		if b > yes {
			return 0, false
		}
		k |= uint32(b) << i
	}
	return k, true
}

// each makes a word bit by bit.
func each(f func(i int) node) *word {
	w := new(word)
	for i := range w {
		w[i] = f(i)
	}
	return w
}

// chooseWord is a where the call is in c, else b.
func (d *diagram) chooseWord(c node, a, b *word) *word {
	if a == b || *a == *b {
		return a
	}
	return each(func(i int) node { return d.choose(c, a[i], b[i]) })
}

// equal is the set of calls for which a == b.
func (d *diagram) equal(a, b *word) node {
	r := yes
	for i := range a {
		r = d.choose(a[i], d.and(b[i], r), d.minus(r, b[i]))
	}
	return r
}

// greater is the set of calls for which a > b, unsigned.
func (d *diagram) greater(a, b *word) node {
	r := no
	for i := range a {
		r = d.choose(a[i], d.choose(b[i], r, yes), d.minus(r, b[i]))
	}
	return r
}

// common is the set of calls for which a & b != 0.
func (d *diagram) common(a, b *word) node {
	r := no
	for i := range a {
		r = d.or(r, d.and(a[i], b[i]))
	}
	return r
}

func (d *diagram) andWord(a, b *word) *word {
	return each(func(i int) node { return d.and(a[i], b[i]) })
}

func (d *diagram) orWord(a, b *word) *word {
	return each(func(i int) node { return d.or(a[i], b[i]) })
}

func (d *diagram) xorWord(a, b *word) *word {
	return each(func(i int) node { return d.xor(a[i], b[i]) })
}

func (d *diagram) notWord(a *word) *word {
	return each(func(i int) node { return d.not(a[i]) })
}

// plus is a + b + carry, modulo 2^32.
func (d *diagram) plus(a, b *word, carry node) *word {
	return each(func(i int) node {
		odd := d.xor(a[i], b[i])
		sum := d.xor(odd, carry)
		carry = d.choose(odd, carry, a[i])
		return sum
	})
}

// less is a - b, modulo 2^32.
func (d *diagram) less(a, b *word) *word { return d.plus(a, d.notWord(b), yes) }

// times is a * b, modulo 2^32: quickest with the constant as b.
func (d *diagram) times(a, b *word) *word {
	sum := constant(0)
	for i, bit := range b {
		if bit == no {
			continue
		}
		part := each(func(j int) node {
			if j < i {
				return no
			}
			return d.and(bit, a[j-i])
		})
		sum = d.plus(sum, part, no)
	}
	return sum
}

// over is a / b, unsigned, for the calls in which b is not 0: schoolbook
// division from the highest bit down.
func (d *diagram) over(a, b *word) *word {
	quotient, rest := new(word), constant(0)
	for i := 31; i >= 0; i-- {
		overflow := rest[31] // rest is below b, but twice rest may need 33 bits
		rest = shifted(rest, 1)
		rest[0] = a[i]
		fits := d.or(overflow, d.not(d.greater(b, rest)))
		quotient[i] = fits
		rest = d.chooseWord(fits, d.less(rest, b), rest)
		if d.stopped != "" {
			break
		}
	}
	return quotient
}

// shifted is a << n, for n < 0 a >> -n; always a new word.
func shifted(a *word, n int) *word {
	return each(func(i int) node {
		if i-n < 0 || i-n > 31 {
			return no
		}
		return a[i-n]
	})
}

// shift is a << (b mod 32), to the right if sign is -1. The kernel's shifts
// by X are modulo 32 (kernel/bpf/core.c, ALU LSH_X and RSH_X).
func (d *diagram) shift(a, b *word, sign int) *word {
	for stage := range 5 {
		a = d.chooseWord(b[stage], shifted(a, sign<<stage), a)
	}
	return a
}
