package events_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weighlock/weighlock/pkg/events"
)

const golden = "testdata/v1"

// The samples are frozen: what version 1 once wrote must be readable for ever, so nothing rewrites them.
func TestGoldenSamplesAreFrozen(t *testing.T) {
	t.Parallel()
	sums := string(readGolden(t, "SHA256SUMS"))
	for _, name := range events.Types() {
		for _, file := range []string{name + ".json", name + ".binary"} {
			line := fmt.Sprintf("%x  %s\n", sha256.Sum256(readGolden(t, file)), file)
			if !strings.Contains(sums, line) {
				t.Errorf("%s was changed: a published sample never changes", file)
			}
		}
	}
}

func TestGoldenSamples(t *testing.T) {
	t.Parallel()
	for _, name := range events.Types() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := readGolden(t, name+".json")
			structured, err := events.Decode(events.Header{"Content-Type": {"application/cloudevents+json"}}, body)
			if err != nil {
				t.Fatal(err)
			}
			h, data := readBinary(t, name+".binary")
			binary, err := events.Decode(h, data)
			if err != nil {
				t.Fatal(err)
			}
			same(t, structured, binary)
			if binary.Subject != "billing/a-17 100% Zürich" || binary.Extensions["tenant"] != `acme "north"` {
				t.Errorf("attributes were read as %+v", binary)
			}
			if _, again, err := events.EncodeStructured(binary); err != nil || !bytes.Equal(again, body) {
				t.Errorf("structured mode is now %s: %v", again, err)
			}
			roundTrip(t, binary)
			validateSample(t, name, data)
		})
	}
}

func validateSample(t *testing.T, name string, data []byte) {
	t.Helper()
	body, ok := events.Schema(name)
	if !ok {
		t.Fatalf("%s has no schema", name)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Error(err)
	}
}

func readGolden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(golden, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readBinary(t *testing.T, name string) (events.Header, []byte) {
	t.Helper()
	head, data, ok := bytes.Cut(readGolden(t, name), []byte("\n\n"))
	if !ok {
		t.Fatalf("%s has no blank line", name)
	}
	h := events.Header{}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		h[key] = []string{value}
	}
	return h, data
}
