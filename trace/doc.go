// Package trace reads counted calls: what a program was seen to do, and how
// often. The compiler takes them as weights.
//
// The plain form is a count and a call in the notation on each line, blank
// lines and # comments aside:
//
//	1042 read(fd == 7)
//	12 futex
//
// Besides, lines of strace are understood (with -f, -ff, -t, -tt, -r, -T, -y,
// -i, -k or without; of a call that was interrupted, its first half counts),
// and the table of strace -c. All of it may stand in one file.
package trace
