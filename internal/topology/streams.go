package topology

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/pkg/events"
)

// Duplicate windows. Outsiders choose the Nats-Msg-Id of what they publish and share one
// namespace of ids, so on their streams the window is the least the server allows
// and nobody relies on it; the subject is the key there.
const (
	servicesWindow  = 2 * time.Minute
	outsidersWindow = 100 * time.Millisecond
)

// markKey is the metadata by which a stream is known as one of ours.
const markKey = "weighlock.dev/pipeline"

// Streams returns the streams of the pipeline.
func Streams(set Settings) []jetstream.StreamConfig {
	s := set.Subjects
	actions := set.stream("ACTIONS", "What agents propose, withdraw and report.",
		s.All("actions", 2), s.All("withdrawals", 2), s.All("receipts", 2), s.All("answers", 3))
	actions.MaxAge, actions.Duplicates, actions.MaxMsgSize = set.Retention.Actions, outsidersWindow, set.maxMsgSize()
	onePerSubject(&actions)

	evts := set.stream("EVENTS", "What the services find out and say.",
		s.All("assessments", 3), s.All("approvals", 3), s.All("grants", 2), s.All("reviews", 3), s.All("warnings", 1), s.All("storms", 2), s.All("policies", 2), s.All("erasures", 2), s.All("holds", 2), s.All("audits", 1), s.All("dead", 0)+".>")
	evts.MaxAge = set.Retention.Events

	verdicts := set.stream("VERDICTS", "What approvers answer.", s.All("verdicts", 3), s.All("handovers", 3), s.All("grantings", 3), s.All("marks", 3), s.All("attention", 4), s.All("privacy", 2))
	verdicts.MaxAge, verdicts.Duplicates, verdicts.MaxMsgSize = set.Retention.Verdicts, outsidersWindow, set.maxMsgSize()

	decisions := set.stream("DECISIONS", "The ledger: one decision for every action.", s.All("decisions", 2))
	decisions.MaxAge = set.Retention.Decisions
	onePerSubject(&decisions)
	decisions.DenyDelete, decisions.DenyPurge = true, true

	proofs := set.stream("PROOFS", "The signed digests of what the audit has written.", s.All("proofs", 1))
	proofs.MaxAge = set.Retention.Decisions
	proofs.DenyDelete, proofs.DenyPurge = true, true
	private := set.stream("PRIVATE", "Private values of actions, which can be erased; not part of the audit.", s.All("private", 2))
	private.MaxAge, private.Duplicates, private.MaxMsgSize = set.Retention.Private, outsidersWindow, set.maxMsgSize()
	onePerSubject(&private)

	timers := set.stream("TIMERS", "Timers of open requests, and timers that fired.", s.All("timers", 0)+".>", s.All("due", 0)+".>")
	timers.Retention = jetstream.WorkQueuePolicy
	timers.AllowMsgSchedules = true
	timers.AllowRollup = true // the server turns it on for schedules

	return []jetstream.StreamConfig{actions, evts, verdicts, decisions, proofs, private, timers}
}

// Buckets returns the key-value buckets of the pipeline.
func Buckets(set Settings) []jetstream.KeyValueConfig {
	bucket := func(name, description string) jetstream.KeyValueConfig {
		return jetstream.KeyValueConfig{
			Bucket: set.Subjects.Stream(name), Description: description, History: 1,
			Storage: jetstream.FileStorage, Replicas: set.Replicas, Metadata: mark(set.Subjects),
		}
	}
	requests := bucket("REQUESTS", "The state of every request.")
	requests.LimitMarkerTTL = requestMarkerTTL
	grants := bucket("GRANTS", "Standing approvals, with their uses.")
	grants.LimitMarkerTTL = requestMarkerTTL
	reviews := bucket("REVIEWS", "Reviews after the fact, with what reviewers said, and how far they go.")
	reviews.LimitMarkerTTL = requestMarkerTTL
	people := bucket("ATTENTION", "How people answered lately.")
	people.LimitMarkerTTL = requestMarkerTTL
	storms := bucket("STORMS", "Groups with more open requests than they can be reminded of.")
	storms.LimitMarkerTTL = requestMarkerTTL
	privacy := bucket("PRIVACY", "Legal holds, and erasures that were begun.")
	privacy.LimitMarkerTTL = requestMarkerTTL
	return []jetstream.KeyValueConfig{requests, grants, reviews, people, storms, privacy, bucket("AUDIT", "What the audit has written, for each stream.")}
}

// requestMarkerTTL is how long a bucket remembers that a resolved request or an ended grant has
// aged out. It is set because without it the server refuses entries that age.
const requestMarkerTTL = time.Hour

// stream returns a plain stream: no feature an outsider's header could use.
func (set Settings) stream(name, description string, subjects ...string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: set.Subjects.Stream(name), Description: description, Subjects: subjects,
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Discard: jetstream.DiscardOld,
		Replicas: set.Replicas, Duplicates: servicesWindow, AllowDirect: true,
		MaxConsumers: -1, MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1,
		Metadata: mark(set.Subjects),
	}
}

// onePerSubject makes the server itself refuse a second message on a subject.
func onePerSubject(c *jetstream.StreamConfig) {
	c.MaxMsgsPerSubject, c.Discard, c.DiscardNewPerSubject = 1, jetstream.DiscardNew, true
}

func mark(s events.Subjects) map[string]string { return map[string]string{markKey: s.Prefix()} }

// bucketStream returns the stream behind a bucket, as the key-value convention has it.
func bucketStream(kv jetstream.KeyValueConfig) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "KV_" + kv.Bucket, Description: kv.Description, Subjects: []string{"$KV." + kv.Bucket + ".>"},
		Retention: jetstream.LimitsPolicy, Storage: kv.Storage, Discard: jetstream.DiscardNew,
		Replicas: kv.Replicas, Duplicates: servicesWindow, AllowDirect: true, AllowRollup: true, DenyDelete: true,
		MaxConsumers: -1, MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: int64(kv.History), MaxMsgSize: -1,
		AllowMsgTTL: kv.LimitMarkerTTL != 0, SubjectDeleteMarkerTTL: kv.LimitMarkerTTL, Metadata: kv.Metadata,
	}
}

// wanted returns every stream of the pipeline, those behind buckets included.
func wanted(set Settings) []jetstream.StreamConfig {
	all := Streams(set)
	for _, kv := range Buckets(set) {
		all = append(all, bucketStream(kv))
	}
	return all
}
