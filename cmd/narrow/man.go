package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan writes the manual pages, for packagers.
func newMan(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages into a folder",
		Example: "  narrow man ./man1 && man ./man1/narrow-run.1",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return badInput(err)
			}
			if err := manPages(c.Root(), args[0]); err != nil {
				return badInput(err)
			}
			_, err := fmt.Fprintf(s.err, "manual pages are in %s\n", args[0])
			return err
		},
	}
}

// manPages writes the page of a command and of those below it.
func manPages(c *cobra.Command, folder string) error {
	c.InitDefaultHelpCmd()
	c.InitDefaultHelpFlag()
	errs := []error{os.WriteFile(filepath.Join(folder, dashed(c)+".1"), []byte(manPage(c)), 0o644)}
	for _, sub := range c.Commands() {
		if documented(sub) {
			errs = append(errs, manPages(sub, folder))
		}
	}
	return errors.Join(errs...)
}

// documented leaves out hidden commands and help, which every page has.
func documented(c *cobra.Command) bool {
	return c.IsAvailableCommand() && !c.IsAdditionalHelpTopicCommand()
}

func dashed(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is a page in the language of man(7). It is written here because
// cobra's own generator brings a parser of Markdown into the program, whose
// tables every start would fill. There is no date, so packages are reproducible.
func manPage(c *cobra.Command) string {
	var p page
	p.line(".nh") // no hyphenation
	p.line(fmt.Sprintf(`.TH "%s" "1" "" "narrow" "narrow"`, strings.ToUpper(dashed(c))))
	p.section("NAME", dashed(c)+` \- `+roff(c.Short))
	p.section("SYNOPSIS", bold(c.UseLine()))
	p.section("DESCRIPTION", strings.ReplaceAll(roff(description(c)), "\n\n", "\n.PP\n"))
	p.options("OPTIONS", c.NonInheritedFlags())
	p.options("OPTIONS INHERITED FROM PARENT COMMANDS", c.InheritedFlags())
	if c.Example != "" {
		p.section("EXAMPLE", ".EX\n"+roff(c.Example)+"\n.EE")
	}
	p.section("SEE ALSO", strings.Join(related(c), ", "))
	return p.String()
}

func description(c *cobra.Command) string {
	if c.Long == "" {
		return c.Short
	}
	return c.Long
}

// related are the pages above and below.
func related(c *cobra.Command) []string {
	var pages []string
	if c.HasParent() {
		pages = append(pages, bold(dashed(c.Parent())+"(1)"))
	}
	for _, sub := range c.Commands() {
		if documented(sub) {
			pages = append(pages, bold(dashed(sub)+"(1)"))
		}
	}
	return pages
}

// page is a manual page being written.
type page struct{ strings.Builder }

func (p *page) line(text string) { p.WriteString(text + "\n") }

func (p *page) section(title, text string) {
	if text != "" {
		p.line(".SH " + title)
		p.line(text)
	}
}

func (p *page) options(title string, flags *pflag.FlagSet) {
	var text []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			text = append(text, option(f))
		}
	})
	p.section(title, strings.Join(text, "\n"))
}

// option is a flag, with what it is without the user's word, and its usage.
func option(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	names := bold("--" + f.Name)
	if f.Shorthand != "" {
		names = bold("-"+f.Shorthand) + ", " + names
	}
	switch {
	case value == "":
	case f.NoOptDefVal != "":
		names += "[=" + italic(value) + "]"
	default:
		names += " " + italic(value)
	}
	switch f.DefValue {
	case "", "false", "[]", "0", "0s":
	default:
		usage += " (default " + f.DefValue + ")"
	}
	return ".TP\n" + names + "\n" + roff(usage)
}

func bold(text string) string   { return `\fB` + roff(text) + `\fP` }
func italic(text string) string { return `\fI` + roff(text) + `\fP` }

// roff is text that man(7) shows as it is: no escapes, and no line that is a
// request.
func roff(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	text = strings.ReplaceAll(text, "-", `\-`)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
