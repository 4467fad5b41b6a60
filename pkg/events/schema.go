package events

import "embed"

//go:generate go run ../../internal/tools/contract/gen ../..

//go:embed schema/v1
var schemas embed.FS

// Schema returns the JSON Schema (2020-12) of a type's data; false where this
// version does not know the type.
func Schema(eventType string) ([]byte, bool) {
	body, err := schemas.ReadFile("schema/v1/" + eventType + ".json")
	return body, err == nil
}
