package policy

// Pos is a place in a policy's text. Line and Col start at 1, Col counts
// bytes; the zero Pos is nowhere.
type Pos struct {
	File      string
	Line, Col int
}

// File is one parsed text, with its comments. What it includes stands in it
// as Include statements; Resolve reads those.
type File struct {
	Name  string
	Stmts []Stmt
	End   []Comment // the comments after the last statement
}

// Comment is one `# ...` comment, without the line's end.
type Comment struct {
	Pos   Pos
	Text  string // "# ..." as written, trailing blanks removed
	Blank bool   // an empty line stood above it; not used for the first of Lead
}

// Comments are those that belong to a statement or to an entry of a list, and
// what format keeps of the source's layout.
type Comments struct {
	Lead      []Comment // the lines above it
	Trail     *Comment  // on its own line, after it; for blocks after the opening brace
	Blank     bool      // an empty line stood above it (above Lead); format keeps one
	Gap       bool      // an empty line stood between Lead and it
	Newline   bool      // for entries of a list: it began a new line in the source
	OneLine   bool      // for blocks: both braces stood on one line
	BeforeEnd []Comment // for blocks: the comments before the closing brace
	AfterEnd  *Comment  // for blocks: the comment after the closing brace, on its line
}

// Stmt is one statement of a file or a block: one of the pointer types below.
type Stmt interface {
	Place() Pos
	comments() *Comments
}

// node is what each statement has: its place and its comments.
type node struct {
	Pos Pos
	Comments
}

// Place is where the statement begins.
func (n *node) Place() Pos          { return n.Pos }
func (n *node) comments() *Comments { return &n.Comments }

// The statements. Which may stand where is the parser's to check: at the top
// Language, Name, ArchLine, Default, Newer, Param, Include, SetDecl, Process,
// Files, Network, Phase, Test, Rule, Strict, When; in a phase Rule, Strict,
// Thread, Files, Network, Label, When, Include; in a thread Rule, Strict,
// When, Include; in files, network and process their own lines and When; in
// label Settings; in test Rules. In a When stands what may stand where it
// stands, other Whens too, but neither Language nor Name nor Param.
type (
	// Language is `language 1`.
	Language struct {
		node
		Version Word
	}
	// Name is `policy memcached`.
	Name struct {
		node
		Name Word
	}
	// ArchLine is `arch x86_64, aarch64 else kill-process`.
	ArchLine struct {
		node
		Arches []Word
		Else   *VerdictExpr // nil if left out
	}
	// Default is `default kill-process`.
	Default struct {
		node
		Verdict VerdictExpr
	}
	// Newer is `newer errno ENOSYS than linux 6.12`.
	Newer struct {
		node
		Verdict VerdictExpr
		Version Word
	}
	// Param is `param port = 11211`; the value is one word, number, path or string.
	Param struct {
		node
		Name  Word
		Value Word
	}
	// Include is `include "FILE"`.
	Include struct {
		node
		Path Word
	}
	// SetDecl is `set @reply { sendmsg write(fd > 2) }`.
	SetDecl struct {
		node
		Name  Word // with its @
		Calls []*CallExpr
	}
	// Rule is a verdict and the calls that it decides.
	Rule struct {
		node
		Verdict VerdictExpr
		Calls   []*CallExpr
	}
	// Strict is `strict`: the kernel's mode 1.
	Strict struct{ node }
	// When is `when $p { ... }`; its block holds what may stand where it stands.
	When struct {
		node
		Param Word // with its $
		Block []Stmt
	}
	// Phase is `phase NAME [after TRIGGER] { ... }`.
	Phase struct {
		node
		Name  Word
		After *TriggerExpr
		Block []Stmt
	}
	// Thread is `thread NAME { ... }`.
	Thread struct {
		node
		Name  Word
		Block []Stmt
	}
	// Test is `test PHASE [in THREAD] { VERDICT CALL... }`; its block holds Rules.
	Test struct {
		node
		Phase  Word
		Thread *Word
		Block  []Stmt
	}
	// Process is `process { ... }`; its block holds Settings and Whens.
	Process struct {
		node
		Block []Stmt
	}
	// Setting is one line of a process or label block: `descriptors 0..2, 5`,
	// `memory write-xor-execute`, `rlimit NOFILE 1024`, `apparmor profile x`.
	Setting struct {
		node
		Key    Word
		Values []Word
	}
	// Files is `files { ... }`; its block holds Access lines and Whens.
	Files struct {
		node
		Block []Stmt
	}
	// Access is one line of a files block: `read /etc /usr/share?`.
	Access struct {
		node
		Right Word // read, write or execute
		Paths []Word
	}
	// Network is `network { ... }`; its block holds Endpoints and Whens.
	Network struct {
		node
		Block []Stmt
	}
	// Endpoint is one line of a network block: `bind tcp 80, 8080..8090`,
	// `connect tcp 10.0.0.7:11211`, `udp`, `unix`.
	Endpoint struct {
		node
		Action Word   // bind, connect, or empty for `udp` and `unix`
		Proto  Word   // tcp, udp, unix
		Ports  []Word // as written: "80", "80..90", "any", "$port", "10.0.0.7:11211"
	}
	// Label is `label { apparmor profile x ... }`; its block holds Settings.
	Label struct {
		node
		Block []Stmt
	}
)

// Word is a token with its place. Text is its meaning (quotes removed);
// Quoted tells that it stood in quotes. The `?` of a path that may be missing
// is the end of Text, also where the path stands in quotes.
type Word struct {
	Pos      Pos
	Text     string
	Quoted   bool
	Comments *Comments // of entries of a list; nil for none
}

// VerdictExpr is a verdict as written, such as `errno EPERM` or `trap 7`.
type VerdictExpr struct {
	Pos  Pos
	Kind Kind
	Data *ValueExpr // nil if left out
}

// TriggerExpr is what stands behind `after`: `ready`, or a call in a thread.
type TriggerExpr struct {
	Pos    Pos
	Ready  bool
	Call   *CallExpr
	Thread Word
}

// CallExpr is a call in the notation: `write(fd in {1, 2})`, `@set`, `*` or
// `syscall_1007`. Conds is nil without parentheses.
type CallExpr struct {
	Pos Pos
	Comments
	Name  string
	Conds []*CondExpr
}

// Op compares an argument with its operands.
type Op uint8

// The operators of conditions.
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	In
	NotIn
	Has
	Lacks
	Only
)

var opNames = [...]string{"==", "!=", "<", "<=", ">", ">=", "in", "not in", "has", "lacks", "only"}

// String is the operator as written.
func (o Op) String() string { return opNames[o] }

// CondExpr is one condition: ARG [& MASK] OP OPERANDS.
type CondExpr struct {
	Pos  Pos
	Arg  Word
	Mask *ValueExpr // nil if left out
	Op   Op
	List []RangeExpr // one entry unless Op is In or NotIn
}

// RangeExpr is a value, or LOW..HIGH within braces.
type RangeExpr struct {
	Low  *ValueExpr
	High *ValueExpr // nil for a single value
}

// ValueExpr is terms joined by `|`: numbers, constants, $params.
type ValueExpr struct {
	Pos   Pos
	Terms []Term
}

// Term is one number, constant or $param, possibly negative, as written.
type Term struct {
	Pos  Pos
	Text string // "0x1f", "AF_INET", "$port", "-1"
}
