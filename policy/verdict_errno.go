package policy

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/abi"
)

// errnoNames are the errors by number, as most architectures have them: up to
// 34 as all of them do, then as asm-generic/errno.h does. Alpha, mips, parisc
// and sparc differ there.
var errnoNames = [...]string{
	"0",
	"EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD",
	"EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV",
	"ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC",
	"ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK",
	"ENOSYS", "ENOTEMPTY", "ELOOP", "", "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST",
	"ELNRNG", "EUNATCH", "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC",
	"EBADSLT", "", "EBFONT", "ENOSTR", "ENODATA", "ETIME", "ENOSR", "ENONET", "ENOPKG", "EREMOTE",
	"ENOLINK", "EADV", "ESRMNT", "ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG", "EOVERFLOW",
	"ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC", "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ",
	"ERESTART", "ESTRPIPE", "EUSERS", "ENOTSOCK", "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE",
	"ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "EPFNOSUPPORT", "EAFNOSUPPORT",
	"EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNABORTED",
	"ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS", "ETIMEDOUT",
	"ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE", "EFSCORRUPTED",
	"ENOTNAM", "ENAVAIL", "EISNAM", "EREMOTEIO", "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED",
	"ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "EKEYREJECTED", "EOWNERDEAD", "ENOTRECOVERABLE",
	"ERFKILL", "EHWPOISON",
}

// errnoName is the name of an error on an architecture, which may be nil for
// most of them; the number if it has none. EWOULDBLOCK and EDEADLOCK are other
// names of EAGAIN and EDEADLK.
func errnoName(a *abi.Arch, errno uint16) string {
	if a == nil || errno < 35 {
		if int(errno) < len(errnoNames) && errnoNames[errno] != "" {
			return errnoNames[errno]
		}
		return strconv.Itoa(int(errno))
	}
	for _, name := range errnoNames {
		if v, ok := a.Constant(name); ok && v == int64(errno) {
			return name
		}
	}
	return strconv.Itoa(int(errno))
}

// isErrno reports whether a constant is the name of an error.
func isErrno(name string) bool {
	for _, n := range errnoNames {
		if n == name && n != "" {
			return true
		}
	}
	return name == "EWOULDBLOCK" || name == "EDEADLOCK" || name == "ENOTSUP"
}
