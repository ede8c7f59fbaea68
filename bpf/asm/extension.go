package asm

import "strings"

// extensionBase is SKF_AD_OFF of linux/filter.h: an absolute load from there
// on reads no packet but what the kernel knows of it.
const extensionBase = 0xfffff000

// extension is one such value.
type extension struct {
	name   string
	offset uint32 // SKF_AD_*, counted from extensionBase
}

// extensions are the values under the names that bpfc's -V prints, then their
// aliases, then those that only the kernel's own bpf_asm has.
var extensions = [...]extension{
	{"proto", 0},
	{"type", 4},
	{"ifidx", 8},
	{"nla", 12},
	{"nlan", 16},
	{"mark", 20},
	{"queue", 24},
	{"hatype", 28},
	{"rxhash", 32},
	{"cpu", 36},
	{"vlant", 44},
	{"vlanp", 48},
	{"poff", 52},
	{"pto", 0},
	{"ifx", 8},
	{"que", 24},
	{"q", 24},
	{"hat", 28},
	{"rxh", 32},
	{"vlan_tci", 44},
	{"vlana", 48},
	{"vlan_acc", 48},
	{"vlan_pr", 48},
	{"vlan_avail", 48},
	{"rand", 56},
	{"vlan_tpid", 60},
}

// canonicalExtensions counts those of extensions that are written.
const canonicalExtensions = 13

// extensionName returns the name of the extension that an absolute load of k
// reads, "" if it is none that bpfc knows.
func extensionName(k uint32) string {
	if k < extensionBase {
		return ""
	}
	for _, e := range extensions[:canonicalExtensions] {
		if extensionBase+e.offset == k {
			return e.name
		}
	}
	return ""
}

// findExtension looks an extension's name up. Case does not matter.
func findExtension(word []byte) (extension, bool) {
	for _, e := range extensions {
		if len(e.name) == len(word) && strings.EqualFold(e.name, string(word)) {
			return e, true
		}
	}
	return extension{}, false
}

// isExtension reports whether a word is one that bpfc knows.
func isExtension(word []byte) bool {
	_, ok := findExtension(word)
	return ok && reserved(word) != ""
}

// isLen reports whether a word means the length of the packet, which for
// seccomp is the size of struct seccomp_data.
func isLen(word []byte) bool {
	return strings.EqualFold(string(word), "len") || strings.EqualFold(string(word), "pktlen")
}

// maxReserved is the length of the longest word that cannot be a label.
const maxReserved = len("vlan_tci")

// reserved says why a word cannot be a label, or "".
func reserved(word []byte) string {
	var lower [maxReserved]byte
	if len(word) > len(lower) {
		return ""
	}
	if _, ok := findMnemonic(word); ok {
		return "a mnemonic"
	}
	for i, c := range word {
		lower[i] = lowerCase(c)
	}
	switch string(lower[:len(word)]) {
	case "a", "x", "m":
		return "a register"
	case "len", "pktlen", "proto", "pto", "type", "poff", "ifidx", "ifx", "nla", "nlan", "mark", "queue", "que", "q",
		"hatype", "hat", "rxhash", "rxh", "cpu", "vlant", "vlan_tci", "vlanp", "vlana", "vlan_acc":
		return "an extension"
	}
	return ""
}

func lowerCase(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
