package authz

import "github.com/weighlock/weighlock/pkg/events"

// Consumer is one durable consumer of a service.
type Consumer struct {
	Service string
	Stream  string // the part after the prefix, such as "ACTIONS"
	Name    string
}

// Consumers returns every durable consumer of the pipeline.
func Consumers() []Consumer {
	return []Consumer{
		{RiskScorer, "ACTIONS", "riskscorer"},
		{ApproverRouter, "EVENTS", "approver-router-assessments"},
		{ApproverRouter, "VERDICTS", "approver-router-verdicts"},
		{ApproverRouter, "VERDICTS", "approver-router-grantings"},
		{ApproverRouter, "VERDICTS", "approver-router-marks"},
		{ApproverRouter, "ACTIONS", "approver-router-withdrawals"},
		{Escalator, "EVENTS", "escalator-requests"},
		{Escalator, "TIMERS", "escalator-due"},
		{AuditSink, "ACTIONS", "auditsink-rows"},
		{AuditSink, "EVENTS", "auditsink-rows"},
		{AuditSink, "VERDICTS", "auditsink-rows"},
		{AuditSink, "DECISIONS", "auditsink-rows"},
		{AuditSink, "PROOFS", "auditsink-bucket"},
		{AuditSink, "PRIVATE", "auditsink-private"},
		{AuditSink, "VERDICTS", "auditsink-privacy"},
	}
}

func servicePublish(name string, s events.Subjects) []string {
	if name == Replier {
		return []string{events.AgentInboxPrefix + ".>"}
	}
	subjects := topologyReads(s)
	for _, c := range Consumers() {
		if c.Service == name {
			subjects = append(subjects, consume(s.Stream(c.Stream), c.Name)...)
		}
	}
	subjects = append(subjects, s.Dead(name))
	switch name {
	case RiskScorer:
		subjects = append(subjects, under(s, "assessments"), s.Policy(RiskScorer, "*"), s.Assessor("*"), s.Rescored("*"))
		for _, stream := range []string{"ACTIONS", "EVENTS", "DECISIONS", "PRIVATE"} { // what happened lately, and what is weighed
			subjects = append(subjects, streamRead(s, stream)...)
		}
	case ApproverRouter:
		subjects = append(subjects, under(s, "approvals"), under(s, "decisions"), under(s, "grants"), under(s, "reviews"), s.Warning("*"), s.Rescore(), s.Assessment(events.High, "*", "*"))
		subjects = append(subjects, bucketReadWrite(s, "REQUESTS")...)
		subjects = append(subjects, bucketReadWrite(s, "GRANTS")...)
		subjects = append(subjects, bucketReadWrite(s, "REVIEWS")...)
		subjects = append(subjects, bucketReadWrite(s, "ATTENTION")...)
		subjects = append(subjects, streamRead(s, "VERDICTS")...)
		for _, stream := range []string{"ACTIONS", "EVENTS", "DECISIONS"} {
			subjects = append(subjects, streamRead(s, stream)...)
		}
	case Escalator:
		subjects = append(subjects, under(s, "approvals"), under(s, "decisions"), under(s, "timers"), under(s, "storms"))
		subjects = append(subjects, bucketReadWrite(s, "REQUESTS")...)
		subjects = append(subjects, bucketReadWrite(s, "STORMS")...)
		subjects = append(subjects, streamRead(s, "DECISIONS")...)
		subjects = append(subjects, "$JS.API.STREAM.PURGE."+s.Stream("TIMERS"))
	case AuditSink:
		subjects = append(subjects, s.Proof("*"), under(s, "erasures"), under(s, "holds"), under(s, "audits"), "$JS.API.STREAM.MSG.DELETE."+s.Stream("PRIVATE"))
		subjects = append(subjects, bucketReadWrite(s, "AUDIT")...)
		subjects = append(subjects, bucketReadWrite(s, "PRIVACY")...)
		for _, stream := range []string{"ACTIONS", "EVENTS", "VERDICTS", "DECISIONS", "PRIVATE"} {
			subjects = append(subjects, streamRead(s, stream)...)
		}
	}
	return subjects
}

// topologyReads lets a service see at start that its streams are as designed.
func topologyReads(s events.Subjects) []string {
	subjects := []string{"$JS.API.INFO"}
	for _, stream := range []string{"ACTIONS", "EVENTS", "VERDICTS", "DECISIONS", "PROOFS", "PRIVATE", "TIMERS"} {
		subjects = append(subjects, "$JS.API.STREAM.INFO."+s.Stream(stream))
	}
	for _, bucket := range []string{"REQUESTS", "GRANTS", "REVIEWS", "ATTENTION", "STORMS", "PRIVACY", "AUDIT"} {
		subjects = append(subjects, "$JS.API.STREAM.INFO."+bucketStream(s, bucket))
	}
	return subjects
}

// consume is what a pull consumer needs: create, look at, fetch, hand over, acknowledge.
// Acknowledgements have two forms: since server 2.15 a feature flag puts domain and
// account hash before the stream.
func consume(stream, consumer string) []string {
	at := stream + "." + consumer
	return []string{
		"$JS.API.CONSUMER.CREATE." + at,
		"$JS.API.CONSUMER.CREATE." + at + ".>",
		"$JS.API.CONSUMER.INFO." + at,
		"$JS.API.CONSUMER.MSG.NEXT." + at,
		"$JS.API.CONSUMER.UNPIN." + at, // hand over to a standby at shutdown
		"$JS.API.CONSUMER.RESET." + at, // begin again after what was stored, when the server skipped ahead
		"$JS.ACK." + at + ".>",
		"$JS.ACK.*.*." + at + ".>",
	}
}

// streamRead reads messages of a stream. The last form is slower, and is for those whose publisher has written into them what only the server may say.
func streamRead(s events.Subjects, stream string) []string {
	return []string{directGet(s.Stream(stream), ""), directGet(s.Stream(stream), ">"), "$JS.API.STREAM.MSG.GET." + s.Stream(stream)}
}

func bucketReadWrite(s events.Subjects, bucket string) []string {
	stream := bucketStream(s, bucket)
	return []string{bucketSubject(s, bucket, ">"), directGet(stream, ""), directGet(stream, ">")}
}

func under(s events.Subjects, kind string) string { return s.All(kind, 0) + ".>" }
