package seccomp

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// The version of libseccomp that this package stands for.
const (
	verMajor uint = 2
	verMinor uint = 6
	verMicro uint = 0
)

// kernel is what this system can do: libseccomp keeps it for a whole process.
var kernel scmp.Kernel

// VersionError says that the library or the kernel is too old.
type VersionError struct {
	op                  string // what cannot be done
	major, minor, micro uint   // the version that it needs
	curAPI, minAPI      uint   // the API level that there is, and that it needs
}

// Error tells what is needed and what there is.
func (e VersionError) Error() string {
	if e.minAPI != 0 {
		return fmt.Sprintf("%s requires libseccomp >= %d.%d.%d and API level >= %d (current version: %d.%d.%d, API level: %d)",
			e.op, e.major, e.minor, e.micro, e.minAPI, verMajor, verMinor, verMicro, e.curAPI)
	}
	return fmt.Sprintf("%s requires libseccomp >= %d.%d.%d (current version: %d.%d.%d)",
		e.op, e.major, e.minor, e.micro, verMajor, verMinor, verMicro)
}

// GetLibraryVersion returns the version of libseccomp that this package stands for.
func GetLibraryVersion() (major, minor, micro uint) { return verMajor, verMinor, verMicro }

// GetAPI returns the API level, 1 to 7 (seccomp_api_get(3)).
func GetAPI() (uint, error) { return getAPI() }

// SetAPI makes believe that the system has another API level, in all of the
// process. It is for tests.
func SetAPI(api uint) error {
	if err := kernel.SetLevel(api); err != nil {
		return fmt.Errorf("could not set API level: %w", err)
	}
	return nil
}

func getAPI() (uint, error) {
	level := kernel.Level()
	if level == 0 {
		return 0, errors.New("API level operations are not supported")
	}
	return level, nil
}

// checkVersion is an error if the library is older than that.
func checkVersion(op string, major, minor, micro uint) error {
	if verMajor > major || verMajor == major && (verMinor > minor || verMinor == minor && verMicro >= micro) {
		return nil
	}
	return &VersionError{op: op, major: major, minor: minor, micro: micro}
}

// checkAPI is an error if the API level or the library does not reach.
func checkAPI(op string, minLevel uint, major, minor, micro uint) error {
	level, _ := getAPI()
	if level >= minLevel {
		return checkVersion(op, major, minor, micro)
	}
	return &VersionError{op: op, curAPI: level, minAPI: minLevel, major: major, minor: minor, micro: micro}
}
