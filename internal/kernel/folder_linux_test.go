package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// homeFolder is a path to a folder that may be believed, in the tests' own.
func homeFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "cache", "narrow")
}

func TestFolderRemembers(t *testing.T) {
	path := homeFolder(t)
	if _, err := OpenFolder(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a folder that is not there: %v", err)
	}
	f, err := MakeFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, content := range []string{"first", "second", ""} {
		if err := f.Write("x", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Read("x"); string(got) != content || err != nil {
			t.Errorf("read %q, %v; want %q", got, err, content)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made with mode %v, %v", info.Mode(), err)
	}
	if names, _ := os.ReadDir(path); len(names) != 1 {
		t.Errorf("drafts are left: %v", names)
	}
}

// TestFolderOfOthers tries what somebody else could have prepared.
func TestFolderOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"a folder that all may write":     {func(t *testing.T, p string) { chmod(t, p, 0o777) }, "mode is 0777"},
		"one that a group may write":      {func(t *testing.T, p string) { chmod(t, p, 0o770) }, "mode is 0770"},
		"sticky, but the last":            {func(t *testing.T, p string) { chmod(t, p, 0o777|os.ModeSticky) }, "mode is 01777"},
		"one above it that all may write": {func(t *testing.T, p string) { chmod(t, filepath.Dir(p), 0o777) }, "mode is 0777"},
		"a link in its place":             {func(t *testing.T, p string) { link(t, p) }, "not a directory"},
		"a link above it":                 {func(t *testing.T, p string) { link(t, filepath.Dir(p)) }, "not a directory"},
		"a file in its place":             {func(t *testing.T, p string) { file(t, p) }, "not a directory"},
		"another owner":                   {func(t *testing.T, p string) { chown(t, p) }, "its owner is user 65533"},
		"another owner above it":          {func(t *testing.T, p string) { chown(t, filepath.Dir(p)) }, "its owner is user 65533"},
		"another owner above it, though sticky": {func(t *testing.T, p string) {
			chown(t, filepath.Dir(p))
			chmod(t, filepath.Dir(p), 0o777|os.ModeSticky)
		}, "its owner is user 65533"},
	} {
		t.Run(name, func(t *testing.T) {
			path := homeFolder(t)
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, path)
			for _, open := range []func(string) (*Folder, error){OpenFolder, MakeFolder} {
				f, err := open(path)
				if err == nil {
					f.Close()
					t.Fatal("it is believed")
				}
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v; want %s", err, c.want)
				}
			}
		})
	}
	for _, path := range []string{"", "cache", "/tmp/../tmp/x", "/tmp/x/"} {
		if _, err := MakeFolder(path); !errors.Is(err, ErrUntrusted) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestEntryOfOthers tries what may lie in a folder that is the user's own.
func TestEntryOfOthers(t *testing.T) {
	path := homeFolder(t)
	f, err := MakeFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file(t, filepath.Join(path, "open"))
	chmod(t, filepath.Join(path, "open"), 0o666)
	if err := os.Symlink("open", filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(path, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"open", "link", "folder", "none"} {
		if got, err := f.Read(name); err == nil {
			t.Errorf("%s: read %q", name, got)
		}
	}
}

// TestFolderIsBounded writes more than a folder may hold.
func TestFolderIsBounded(t *testing.T) {
	path := homeFolder(t)
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range maxEntries {
		file(t, filepath.Join(path, strings.Repeat("x", 1+i/200)+string(rune('a'+i%200))))
	}
	f, err := MakeFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Write("x", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if names, _ := os.ReadDir(path); len(names) != 1 {
		t.Errorf("%d files are left", len(names))
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	if err := os.Chown(path, 65533, 65533); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, path string) {
	t.Helper()
	if err := os.Rename(path, path+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+".real", path); err != nil {
		t.Fatal(err)
	}
}

func file(t *testing.T, path string) {
	t.Helper()
	_ = os.RemoveAll(path)
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
}
