package httpd

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
)

// reserved names steer the HTTP interface itself; every other URL parameter is a setting.
var reserved = map[string]bool{
	"query": true, "database": true, "default_format": true, "user": true, "password": true, "quota_key": true, "query_id": true,
	"compress": true, "decompress": true, "client_protocol_version": true, "network_compression_method": true,
	"network_zstd_compression_level": true, "enable_http_compression": true, "buffer_size": true, "wait_end_of_query": true,
	"stacktrace": true, "add_http_cors_header": true, "http_write_exception_in_output_format": true, "role": true,
	"session_timeout": true, "session_check": true,
}

var settingName = regexp.MustCompile(`^[a-z0-9_]+$`)

// options is what a request's URL and headers ask for beside the statement.
type options struct {
	query      string
	queryID    string
	database   string
	format     string // "" when not asked for
	revision   uint64 // of Native output; 0 is the plain format
	compress   bool
	zstd       bool
	decompress bool
	readonly   bool
	settings   []setting
	params     []chdb.Param
}

type setting struct{ name, value string }

// readOptions reads the URL and headers. Unknown or unsafe names are errors with ClickHouse's code.
func readOptions(r *http.Request) (*options, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(codeBadArguments, "the URL's parameters cannot be read: %v", err)
	}
	o := &options{
		query: values.Get("query"), queryID: values.Get("query_id"),
		database:   either(values.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:     either(values.Get("default_format"), r.Header.Get("X-ClickHouse-Format")),
		compress:   values.Get("compress") == "1",
		decompress: values.Get("decompress") == "1",
		zstd:       strings.EqualFold(values.Get("network_compression_method"), "ZSTD"),
		readonly:   r.Method == http.MethodGet || r.Method == http.MethodHead,
	}
	if v := values.Get("client_protocol_version"); v != "" {
		if o.revision, err = strconv.ParseUint(v, 10, 32); err != nil {
			return nil, refuse(codeBadArguments, "client_protocol_version %q is not a number", v)
		}
	}
	for name, list := range values {
		if err := o.add(name, list[len(list)-1]); err != nil {
			return nil, err
		}
	}
	sort.Slice(o.settings, func(i, j int) bool { return o.settings[i].name < o.settings[j].name })
	return o, nil
}

func (o *options) add(name, value string) error {
	switch param, isParam := strings.CutPrefix(name, "param_"); {
	case isParam:
		o.params = append(o.params, chdb.Param{Name: param, Value: value})
	case reserved[name]:
	case name == "session_id":
		return refuse(codeNotImplemented, "sessions over HTTP are not supported by the local engine")
	case !settingName.MatchString(name):
		return refuse(codeUnknownSetting, "%q is not a setting's name", name)
	default:
		o.settings = append(o.settings, setting{name, value})
	}
	return nil
}

// sessionSQL are the statements that bring a fresh session to what the request asks for.
func (o *options) sessionSQL() []string {
	var list []string
	if o.database != "" {
		list = append(list, "USE "+quote(o.database, '`'))
	}
	settings := o.settings
	if o.readonly {
		settings = append(slices.Clip(settings), setting{"readonly", "2"})
	}
	if len(settings) > 0 {
		assignments := make([]string, len(settings))
		for i, s := range settings {
			assignments[i] = fmt.Sprintf("%s = %s", s.name, quote(s.value, '\''))
		}
		list = append(list, "SET "+strings.Join(assignments, ", "))
	}
	return list
}

// quote makes s a ClickHouse string ('…') or name (`…`), whatever bytes it has.
func quote(s string, with byte) string {
	var b strings.Builder
	b.WriteByte(with)
	for i := range len(s) {
		switch s[i] {
		case '\\', with:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case 0:
			b.WriteString(`\0`)
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte(with)
	return b.String()
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
