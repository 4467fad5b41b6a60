// Package sink writes every event of the audited streams to ClickHouse, none lost, none twice, in a hash chain that shows tampering.
//
// One loop per stream collects messages in order into a batch and goes through one cycle per batch:
//
//	manifest: pending = lo..hi  →  insert with a token that names the batch  →  manifest: high water = hi
//
// The manifest lives in the KV bucket AUDIT, and its revision is the fence: of two sinks one loses the compare-and-set and
// starts over from what is stored. A loop that was ended anywhere in the cycle reads exactly lo..hi again and repeats
// the insert with the same token, which ClickHouse then recognises. The consumers deliver each message once and know nothing of what is
// written; in doubt a loop sets its consumer back to the high water.
package sink
