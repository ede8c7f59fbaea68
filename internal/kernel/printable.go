package kernel

import "strconv"

// Printable is a text that a process gives itself, such as a thread's name or
// the path of its program, for people: quoted if it would steer a terminal or
// pass for another line.
func Printable(text string) string {
	q := strconv.Quote(text)
	if q[1:len(q)-1] != text {
		return q
	}
	return text
}
