// Package policies holds the files that a pipeline uses when it is given none.
package policies

import _ "embed"

// Default is the default risk policy, see internal/policy.
//
//go:embed default.yaml
var Default []byte

// Routes are the default routes, see internal/routes.
//
//go:embed routes.yaml
var Routes []byte

// Approvers are the default approvers, see internal/people.
//
//go:embed approvers.yaml
var Approvers []byte
