package httpd

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/weighlock/weighlock/internal/embedded/engine/chdb"
	"github.com/weighlock/weighlock/internal/embedded/engine/session"
)

// reserved names steer the HTTP interface itself; every other URL parameter is a setting.
var reserved = map[string]bool{
	"query": true, "database": true, "default_format": true, "user": true, "password": true, "quota_key": true, "query_id": true,
	"compress": true, "decompress": true, "client_protocol_version": true, "network_compression_method": true,
	"network_zstd_compression_level": true, "enable_http_compression": true, "buffer_size": true, "wait_end_of_query": true,
	"stacktrace": true, "add_http_cors_header": true, "http_write_exception_in_output_format": true, "role": true,
	"session_timeout": true, "session_check": true,
}

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
	settings   []session.Setting
	params     []chdb.Param
}

// readOptions reads the URL and headers. Unknown or unsafe names are errors with ClickHouse's code.
func readOptions(r *http.Request) (*options, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, session.Refuse(session.CodeBadArguments, "the URL's parameters cannot be read: %v", err)
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
			return nil, session.Refuse(session.CodeBadArguments, "client_protocol_version %q is not a number", v)
		}
	}
	for name, list := range values {
		if err := o.add(name, list[len(list)-1]); err != nil {
			return nil, err
		}
	}
	sort.Slice(o.settings, func(i, j int) bool { return o.settings[i].Name < o.settings[j].Name })
	return o, nil
}

func (o *options) add(name, value string) error {
	switch param, isParam := strings.CutPrefix(name, "param_"); {
	case isParam:
		o.params = append(o.params, chdb.Param{Name: param, Value: value})
	case reserved[name]:
	case name == "session_id":
		return session.Refuse(session.CodeNotImplemented, "sessions over HTTP are not supported by the local engine")
	default:
		if err := session.CheckSetting(name); err != nil {
			return err
		}
		o.settings = append(o.settings, session.Setting{Name: name, Value: value})
	}
	return nil
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
