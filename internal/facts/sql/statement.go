package sql

// effect is what a statement does by its first word.
type effect uint8

const (
	unknown effect = iota
	reads
	inserts
	updates
	deletes
	creates
	alters
	drops
	truncates
	grants
	calls
	codes
	sets
	transacts
	maintains
	copies
	files
	locks
	explains
	kills
	manages // the server as a whole
	notifies
	uses
	prepares
	ignores
	waits
	dynamics
	meets // WITH: what follows decides
)

// leads tells the effect of a statement's first word, over all dialects.
var leads = map[string]effect{
	"select": reads, "values": reads, "table": reads, "show": reads, "describe": reads, "desc": reads, "help": reads, "from": reads, "summarize": reads, "pivot": reads, "unpivot": reads, "exists": reads, "list": reads, "print": reads, "sel": reads, "check": reads, "checksum": reads, "fetch": reads,
	"with": meets, "explain": explains,
	"insert": inserts, "upsert": updates, "update": updates, "merge": updates, "replace": updates, "delete": deletes, "del": deletes,
	"create": creates, "comment": alters, "import": creates, "clone": creates, "restore": alters, "security": alters,
	"alter": alters, "rename": alters, "undrop": alters, "exchange": alters, "attach": files, "detach": files, "disable": alters, "enable": alters, "msck": maintains,
	"drop": drops, "truncate": truncates, "purge": drops, "optimize": maintains,
	"grant": grants, "revoke": grants, "deny": grants, "reassign": grants,
	"call": calls, "exec": calls, "execute": calls, "do": codes, "declare": codes, "begin": transacts, "perform": codes,
	"if": codes, "while": codes, "loop": codes, "for": codes, "case": codes, "return": ignores, "end": transacts, "go": ignores,
	"set": sets, "reset": sets, "pragma": sets, "discard": sets, "unset": sets, "raise": ignores,
	"start": transacts, "commit": transacts, "rollback": transacts, "abort": transacts, "savepoint": transacts, "release": transacts, "xa": transacts,
	"vacuum": maintains, "analyze": maintains, "analyse": maintains, "reindex": maintains, "cluster": maintains, "repair": maintains, "checkpoint": maintains, "refresh": maintains, "cache": maintains, "uncache": maintains, "compact": maintains, "dbcc": manages,
	"copy": copies, "load": copies, "put": files, "get": files, "remove": files, "rm": files, "ls": files, "unload": copies, "export": copies, "install": manages, "uninstall": manages, "backup": files, "dump": files, "bulk": copies,
	"lock": locks, "unlock": locks, "kill": kills, "shutdown": kills, "restart": kills, "flush": manages, "stop": manages, "change": manages, "binlog": manages, "system": manages, "reconfigure": manages, "handler": reads,
	"listen": notifies, "notify": notifies, "unlisten": notifies, "use": uses, "prepare": prepares, "deallocate": ignores, "close": ignores, "open": ignores, "move": ignores,
	"waitfor": waits,
}

// acting are words that begin a statement that acts; elsewhere in a statement they are looked at with suspicion.
var acting = words("insert update delete merge upsert drop truncate alter create grant revoke deny exec execute call copy load attach kill shutdown backup restore waitfor declare vacuum reconfigure")

// statement is one statement and what has been found out about it.
type statement struct {
	f         *Facts
	dialect   string
	tokens    []token
	depth     int   // of statements in texts in statements
	suspects  []int // words of acting where no grammar known here has them
	known     bool  // the statement begins as some dialect has it
	shape     shape
	selected  bool // a SELECT was seen
	functions []string
}

// shape is what a statement does to rows and tables; from the tokens or from a parser's tree.
type shape struct {
	inserts, updates, deletes, unfiltered, into, locks, bounded bool
	read, written                                               []string
}

// text adds what s does. Texts in texts (EXECUTE 'DROP …') are looked at to a depth of two.
func (f *Facts) text(dialect, s string, depth int) {
	s, only := f.meta(dialect, s)
	if only {
		return
	}
	first, others := modes(dialect)
	l := lex(s, first)
	f.lexed(l)
	if len(l.tokens) == 0 {
		f.Unparsed = f.Unparsed || l.broken
		return
	}
	if len(others) > 0 && l.differs {
		count := f.Count
		for _, m := range others {
			again := lex(s, m)
			f.lexed(again)
			f.statements(dialect, s, again.tokens, depth, false)
		}
		f.Count = count
	}
	f.statements(dialect, s, l.tokens, depth, !l.differs || len(others) == 0)
}

func (f *Facts) lexed(l *lexer) {
	f.Unparsed = f.Unparsed || l.broken || l.full || l.opened
	f.Comments = f.Comments || l.hides
	f.Tautology = f.Tautology || tautology(l.tokens)
}

// statements adds each statement; certain says that there is one way to read the text, so that a parser may settle doubts.
func (f *Facts) statements(dialect, s string, tokens []token, depth int, certain bool) {
	all, doubt := f.split(dialect, tokens, depth)
	trees := []shape(nil)
	settled := false
	if dialect == mysql || doubt && depth == 0 {
		trees, settled = parse(dialect, s, tokens, certain)
	}
	if doubt && !settled {
		f.Unparsed = true
	}
	read, acted := false, false
	for i, st := range all {
		if settled && len(trees) == len(all) {
			st.shape, st.suspects, st.known = trees[i], nil, true
		}
		st.settle()
		if reader := st.readsOnly(); reader {
			read = true
		} else {
			acted = acted || read
		}
	}
	f.Stacked = f.Stacked || acted
}

// split cuts the tokens at semicolons and looks at each statement.
func (f *Facts) split(dialect string, tokens []token, depth int) (all []*statement, doubt bool) {
	for start := 0; start < len(tokens); {
		end := start
		for end < len(tokens) && !tokens[end].is(";") {
			end++
		}
		if end > start {
			st := &statement{f: f, dialect: dialect, tokens: tokens[start:end], depth: depth}
			st.scan()
			all = append(all, st)
			doubt = doubt || !st.known || len(st.suspects) > 0
		}
		start = end + 1
	}
	f.Count += len(all)
	return all, doubt
}

// lead is the statement's first word, behind parentheses and labels.
func (st *statement) lead() (int, effect) {
	i := 0
	for i < len(st.tokens) && st.tokens[i].is("(") {
		i++
	}
	if i == len(st.tokens) || st.tokens[i].kind != word {
		return i, unknown
	}
	return i, leads[st.tokens[i].val]
}

// at is the token at i, or an empty one.
func (st *statement) at(i int) token {
	if i < 0 || i >= len(st.tokens) {
		return token{kind: sign}
	}
	return st.tokens[i]
}

// settle adds to the facts what the statement does.
func (st *statement) settle() {
	at, e := st.lead()
	st.found(at, e)
	if e == explains {
		st.explain(at)
		return
	}
	st.rows(e)
	st.act(at, e)
	st.functionsOf()
	for _, name := range st.tokens {
		if name.named() {
			st.f.name(name.val)
		}
	}
	for n, i := range st.suspects {
		end := len(st.tokens)
		if n+1 < len(st.suspects) {
			end = st.suspects[n+1]
		}
		if rest := st.nested(st.tokens[i:end]); rest != nil {
			rest.suspects = nil
			rest.settle()
		}
	}
}

// nested scans tokens as a statement inside this one; nil if that would be too deep or too much.
func (st *statement) nested(tokens []token) *statement {
	if st.depth >= maxStatementDepth || len(tokens) > st.f.room || len(tokens) == 0 {
		st.f.Unparsed = st.f.Unparsed || len(tokens) > 0
		return nil
	}
	st.f.room -= len(tokens)
	inner := &statement{f: st.f, dialect: st.dialect, tokens: tokens, depth: st.depth + 1}
	inner.scan()
	return inner
}

// maxStatementDepth is how many statements inside one another are looked at.
const maxStatementDepth = 3

// maxNestedTokens is how many tokens of statements inside others are looked at in one action.
const maxNestedTokens = 20_000

// readsOnly says that the statement, taken alone, is a read by its first word.
func (st *statement) readsOnly() bool {
	_, e := st.lead()
	s := &st.shape
	return (e == reads || e == meets || e == explains || e == ignores || e == uses) && !s.inserts && !s.updates && !s.deletes && !s.into
}

// found records the kind of the statement.
func (st *statement) found(at int, e effect) {
	kind := st.at(at).val
	switch e {
	case unknown:
		kind = "unknown"
	case meets:
		kind = st.mainWord()
	case creates, alters, drops:
		if object, _ := st.object(at + 1); object != "" {
			kind += " " + object
		}
	}
	st.f.Kinds = addName(st.f.Kinds, kind)
}

// mainWord is what a WITH statement does in the end.
func (st *statement) mainWord() string {
	depth := 0
	for _, t := range st.tokens {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth == 0 && t.kind == word && (t.val == "select" || t.val == "insert" || t.val == "update" || t.val == "delete" || t.val == "merge" || t.val == "replace"):
			return t.val
		}
	}
	return "select"
}

// rows adds what the statement does to rows.
func (st *statement) rows(e effect) {
	f, s := st.f, &st.shape
	f.Inserts = f.Inserts || s.inserts
	f.Updates = f.Updates || s.updates
	f.Deletes = f.Deletes || s.deletes
	f.Unfiltered = f.Unfiltered || s.unfiltered
	f.Locks = f.Locks || s.locks
	if s.into {
		f.Writes, f.Creates, f.Hidden = true, true, true
	}
	hidden := e == reads || e == meets && (st.mainWord() == "select")
	f.Hidden = f.Hidden || hidden && (s.inserts || s.updates || s.deletes)
	f.TablesRead = addNames(f.TablesRead, s.read)
	f.TablesWritten = addNames(f.TablesWritten, s.written)
	if hidden && len(s.read) > 0 && !s.bounded {
		f.Unbounded = true
	}
}

// explain goes on with what EXPLAIN ANALYZE executes; a plain EXPLAIN executes nothing.
func (st *statement) explain(at int) {
	i, executes := at+1, false
	if st.at(i).is("(") {
		for ; i < len(st.tokens) && !st.at(i).is(")"); i++ {
			if st.at(i).is("analyze") || st.at(i).is("analyse") {
				v := st.at(i + 1)
				executes = !(v.val == "false" || v.val == "off" || v.val == "0")
			}
		}
		i++
	}
	for ; i < len(st.tokens); i++ {
		t := st.tokens[i]
		if t.is("analyze") || t.is("analyse") {
			executes = true
			continue
		}
		if e := leads[t.val]; t.kind == word && e != unknown && !(t.is("table") && i == at+1) || t.is("(") {
			break
		}
	}
	if !executes {
		return
	}
	st.f.Executes = true
	inner := st.nested(st.tokens[min(i, len(st.tokens)):])
	if inner == nil {
		return
	}
	if len(inner.suspects) > 0 || !inner.known {
		st.f.Unparsed = true
	}
	inner.settle()
	if s := inner.shape; s.inserts || s.updates || s.deletes || s.into {
		st.f.Hidden = true
	}
}
