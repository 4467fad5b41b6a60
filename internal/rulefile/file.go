// Package rulefile reads YAML files of CEL rules strictly and names file, line and
// field of whatever is wrong in them.
package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is one thing wrong in a file.
type Error struct {
	File    string
	Line    int    // from 1; 0 where the line is not known
	Field   string // path of the field, such as "rules[2].when"; may be empty
	Problem string // as a predicate: "is empty"
	Fix     string // as an imperative; may be empty
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + " ")
	}
	b.WriteString(e.Problem)
	if e.Fix != "" {
		b.WriteString(": " + e.Fix)
	}
	return b.String()
}

// Errors are all the things wrong in one or several files, in the order they were found.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each [*Error].
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// File is a decoded file that remembers where its fields are.
type File struct {
	name string
	root *yaml.Node
}

// Name is the file's name in errors.
func (f *File) Name() string { return f.name }

// Decode reads the one YAML document in data into out. A key that out does not
// have is an error. It returns [*Error], or [Errors] where several things are wrong.
func Decode(name string, data []byte, out any) (*File, error) {
	f := &File{name: name}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, f.yamlError(err)
	}
	if len(doc.Content) == 0 {
		return nil, &Error{File: name, Problem: "is empty", Fix: "start from the default file"}
	}
	f.root = doc.Content[0]
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(out); err != nil {
		return nil, f.yamlError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &Error{File: name, Problem: "holds more than one YAML document", Fix: "keep one"}
	}
	return f, nil
}

// Errorf describes a problem with the field at path: keys as strings, places in
// lists as ints from 0.
func (f *File) Errorf(path []any, fix, problem string, args ...any) *Error {
	node := f.find(path)
	return &Error{File: f.name, Line: node.Line, Field: fieldName(path), Problem: fmt.Sprintf(problem, args...), Fix: fix}
}

// find returns the node at path, or the deepest one on the way that exists.
func (f *File) find(path []any) *yaml.Node {
	node := f.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			return node
		}
		node = next
	}
	return node
}

func child(node *yaml.Node, step any) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

func fieldName(path []any) string {
	var b strings.Builder
	for _, step := range path {
		if n, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", n)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	return b.String()
}

var (
	lineProblem  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	duplicateKey = regexp.MustCompile(`^mapping key "(.*)" already defined at line (\d+)$`)
)

// yamlError puts the decoder's complaints into this package's form.
func (f *File) yamlError(err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) || len(te.Errors) == 0 {
		return f.complaint(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	all := make(Errors, len(te.Errors))
	for i, text := range te.Errors {
		all[i] = f.complaint(text)
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (f *File) complaint(text string) *Error {
	out := &Error{File: f.name, Problem: text}
	if m := lineProblem.FindStringSubmatch(text); m != nil {
		out.Line, _ = strconv.Atoi(m[1])
		out.Problem = m[2]
	}
	if m := unknownField.FindStringSubmatch(out.Problem); m != nil {
		out.Field, out.Problem, out.Fix = m[1], "is not a field of this file", "correct its spelling or remove it"
	}
	if m := duplicateKey.FindStringSubmatch(out.Problem); m != nil {
		out.Field, out.Problem, out.Fix = m[1], "is given again; it is already at line "+m[2], "keep one"
	}
	return out
}
