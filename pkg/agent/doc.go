// Package agent is the SDK for programs that act through Weighlock: they propose an
// action, wait for the decision, and do it only if it was approved.
//
// [Client.Guard] is all most agents need. A decision is believed only where it
// names the agent, the action and the digest of the arguments; everything else, and
// every silence, ends without the action being done.
package agent
