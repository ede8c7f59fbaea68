package policy

// context is the kind of block that statements stand in, a bit each.
type context uint16

const (
	inFile context = 1 << iota
	inWhen         // a `when` at the top, where the whole file's own lines may not stand
	inPhase
	inThread
	inTest
	inProcess
	inFiles
	inNetwork
	inLabel

	// inRubble is a block whose head made no sense: anything may stand in it,
	// so that what is wrong inside is still found.
	inRubble = 1<<16 - 1
)

const (
	inTop   = inFile | inWhen
	inRules = inTop | inPhase | inThread
	inLines = inProcess | inFiles | inNetwork
)

// String is the place for errors.
func (c context) String() string {
	switch c {
	case inFile:
		return "at the top of the file"
	case inWhen:
		return "in a when block"
	case inPhase:
		return "in a phase"
	case inThread:
		return "in a thread block"
	case inTest:
		return "in a test block"
	case inProcess:
		return "in a process block"
	case inFiles:
		return "in a files block"
	case inNetwork:
		return "in a network block"
	case inLabel:
		return "in a label block"
	}
	return "here"
}

// keyword is a word that begins a statement, and the blocks where it does.
type keyword struct {
	name string
	in   context
}

// statements are the words that begin a statement, and so end a rule. No
// system call of any architecture is named like one of them.
var statements = [...]keyword{
	{"allow", inRules | inTest},
	{"log", inRules | inTest},
	{"trace", inRules | inTest},
	{"notify", inRules | inTest},
	{"errno", inRules | inTest},
	{"trap", inRules | inTest},
	{"kill-thread", inRules | inTest},
	{"kill-process", inRules | inTest},
	{"strict", inRules},
	{"include", inRules},
	{"when", inRules | inLines},
	{"language", inFile},
	{"policy", inFile},
	{"param", inFile},
	{"arch", inTop},
	{"default", inTop},
	{"newer", inTop},
	{"set", inTop},
	{"process", inTop},
	{"files", inTop | inPhase},
	{"network", inTop | inPhase},
	{"phase", inTop},
	{"test", inTop},
	{"thread", inPhase},
	{"label", inPhase},
}

// lines are the words that begin a line of a block that holds no rules. They
// are keywords there only: calls are named read and connect, too.
var lines = [...]keyword{
	{"read", inFiles},
	{"write", inFiles},
	{"execute", inFiles},
	{"bind", inNetwork},
	{"connect", inNetwork},
	{"udp", inNetwork},
	{"unix", inNetwork},
	{"user", inProcess},
	{"group", inProcess},
	{"capabilities", inProcess},
	{"descriptors", inProcess},
	{"memory", inProcess},
	{"rlimit", inProcess},
	{"apparmor", inLabel},
	{"selinux", inLabel},
	{"smack", inLabel},
	{"tomoyo", inLabel},
}

// statement finds the keyword that ends a rule wherever it stands.
func statement(word string) (keyword, bool) {
	for _, k := range statements {
		if k.name == word {
			return k, true
		}
	}
	return keyword{}, false
}

// lineIn finds the keyword of a line in a block of lines.
func lineIn(word string, in context) (keyword, bool) {
	for _, k := range lines {
		if k.in&in != 0 && k.name == word {
			return k, true
		}
	}
	return keyword{}, false
}

// keywordsIn are the words that may begin something in a block, those of its
// own first.
func keywordsIn(in context) []string {
	var names []string
	for _, list := range [2][]keyword{lines[:], statements[:]} {
		for _, k := range list {
			if k.in&in != 0 {
				names = append(names, k.name)
			}
		}
	}
	return names
}

// verdictNames are the words of verdicts, from the least to the most strict.
func verdictNames() []string {
	names := make([]string, 0, len(kindNames))
	for k := Allow; ; k-- {
		names = append(names, k.String())
		if k == KillProcess {
			return names
		}
	}
}

// verdictKind finds the verdict of a word.
func verdictKind(word string) (Kind, bool) {
	for k, name := range kindNames {
		if name == word {
			return Kind(k), true
		}
	}
	return KillProcess, false
}
