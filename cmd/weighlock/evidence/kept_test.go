package evidence

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine/enginetest"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/safekeeping"
	"github.com/weighlock/weighlock/internal/topology"
	"github.com/weighlock/weighlock/pkg/events"
)

// Whoever runs the pipeline can put everything in it back to an earlier state: rows, digests, their stream and the sink's notes. Only
// digests that are kept elsewhere show that there was more.
func TestKeptDigestsShowWhatThePipelineForgot(t *testing.T) {
	t.Parallel()
	server, place := pipeline(t)
	nc, js, dir := place.JetStream.Conn(), place.JetStream, t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	propose(t, server, js, "early")
	place.Trusted = written(t, server, nc, dir)
	noted, err := place.manifests(t.Context())
	must(err)
	var early []proof.Signed
	var at part
	for p := range noted {
		if p.stream == server.Subjects.Stream("ACTIONS") {
			at = p
		}
		must(place.witnessed(t.Context(), p, time.Time{}, func(s proof.Signed) { early = append(early, s) }))
	}
	notes, err := js.KeyValue(t.Context(), server.Subjects.Stream("AUDIT"))
	must(err)
	name := server.Subjects.Stream("ACTIONS")
	note, err := notes.Get(t.Context(), name)
	must(err)
	propose(t, server, js, "late")
	written(t, server, nc, dir)
	kept, err := safekeeping.Open(filepath.Join(dir, "digests"))
	must(err)
	withKept := place
	withKept.Kept = kept
	judge := func(p Place) []proof.Finding {
		t.Helper()
		report, err := p.Verify(t.Context(), time.Unix(0, 0))
		must(err)
		return of(report, at)
	}
	if found := append(judge(place), judge(withKept)...); len(found) > 0 {
		t.Fatalf("before anything was done: %v", found)
	}

	do(t, at, "ALTER TABLE events DELETE WHERE seq > 1")
	do(t, at, "ALTER TABLE digests DELETE WHERE lo > 1")
	must(js.DeleteStream(t.Context(), server.Subjects.Stream("PROOFS")))
	must(topology.Ensure(t.Context(), js, topology.Default(server.Subjects)))
	for _, d := range early {
		text, err := json.Marshal(d)
		must(err)
		_, err = js.Publish(t.Context(), server.Subjects.Proof(d.Stream), text)
		must(err)
	}
	_, err = notes.Put(t.Context(), name, note.Value())
	must(err)

	if found := judge(place); len(found) > 0 {
		t.Errorf("from within the pipeline this should not be seen, or docs/audit.md is wrong: %v", found)
	}
	for _, f := range judge(withKept) {
		if f.Kind == proof.Missing && f.Stream == name && f.Lo == 2 {
			return
		}
	}
	t.Errorf("kept digests do not show that an action was taken out: %v", judge(withKept))
}

// pipeline is a server without services, and where its evidence will be.
func pipeline(t *testing.T) (*natstest.Server, Place) {
	t.Helper()
	server := natstest.Start(t)
	js, err := jetstream.New(server.Connect(t, authz.TheOperator()))
	if err != nil {
		t.Fatal(err)
	}
	return server, Place{ClickHouseURL: enginetest.Engine(t).URL(), JetStream: js, Subjects: server.Subjects}
}

func propose(t *testing.T, server *natstest.Server, js jetstream.JetStream, action string) {
	t.Helper()
	e, err := events.New(&events.ActionProposed{Breakpoint: events.AtToolCall, Tool: "pay", Arguments: []byte(`{}`), Request: "Pay."}, action, "/agents/a", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	header, data, err := events.EncodeBinary(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: server.Subjects.Action("a", action), Header: nats.Header(header), Data: data}); err != nil {
		t.Fatal(err)
	}
}

// do changes what ClickHouse has of a part, as somebody may who shall not.
func do(t *testing.T, at part, sql string) {
	t.Helper()
	sql += fmt.Sprintf(" AND stream = '%s' AND epoch = %d", at.stream, at.epoch)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, enginetest.Engine(t).URL()+"?mutations_sync=2&database="+ask.Database, strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", sql, text)
	}
}
