package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/policy"
)

func newFmt(s *streams) *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use:   "fmt POLICY...",
		Short: "Format policies in place; standard input goes to standard output",
		Long: `Fmt rewrites each POLICY in the canonical format, keeping its comments. With -
it formats standard input to standard output. With --list it changes nothing,
prints the names of those that are not formatted, and ends with 1 if there are any.`,
		Example: "  narrow fmt my.narrow\n  narrow fmt --list *.narrow\n  narrow fmt - <my.narrow",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			unformatted := false
			for _, path := range args {
				changed, err := formatOne(s, path, list)
				if err != nil {
					return err
				}
				unformatted = unformatted || changed
			}
			if list && unformatted {
				return no()
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&list, "list", "l", false, "change nothing, list the files that would change")
	return c
}

// formatOne formats the file at path, or only names it, and tells whether it differed.
func formatOne(s *streams, path string, list bool) (changed bool, err error) {
	text, err := readInput(s, path)
	if err != nil {
		return false, err
	}
	if path == "-" {
		s.unread = &source{name: inputName(path), text: text}
	}
	f, err := policy.Parse(inputName(path), text)
	if err != nil {
		return false, badInput(err)
	}
	formatted := f.Format()
	changed = !bytes.Equal(text, formatted)
	switch {
	case list && changed:
		_, err = fmt.Fprintln(s.out, path)
	case list:
	case path == "-":
		_, err = s.out.Write(formatted)
	case changed:
		err = replaceFile(path, formatted)
	}
	return changed, err
}

// replaceFile writes beside path and renames, so that a reader never sees half
// a policy and a failure leaves the old one. A link stays a link.
func replaceFile(path string, text []byte) error {
	info, err := os.Lstat(path)
	if err != nil {
		return badInput(err)
	}
	if !info.Mode().IsRegular() {
		if err := os.WriteFile(path, text, info.Mode().Perm()); err != nil {
			return badInput(err)
		}
		return nil
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, text, info.Mode().Perm()); err != nil {
		return badInput(err)
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return badInput(err)
	}
	return nil
}
