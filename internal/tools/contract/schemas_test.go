package contract_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weighlock/weighlock/internal/tools/contract"
	"github.com/weighlock/weighlock/pkg/events"
)

// TestMain stands at the module's root, where the generator runs.
func TestMain(m *testing.M) {
	if err := os.Chdir("../../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestSchemasAreCurrent(t *testing.T) {
	t.Parallel()
	all, err := contract.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		if got, ok := events.Schema(name); !ok || !bytes.Equal(got, want) {
			t.Errorf("schema of %s differs from the Go types: run go generate ./pkg/events", name)
		}
	}
	if files, err := os.ReadDir("pkg/events/schema/v1"); err != nil || len(files) != len(all) {
		t.Errorf("%d schema files for %d types: %v", len(files), len(all), err)
	}
}

func TestSchemaJudges(t *testing.T) {
	t.Parallel()
	for data, valid := range map[string]bool{
		`{"breakpoint":"tool_call","tool":"x","arguments":{},"future":1}`: true,
		`{"breakpoint":"nowhere"}`:                                        false,
		`{"tool":"x"}`:                                                    false,
		`{"breakpoint":"tool_call","tool":7}`:                             false,
	} {
		body, _ := events.Schema(events.ActionProposedType)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("s.json", doc); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile("s.json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); (err == nil) != valid {
			t.Errorf("%s: %v", data, err)
		}
	}
}

func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("docs/events.md")
	if err != nil || !bytes.Equal(got, contract.Page()) {
		t.Errorf("docs/events.md is not current: run go generate ./pkg/events (%v)", err)
	}
	described := map[string]bool{}
	for _, d := range events.Catalog() {
		described[d.Type] = true
	}
	for _, name := range events.Types() {
		if !described[name] {
			t.Errorf("%s is not in the catalog", name)
		}
	}
}
