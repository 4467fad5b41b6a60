// Package policies holds the files that a pipeline uses when it is given none.
package policies

import "embed"

// Pack is the default risk policy, one file for each domain, see internal/policy.
//
//go:embed *.yaml
var Pack embed.FS

// Routes are the default routes, see internal/routes.
//
//go:embed routes/default.yaml
var Routes []byte

// Approvers are the default approvers, see internal/people.
//
//go:embed routes/approvers.yaml
var Approvers []byte
