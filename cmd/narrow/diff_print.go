package main

import "fmt"

// print writes the differences for people.
func (r *diffReport) print(s *streams) error {
	if r.Same {
		_, err := fmt.Fprintf(s.out, "%s and %s mean the same\n", r.Left, r.Right)
		return err
	}
	for _, d := range r.Differences {
		if _, err := fmt.Fprintln(s.out, d.text()); err != nil {
			return err
		}
	}
	for _, l := range r.Layers {
		name := r.Left
		if l.Only == "right" {
			name = r.Right
		}
		if _, err := fmt.Fprintf(s.out, "phase %s, %s: only in %s: %s\n", l.Phase, l.Layer, name, l.Does); err != nil {
			return err
		}
	}
	return nil
}

// text is a line such as "phase all: write on x86_64: allow, then errno EPERM,
// as for write(fd == 1)".
func (d *diffLine) text() string {
	text := d.Call
	if d.Phase != "" {
		text = fmt.Sprintf("phase %s: %s", phaseThread(d.Phase, d.Thread), text)
	}
	if d.Arch != "" {
		text += " on " + d.Arch
	}
	text += fmt.Sprintf(": %s on the left, %s on the right", d.Left, d.Right)
	switch {
	case d.Whole:
		text += ", whatever the arguments"
	case d.Witness != "":
		text += ", as for " + d.Witness
	}
	return text
}
