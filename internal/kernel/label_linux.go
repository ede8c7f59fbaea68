package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// LSMs lists the security modules that are live, in their order: "landlock",
// "apparmor", ... It asks /sys/kernel/security/lsm and, where securityfs is
// not mounted, takes the presence of a module's attr folder as its sign.
func LSMs() []string {
	if text, err := os.ReadFile("/sys/kernel/security/lsm"); err == nil {
		return strings.Split(strings.TrimSpace(string(text)), ",")
	}
	var live []string
	for _, lsm := range [...]string{"apparmor", "smack"} {
		if _, err := os.ReadFile("/proc/thread-self/attr/" + lsm + "/current"); err == nil {
			live = append(live, lsm)
		}
	}
	if _, err := os.Stat("/sys/fs/selinux/enforce"); err == nil {
		live = append(live, "selinux")
	}
	return live
}

// LabelCurrent reads the label that the LSM has on the calling thread.
func LabelCurrent(lsm string) (string, error) {
	text, err := os.ReadFile(attrPath(lsm))
	if err != nil {
		return "", &Error{"read(" + attrPath(lsm) + ")", Label, unix.Gettid(), errnoOf(err)}
	}
	return strings.TrimRight(string(text), "\x00\n"), nil
}

// SetLabelCurrent asks the LSM to give the calling thread another label, in
// the words that its attr/current file takes.
func SetLabelCurrent(lsm, value string) error {
	f, err := os.OpenFile(attrPath(lsm), os.O_WRONLY, 0)
	if err == nil {
		// One write is one request.
		_, err = f.WriteString(value)
		f.Close()
	}
	if err != nil {
		return &Error{"write(" + attrPath(lsm) + ")", Label, unix.Gettid(), errnoOf(err)}
	}
	return nil
}

// attrPath is the file through which an LSM shows and changes a thread's
// label. Those that have a folder of their own (AppArmor since 5.1, Smack) are
// asked there, as attr/current belongs to the first of them.
func attrPath(lsm string) string {
	switch lsm {
	case "apparmor", "smack":
		return "/proc/thread-self/attr/" + lsm + "/current"
	case "tomoyo":
		return "/sys/kernel/security/tomoyo/self_domain"
	}
	return "/proc/thread-self/attr/current"
}
