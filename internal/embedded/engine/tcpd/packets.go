package tcpd

import (
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// revision is the protocol this server speaks: the one of clickhouse-go, and exactly that. Older clients lack query parameters.
const (
	revision       = 54460
	oldestRevision = 54459
)

// What a client sends.
const (
	clientHello  = 0
	clientQuery  = 1
	clientData   = 2
	clientCancel = 3
	clientPing   = 4
)

// hello is a client's first packet.
type hello struct {
	name, database, user, password string
	revision                       uint64
}

func readHello(w *wire) (hello, error) {
	if kind := w.number(); w.err == nil && kind != clientHello {
		return hello{}, session.Refuse(session.CodeUnexpectedPacket, "the connection begins with packet %d instead of a hello; HTTP has a port of its own", kind)
	}
	h := hello{name: w.word()}
	w.number() // the client's version, major and minor
	w.number()
	h.revision = w.number()
	h.database, h.user, h.password = w.word(), w.word(), w.word()
	return h, w.err
}

// query is a statement and how it is to be run.
type query struct {
	id, text string
	settings []session.Setting
	params   []chdb.Param
	compress bool
	zstd     bool
}

const (
	stageComplete = 2
	interfaceTCP  = 1
)

func readQuery(w *wire) (query, error) {
	q := query{id: w.word()}
	skipClientInfo(w)
	settings := readPairs(w)
	w.word() // secret between servers
	stage := w.number()
	q.compress = w.number() != 0
	q.text = w.text(maxStatement)
	params := readPairs(w)
	if w.err != nil {
		return q, w.err
	}
	for _, p := range params {
		q.params = append(q.params, chdb.Param{Name: p.name, Value: undump(p.value)})
	}
	if stage != stageComplete {
		return q, session.Refuse(session.CodeNotImplemented, "stage %d is for servers among themselves", stage)
	}
	return q, q.take(settings)
}

// take checks the settings. What the server does not need to know is left out, as by ClickHouse.
func (q *query) take(settings []pair) error {
	for _, s := range settings {
		if s.custom() {
			s.value = undump(s.value)
		}
		if s.name == "network_compression_method" {
			q.zstd = strings.EqualFold(s.value, "ZSTD")
			continue
		}
		if s.flags&flagObsolete != 0 || strings.HasPrefix(s.name, "network_") {
			continue
		}
		if err := session.CheckSetting(s.name); err != nil {
			return err
		}
		q.settings = append(q.settings, session.Setting{Name: s.name, Value: s.value})
	}
	return nil
}

// skipClientInfo reads who the client says it is, which changes nothing here.
func skipClientInfo(w *wire) {
	if w.byte() == 0 { // no query at all
		return
	}
	w.word() // first user
	w.word() // first query's id
	w.word() // first address
	w.skip(8)
	if kind := w.byte(); w.err == nil && kind != interfaceTCP {
		w.fail(session.Refuse(session.CodeNotImplemented, "the client says that it speaks interface %d, not TCP", kind))
	}
	for range 3 { // the system's user, host and client
		w.word()
	}
	for range 3 { // version and revision
		w.number()
	}
	w.word()   // quota key
	w.number() // depth
	w.number() // version, patch
	if w.byte() != 0 {
		w.skip(16 + 8) // trace and span
		w.word()
		w.byte()
	}
	for range 3 { // parallel replicas
		w.number()
	}
}

const (
	flagCustom   = 2
	flagObsolete = 4
)

// pair is a setting or parameter as it came.
type pair struct {
	name, value string
	flags       uint64
}

func (p pair) custom() bool { return p.flags&flagCustom != 0 }

func readPairs(w *wire) []pair {
	var list []pair
	for w.err == nil {
		p := pair{name: w.word()}
		if p.name == "" {
			break
		}
		p.flags = w.number()
		p.value = w.text(maxStatement)
		if list = append(list, p); len(list) > maxSettings {
			w.fail(session.Refuse(session.CodeIncorrectData, "more than %d settings or parameters", maxSettings))
		}
	}
	return list
}

// undump undoes how clients write a custom value: a string in quotes; anything else is taken as it is.
func undump(s string) string {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return s
	}
	var b strings.Builder
	for i, end := 1, len(s)-1; i < end; i++ {
		c := s[i]
		if c == '\\' && i+1 < end {
			i++
			c = unescaped(s[i])
		}
		b.WriteByte(c)
	}
	return b.String()
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case '0':
		return 0
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}
