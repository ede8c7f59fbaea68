package asm

// extensionBase is SKF_AD_OFF of linux/filter.h: an absolute load from there
// on reads no packet but what the kernel knows of it.
const extensionBase = 0xfffff000

// extension is one such value.
type extension struct {
	name   string
	offset uint32 // SKF_AD_*, counted from extensionBase
}

// extensions are the values that bpfc can name, under the shortest name that
// its -V option prints.
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
}

// extensionName returns the name of the extension that an absolute load of k
// reads, "" if it is none.
func extensionName(k uint32) string {
	for _, e := range extensions {
		if extensionBase+e.offset == k {
			return e.name
		}
	}
	return ""
}
