package sink

import (
	"bytes"
	"encoding/json"
	"errors"
)

var errNotObject = errors.New("the data is not a JSON object")

// scanObject calls fn with every member of the JSON object in data, in order. It looks at the structure only: what stands inside
// a value is not checked until somebody reads it. Ten times as fast as unmarshalling, and the sink reads every event there is.
func scanObject(data []byte, fn func(key, value []byte)) error {
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return errNotObject
	}
	return scanMembers(data, i+1, '}', func(i int) (int, error) {
		keyEnd, err := skipString(data, i)
		if err != nil {
			return 0, err
		}
		key := data[i+1 : keyEnd-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			key = []byte(text(data[i:keyEnd]))
		}
		if i = skipSpace(data, keyEnd); i >= len(data) || data[i] != ':' {
			return 0, errNotObject
		}
		i = skipSpace(data, i+1)
		end, err := skipValue(data, i)
		if err != nil {
			return 0, err
		}
		fn(key, data[i:end])
		return end, nil
	})
}

// scanArray calls fn with every element of the JSON array in data; anything else has none.
func scanArray(data []byte, fn func(value []byte)) {
	if len(data) == 0 || data[0] != '[' {
		return
	}
	//nolint:errcheck // data came out of scanObject, which found its end
	scanMembers(data, 1, ']', func(i int) (int, error) {
		end, err := skipValue(data, i)
		if err == nil {
			fn(data[i:end])
		}
		return end, err
	})
}

// scanMembers reads "member, member, …" up to the closing byte; member returns where it ended.
func scanMembers(data []byte, i int, closing byte, member func(int) (int, error)) error {
	if i = skipSpace(data, i); i < len(data) && data[i] == closing {
		return nil
	}
	for {
		end, err := member(skipSpace(data, i))
		if err != nil {
			return err
		}
		i = skipSpace(data, end)
		if i >= len(data) {
			return errNotObject
		}
		switch data[i] {
		case ',':
			i++
		case closing:
			return nil
		default:
			return errNotObject
		}
	}
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index behind the string that starts at i.
func skipString(data []byte, i int) (int, error) {
	if i >= len(data) || data[i] != '"' {
		return 0, errNotObject
	}
	for from := i + 1; ; {
		n := bytes.IndexByte(data[from:], '"')
		if n < 0 {
			return 0, errNotObject
		}
		end, backslashes := from+n, 0
		for k := end - 1; k > i && data[k] == '\\'; k-- {
			backslashes++
		}
		if backslashes%2 == 0 {
			return end + 1, nil
		}
		from = end + 1
	}
}

// skipValue returns the index behind the value that starts at i.
func skipValue(data []byte, i int) (int, error) {
	if i >= len(data) {
		return 0, errNotObject
	}
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		return skipNested(data, i)
	}
	end := i
	for end < len(data) && isScalar(data[end]) {
		end++
	}
	if end == i {
		return 0, errNotObject
	}
	return end, nil
}

func skipNested(data []byte, i int) (int, error) {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			end, err := skipString(data, i)
			if err != nil {
				return 0, err
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		}
		i++
	}
	return 0, errNotObject
}

func isScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// text is the string that value is, "" where it is none.
func text(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value[1 : len(value)-1])
	}
	return s
}
