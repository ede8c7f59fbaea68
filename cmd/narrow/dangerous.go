package main

import "strings"

// dangerousCalls are the calls that an intruder looks for first, by what they
// are good for, each followed by a blank.
var dangerousCalls = []struct{ power, calls string }{
	{"execute programs", "execve execveat "},
	{"open files", "open openat openat2 creat open_by_handle_at "},
	{"make memory executable", "mmap mmap2 mprotect pkey_mprotect remap_file_pages shmat memfd_create memfd_secret "},
	{"start threads and processes", "clone clone3 fork vfork "},
	{"reach the network", "socket socketpair socketcall connect bind listen accept accept4 sendto "},
	{"look into other processes", "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp kill pidfd_send_signal rt_sigqueueinfo "},
	{"work round filters", "io_uring_setup io_uring_enter io_uring_register userfaultfd "},
	{"become someone else", "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset "},
	{"change what is mounted", "mount umount2 pivot_root chroot move_mount open_tree fsopen fsmount mount_setattr unshare setns "},
	{"change the kernel", "bpf init_module finit_module delete_module kexec_load kexec_file_load perf_event_open add_key keyctl request_key iopl ioperm modify_ldt reboot swapon swapoff settimeofday clock_settime "},
	{"command devices", "ioctl "},
}

// dangerOf is what a call is good for in the wrong hands; "" for most.
func dangerOf(call string) string {
	for _, d := range dangerousCalls {
		if strings.Contains(" "+d.calls, " "+call+" ") {
			return d.power
		}
	}
	return ""
}
