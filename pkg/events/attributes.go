package events

import (
	"fmt"
	"mime"
	"strings"
	"time"
	"unicode/utf8"
)

func checkRequired(e Event) error {
	var name string
	switch {
	case e.ID == "":
		name = "id"
	case e.Source == "":
		name = "source"
	case e.Type == "":
		name = "type"
	default:
		return nil
	}
	return &FieldError{Field: name, Problem: "is missing", Fix: "CloudEvents requires it"}
}

func checkDecoded(e Event, version string) error {
	if version != specVersion {
		return &FieldError{Field: "specversion", Problem: fmt.Sprintf("is %q", version), Fix: "send " + specVersion}
	}
	return checkRequired(e)
}

// checkExtension reports whether name may be an extension: CloudEvents allows
// lower-case letters and digits. A name with a field of its own would overwrite that field.
func checkExtension(name string) error {
	if name == "" || name == "data" || name == "specversion" || name == "time" || attribute(new(Event), name) != nil || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return &FieldError{Field: name, Problem: "is not the name of an extension attribute", Fix: "use lower-case letters and digits"}
	}
	return nil
}

// setAttribute puts a decoded attribute where it belongs.
func setAttribute(e *Event, name, value string) error {
	if name == "time" {
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return &FieldError{Field: "time", Problem: fmt.Sprintf("is %q", value), Fix: "use RFC 3339"}
		}
		e.Time = t.UTC()
		return checkTime("time", e.Time)
	}
	if field := attribute(e, name); field != nil {
		*field = value
		return nil
	}
	if err := checkExtension(name); err != nil {
		return err
	}
	if e.Extensions == nil {
		e.Extensions = make(map[string]string, 4)
	}
	e.Extensions[name] = value
	return nil
}

// checkTime refuses what RFC 3339 cannot write in UTC, though it may in a zone.
func checkTime(field string, t time.Time) error {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return &FieldError{Field: field, Problem: fmt.Sprintf("is in the year %d", y), Fix: "use the years 0 to 9999 in UTC"}
	}
	return nil
}

// attribute is the field of a textual attribute; nil where it has none.
func attribute(e *Event, name string) *string {
	switch name {
	case "id":
		return &e.ID
	case "source":
		return &e.Source
	case "type":
		return &e.Type
	case "subject":
		return &e.Subject
	case "datacontenttype":
		return &e.DataContentType
	case "dataschema":
		return &e.DataSchema
	case "replyto":
		return &e.ReplyTo
	case "traceparent":
		return &e.TraceParent
	case "causationid":
		return &e.CausationID
	case "policyversion":
		return &e.PolicyVersion
	}
	return nil
}

func isJSON(contentType string) bool {
	if contentType == "" || contentType == ContentTypeJSON {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == ContentTypeJSON || media == "text/json" || strings.HasSuffix(media, "+json"))
}

func first(h Header, key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

const upperHex = "0123456789ABCDEF"

// mustEncode says which bytes of a header value are written as %XX: space, quote, percent
// and everything outside printable ASCII (CloudEvents HTTP and NATS bindings).
func mustEncode(c byte) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '%' }

func percentEncode(s string) string {
	n := 0
	for i := range len(s) {
		if mustEncode(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; mustEncode(c) {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func percentDecode(s string) (string, error) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		if !utf8.ValidString(s) {
			return "", fmt.Errorf("is not UTF-8")
		}
		return s, nil
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		hi, lo := -1, -1
		if i+2 < len(s) {
			hi, lo = unhex(s[i+1]), unhex(s[i+2])
		}
		if hi < 0 || lo < 0 { // a bare percent sign, as CloudEvents' own Go SDK sends it
			b = append(b, '%')
			continue
		}
		b = append(b, byte(hi<<4|lo))
		i += 2
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("is not UTF-8")
	}
	return string(b), nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
