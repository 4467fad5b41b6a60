package events

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Payloads are read and written by the semantics of encoding/json/v2: a key
// given twice, a key in another case and text that is not Unicode are refused or ignored,
// where the older package let the last one win. Raw JSON (arguments, cards) keeps its
// escapes, because digests are over its bytes.
var writing = json.JoinOptions(jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.PreserveRawStrings(true))

func marshal(p Payload) ([]byte, error) {
	data, err := json.Marshal(p, writing)
	if err != nil {
		return nil, err
	}
	if a, ok := p.(*ApprovalRequested); ok && !bytes.Contains(data, a.Card) {
		return nil, &FieldError{Field: "card", Problem: "has white space between its parts", Fix: "write it as compact JSON: its digest is over its bytes"}
	}
	return data, nil
}

func unmarshal(data []byte, into any) error {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 {
		return missing("data", "send the event's JSON object")
	}
	if trimmed[0] != '{' {
		return &FieldError{Field: "data", Problem: fmt.Sprintf("is not a JSON object but %.20q", trimmed), Fix: "send the event's JSON object"}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return jsonError(err)
	}
	return nil
}

// jsonError names the field where the decoder knows it.
func jsonError(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return &FieldError{Field: fieldPath(semantic.JSONPointer), Problem: fmt.Sprintf("is a JSON %s", semantic.JSONKind), Fix: fmt.Sprintf("expected %s", semantic.GoType)}
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) && syntax.JSONPointer != "" {
		return &FieldError{Field: fieldPath(syntax.JSONPointer), Problem: "cannot be read: " + syntax.Err.Error(), Fix: "send each key once, as valid JSON in UTF-8"}
	}
	return &FieldError{Field: "data", Problem: "is not the JSON of this type: " + err.Error(), Fix: "send one JSON object in UTF-8"}
}

// fieldPath writes /plan/0/tool as plan[0].tool.
func fieldPath(p jsontext.Pointer) string {
	var b []byte
	for token := range p.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b = append(append(append(b, '['), token...), ']')
		case len(b) > 0:
			b = append(append(b, '.'), token...)
		default:
			b = append(b, token...)
		}
	}
	return string(b)
}
