package main

import "strings"

// ctype is what a C type tells of an argument.
type ctype struct {
	name    string
	bits    int // 0: a long, as wide as the ABI's word
	signed  bool
	pointer bool
}

// scalars are the integer types of arguments (include/linux/types.h,
// include/uapi/asm-generic/posix_types.h, include/linux/compat.h).
var scalars = map[string]ctype{
	"int": {bits: 32, signed: true}, "unsigned int": {bits: 32}, "unsigned": {bits: 32},
	"long": {signed: true}, "unsigned long": {}, "size_t": {}, "uintptr_t": {},
	"u32": {bits: 32}, "__u32": {bits: 32}, "__s32": {bits: 32, signed: true},
	"u64": {bits: 64}, "__u64": {bits: 64}, "loff_t": {bits: 64, signed: true}, "off_t": {signed: true},
	"umode_t": {bits: 16}, "old_uid_t": {bits: 16}, "old_gid_t": {bits: 16},
	"pid_t": {bits: 32, signed: true}, "uid_t": {bits: 32}, "gid_t": {bits: 32}, "qid_t": {bits: 32},
	"key_t": {bits: 32, signed: true}, "key_serial_t": {bits: 32, signed: true}, "mqd_t": {bits: 32, signed: true},
	"timer_t": {bits: 32, signed: true}, "clockid_t": {bits: 32, signed: true}, "rwf_t": {bits: 32, signed: true},
	"enum landlock_rule_type": {bits: 32},
	"aio_context_t":           {}, "old_sigset_t": {},
	"compat_long_t": {bits: 32, signed: true}, "compat_ulong_t": {bits: 32}, "compat_size_t": {bits: 32},
	"compat_pid_t": {bits: 32, signed: true}, "compat_aio_context_t": {bits: 32},
}

// pointers are the types that point somewhere without saying so.
var pointers = map[string]bool{"cap_user_header_t": true, "cap_user_data_t": true, "__sighandler_t": true}

// parseType reads a type as a declaration spells it. A const that is the
// value's own says nothing to the caller and is left out.
func parseType(s string) (ctype, bool) {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "*", " * ")), " ")
	if before, after, ok := strings.Cut(s, " *"); ok {
		after = strings.ReplaceAll(after, " ", "")
		return ctype{name: before + " *" + strings.TrimSuffix(after, "const"), pointer: true}, true
	}
	s = strings.TrimPrefix(s, "const ")
	if pointers[s] {
		return ctype{name: s, pointer: true}, true
	}
	t, ok := scalars[s]
	t.name = s
	return t, ok
}
