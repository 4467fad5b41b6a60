// Package contract derives the published schemas and page of the events from pkg/events.
package contract

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/weighlock/weighlock/pkg/events"
)

const eventsPackage = "github.com/weighlock/weighlock"

// enums are the closed vocabularies of version 1.
var enums = map[reflect.Type][]any{
	reflect.TypeFor[events.Level]():         {events.Low, events.Medium, events.High},
	reflect.TypeFor[events.Breakpoint]():    {events.AtPlan, events.AtToolCall, events.AtComputerUse, events.AtSubtask, events.AtFinalReview},
	reflect.TypeFor[events.Outcome]():       {events.Approved, events.Rejected, events.Expired, events.Withdrawn, events.Denied},
	reflect.TypeFor[events.DeciderKind]():   {events.ByPolicy, events.ByApprovers, events.ByTimeout, events.ByAgent},
	reflect.TypeFor[events.VerdictKind]():   {events.Approve, events.Reject},
	reflect.TypeFor[events.ReceiptStatus](): {events.Succeeded, events.Failed},
}

// Schemas returns the schema of every event type by type name. It must run at
// the module's root, because descriptions are read from the source there.
func Schemas() (map[string][]byte, error) {
	r := &jsonschema.Reflector{AllowAdditionalProperties: true, Mapper: vocabulary}
	if err := r.AddGoComments(eventsPackage, "./pkg/events"); err != nil {
		return nil, fmt.Errorf("reading the doc comments of pkg/events: %w", err)
	}
	all := make(map[string][]byte)
	for _, name := range events.Types() {
		p, _ := events.NewPayload(name)
		s := r.Reflect(p)
		s.ID = jsonschema.ID("https://weighlock.dev/schema/v1/" + name + ".json")
		body, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("writing the schema of %s: %w", name, err)
		}
		all[name] = append(body, '\n')
	}
	return all, nil
}

func vocabulary(t reflect.Type) *jsonschema.Schema {
	if values, ok := enums[t]; ok {
		return &jsonschema.Schema{Type: "string", Enum: values}
	}
	return nil
}
