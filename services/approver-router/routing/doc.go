// Package routing decides who has to agree to an action: it lets the harmless
// through at once, puts the rest before a group of approvers, similar actions on one
// card, and turns their verdicts into decisions.
package routing
