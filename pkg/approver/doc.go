// Package approver lets people and the adapters that speak for them see approval
// requests, judge the actions on them and answer.
package approver
