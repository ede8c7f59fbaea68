// Package proved hands out filters that are proved to be their rules, and
// remembers what was proved, so that starting costs nothing.
//
// Whoever installs a filter takes it from here, and never from the compiler:
//
//	proofs := proved.Remember()                // narrow run, narrow enter
//	program, err := proofs.Filter(rules)       // compiled; proved now or before
//	programs, errs := proofs.Filters(all)      // several, at the same time
//	err = proofs.Order(later, earlier...)      // phases only narrow
//	program, err = proofs.FilterWith(rules, c) // and one exact call more
//
// What is remembered is that a question was answered with yes: a file, named
// by the hash of the whole question (the program's bytes, what decides in the
// rules, the verifier's own source), which holds that hash. The program is
// compiled in any case and never read from the folder. So who could write there could at most make
// narrow believe its own compiler. The folder is the user's alone
// (kernel.Folder): $XDG_CACHE_HOME/narrow/proved or ~/.cache/narrow/proved, and
// for root /var/cache/narrow/proved whatever the environment says. Where it is
// missing, someone else's, full or damaged, everything is proved afresh: a
// folder is never the reason that something fails.
//
// A Go program that narrows itself proves in its own process and writes no
// files, unless it asks for them (narrow.Options).
package proved

//go:generate go run ./gen
