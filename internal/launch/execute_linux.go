package launch

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// mayExecute tells what of the program no execute line of a files block
// covers. The kernel would say EACCES only when it is too late to explain.
func (p *planner) mayExecute() []error {
	if len(p.entry.files) == 0 {
		return nil
	}
	files, err := p.program.resolved()
	if err != nil {
		return []error{err}
	}
	var reasons []error
	for _, block := range p.entry.files {
		places := executePlaces(block)
		for i, file := range files {
			if !beneath(file, places) {
				reasons = append(reasons, notExecutable(block, p.program, i, file))
			}
		}
	}
	return reasons
}

// executePlaces is where the block's execute lines point to.
func executePlaces(block *policy.FilesRules) map[kernel.Place]bool {
	places := map[kernel.Place]bool{}
	for _, rule := range block.Paths {
		if rule.Right != policy.Execute {
			continue
		}
		if place, err := placeAt(rule.Path); err == nil {
			places[place] = true
		}
	}
	return places
}

func placeAt(path string) (kernel.Place, error) {
	fd, err := kernel.OpenPath(path)
	if err != nil {
		return kernel.Place{}, err
	}
	defer kernel.Close(fd)
	return kernel.PlaceOf(fd)
}

// beneath reports whether the file, an absolute path without links, or a
// folder above it is one of the places: the way Landlock looks for a rule.
func beneath(file string, places map[kernel.Place]bool) bool {
	for path := file; ; path = filepath.Dir(path) {
		if place, err := placeAt(path); err == nil && places[place] {
			return true
		}
		if path == "/" {
			return false
		}
	}
}

func notExecutable(block *policy.FilesRules, p *program, i int, file string) error {
	what := p.chain[i]
	switch {
	case i == 0:
	case i == len(p.chain)-1 && strings.Contains(filepath.Base(what), "ld"):
		what += ", the loader of " + p.chain[i-1] + ","
	default:
		what += ", by which " + p.chain[i-1] + " starts,"
	}
	return fmt.Errorf("%v: the files block does not let %s be executed; add: execute %s", block.Pos, what, file)
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

func join(paths []string) string { return strings.Join(paths, ", ") }
