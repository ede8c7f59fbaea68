package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/examples/memcached/server"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parseFlags(strings.Fields("-p11212 -l 127.0.0.1,[::1],localhost -m100 -t=2 -c 10 -I 2m -b 5 -M -U 0 -vv -unconfined=true"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := o.config
	if c.Port != 11212 || len(c.Addresses) != 3 || c.Memory != 100<<20 || c.Threads != 2 || c.MaxConnections != 10 ||
		c.MaxItem != 2<<20 || c.Backlog != 5 || !c.NoEvict || c.Verbosity != 2 || !c.Unconfined {
		t.Errorf("got %+v", c)
	}
	o, err = parseFlags(strings.Fields("-s /run/mc/socket -a 0666 -v -v -best-effort"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.config.Unix != "/run/mc/socket" || o.config.Mode != 0o666 || o.config.Verbosity != 2 || o.config.Needs.Landlock == 0 {
		t.Errorf("got %+v", o.config)
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-p x":            `invalid value "x" for flag -p`,
		"-l example.org":  "names are not looked up",
		"-I 5g":           "expected a size such as",
		"-I 2048m":        "at most 1024m",
		"-m 0":            "expected a number of megabytes",
		"-a 999":          "expected octal permissions",
		"-U 11211":        "there is no UDP",
		"-nonsense":       "flag provided but not defined",
		"somewhere":       `"somewhere" is no flag`,
		"-p 11211 -t 100": "100 threads; expected 1 to 64",
	} {
		var out, complaints bytes.Buffer
		if status := run(strings.Fields(args), &out, &complaints); status == 0 || !strings.Contains(complaints.String(), want) {
			t.Errorf("%s: status %d, %s; want %q", args, status, complaints.String(), want)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{"-policy": server.Policy, "-V": "memcached " + server.Version + "\n"} {
		var out, complaints bytes.Buffer
		if status := run([]string{args}, &out, &complaints); status != 0 || out.String() != want || complaints.Len() > 0 {
			t.Errorf("%s: status %d, %q, %q", args, status, out.String(), complaints.String())
		}
	}
	var out, complaints bytes.Buffer
	if status := run([]string{"-h"}, &out, &complaints); status != 0 || !strings.Contains(out.String(), "usage: memcached") || !strings.Contains(out.String(), "-unconfined") {
		t.Errorf("-h: status %d, %q, %q", status, out.String(), complaints.String())
	}
}
