// Gen writes the tables of package abi from the files in data/ and from
// golang.org/x/sys/unix. Run it by `go generate ./abi`; a clean tree afterwards
// means that nothing changed.
//
// Its inputs, all committed so that it runs anywhere:
//
//	data/syscalls.tsv  numbers by architecture and first versions since 5.1 (origin: its first lines)
//	data/manpage.tsv   first versions before 5.1, from syscalls(2); -manpage reads the page again
//	data/since.tsv     first versions that neither has, or that differ by architecture
//	data/tracefs.tsv   arguments of kernel functions, from a live kernel; -tracefs reads it again
//	data/functions.tsv arguments of functions that a live x86-64 kernel does not show
//	data/entries.tsv   which function answers a call
//	data/widths.tsv    arguments that the kernel reads narrower than declared
//	data/headers.tsv   constants of linux-libc-dev that x/sys lacks; -headers reads them again
//	data/constants.tsv constants that neither has, and corrections
//	data/groups.tsv    which constants spell a value together
//	data/arggroups.tsv which group an argument takes
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", ".", "directory of package abi")
	data := flag.String("data", "gen/data", "directory of the inputs")
	manpage := flag.String("manpage", "", "read syscalls(2) from this file, gzipped or not, into manpage.tsv")
	tracefs := flag.String("tracefs", "", "read argument formats from this directory (events/syscalls of tracefs) into tracefs.tsv")
	headers := flag.String("headers", "", "read the kernel's headers by this C compiler (for x86-64) into headers.tsv")
	flag.Parse()
	err := refresh(*data, *manpage, *tracefs, *headers)
	if err == nil {
		err = generate(*data, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// refresh brings the committed inputs up to date with what the flags name.
func refresh(data, manpage, tracefs, headers string) error {
	if manpage != "" {
		if err := importManpage(manpage, data+"/manpage.tsv"); err != nil {
			return err
		}
	}
	if tracefs != "" {
		if err := importTracefs(tracefs, data+"/tracefs.tsv"); err != nil {
			return err
		}
	}
	if headers != "" {
		return importHeaders(headers, data+"/headers.tsv")
	}
	return nil
}

// generate writes every table of package abi into out.
func generate(data, out string) error {
	m, err := load(data)
	if err != nil {
		return err
	}
	return m.write(out)
}
