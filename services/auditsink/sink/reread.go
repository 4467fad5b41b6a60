package sink

import (
	"fmt"
	"strings"

	"github.com/weighlock/weighlock/pkg/events"
)

// rereadColumns are the columns of the table events that views and analysts read, and that no hash covers.
var rereadColumns = []string{
	"kind", "event", "event_id", "source", "agent", "action", "request", "group", "channel", "approver", "actor_kind", "actor", "tool",
	"principal", "session", "level", "outcome", "decided_by", "verdict", "reason", "digest", "arguments_digest", "score", "denied", "review",
}

// RereadColumns is an SQL expression for the columns that [Reread] gives, as an array of strings.
func RereadColumns() string {
	all := make([]string, len(rereadColumns))
	for i, name := range rereadColumns {
		all[i] = "toString(`" + name + "`)"
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// Reread reads a row's columns from its bytes again and names one that says something else; "" where there is none. A column that
// says nothing is let pass: an earlier version of the sink may not have read it.
func Reread(s events.Subjects, subject string, headersRaw, data []byte, stored []string) string {
	r := row{subject: subject, data: data}
	header := map[string][]string{}
	for line := range strings.SplitSeq(string(headersRaw), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			header[name] = append(header[name], value)
		}
	}
	readMessage(&r, s, header)
	fresh := []string{
		r.kind, r.event, r.ev.ID, r.ev.Source, r.agent, r.action, r.request, r.group, r.channel, r.approver, r.actorKind, r.actor, r.tool,
		r.principal, r.session, r.level, r.outcome, r.decidedBy, r.verdict, r.reason, r.digest, r.argsHash,
		fmt.Sprint(r.score), fmt.Sprint(bit(r.denied)), fmt.Sprint(bit(r.review)),
	}
	for i, value := range stored {
		if i < len(fresh) && value != fresh[i] && value != "" && value != "-1" && (value != "0" || fresh[i] != "1") {
			return fmt.Sprintf("%s is %q, and the event says %q", rereadColumns[i], value, fresh[i])
		}
	}
	return ""
}
