package policy

// denials are what a files block denies by seccomp.
func (*FilesRules) denials() []impliedRule { return filesDenials[:] }

// filesDenials are the changes to files that Landlock does not see: modes,
// owners, times, extended and inode attributes. Source: KERNEL.md's list, that
// is security/landlock/fs.c:landlock_hooks, which has no inode_setattr and no
// inode_setxattr; file_setattr since 6.17, setxattrat since 6.13.
var filesDenials = [...]impliedRule{
	{"EPERM", "chmod"},
	{"EPERM", "fchmod"},
	{"EPERM", "fchmodat"},
	{"EPERM", "fchmodat2"},
	{"EPERM", "chown"},
	{"EPERM", "fchown"},
	{"EPERM", "lchown"},
	{"EPERM", "fchownat"},
	{"EPERM", "chown32"},
	{"EPERM", "fchown32"},
	{"EPERM", "lchown32"},
	{"EPERM", "utime"},
	{"EPERM", "utimes"},
	{"EPERM", "futimesat"},
	{"EPERM", "utimensat"},
	{"EPERM", "utimensat_time64"},
	{"EPERM", "setxattr"},
	{"EPERM", "lsetxattr"},
	{"EPERM", "fsetxattr"},
	{"EPERM", "setxattrat"},
	{"EPERM", "removexattr"},
	{"EPERM", "lremovexattr"},
	{"EPERM", "fremovexattr"},
	{"EPERM", "removexattrat"},
	{"EPERM", "file_setattr"},
}
