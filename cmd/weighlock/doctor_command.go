package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/engine"
	"github.com/weighlock/weighlock/internal/topology"
)

// finding is what one check of the doctor saw.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Saw   string `json:"saw"`
	Do    string `json:"do,omitempty"` // what to do about it
}

func (c *cli) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check server, streams, permissions, services and engine, and say what to do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer cancel()
			findings := c.examine(ctx)
			if err := c.report(cmd.OutOrStdout(), findings); err != nil {
				return err
			}
			for _, f := range findings {
				if !f.OK {
					return &exitError{code: exitFailed}
				}
			}
			return nil
		},
	}
}

func (c *cli) report(w io.Writer, findings []finding) error {
	if c.json {
		return printJSON(w, findings)
	}
	for _, f := range findings {
		mark := "ok  "
		if !f.OK {
			mark = "BAD "
		}
		fmt.Fprintf(w, "%s %-12s %s\n", mark, f.Check, words.Printable(f.Saw))
		if f.Do != "" {
			fmt.Fprintf(w, "     %-12s → %s\n", "", f.Do)
		}
	}
	return nil
}

// examine runs the checks in the order of dependence; what cannot be checked for an
// earlier failure is left out.
func (c *cli) examine(ctx context.Context) []finding {
	place, err := c.place()
	if err != nil {
		return []finding{{Check: "directory", Saw: err.Error(), Do: "run `weighlock dev`, or name its directory with --dir"}, engineFinding(ctx, dev.Place{})}
	}
	findings := []finding{{Check: "directory", OK: true, Saw: place.Dir}}
	nc, err := connect(ctx, place, authz.TheOperator())
	if err != nil {
		findings = append(findings, finding{Check: "server", Saw: err.Error(), Do: "is `weighlock dev` running? its last process was " + fmt.Sprint(place.PID)})
		return append(findings, engineFinding(ctx, place))
	}
	defer nc.Close()
	rtt, _ := nc.RTT()
	findings = append(findings,
		finding{Check: "server", OK: true, Saw: fmt.Sprintf("%s, version %s, round trip %s", nc.ConnectedUrlRedacted(), nc.ConnectedServerVersion(), rtt.Round(time.Microsecond))},
		streamsFinding(ctx, nc, place), privateFinding(ctx, nc, place), permissionsFinding(ctx, place), servicesFinding(ctx, place), engineFinding(ctx, place))
	return findings
}

func streamsFinding(ctx context.Context, nc *nats.Conn, place dev.Place) finding {
	f := finding{Check: "streams"}
	subjects, err := place.Subjects()
	if err == nil {
		var js jetstream.JetStream
		if js, err = jetstream.New(nc); err == nil {
			err = topology.Check(ctx, js, topology.Default(subjects))
		}
	}
	if err != nil {
		f.Saw, f.Do = err.Error(), "restart `weighlock dev`, or run `weighlock topology` against your cluster"
		return f
	}
	f.OK, f.Saw = true, "all in place, as designed"
	return f
}

// privateFinding looks at the stream of private values, and for somebody who may have them erased.
func privateFinding(ctx context.Context, nc *nats.Conn, place dev.Place) finding {
	f := finding{Check: "private"}
	kept, err := privateKept(ctx, nc, place)
	if err != nil {
		f.Saw, f.Do = err.Error(), "restart `weighlock dev`, or run `weighlock topology` against your cluster"
		return f
	}
	f.OK, f.Saw = true, fmt.Sprintf("values of %d actions, %s", kept, "nobody may have them erased")
	f.Do = "`weighlock identity add auditor/NAME` makes a key for who may"
	if auditors, err := named(place, authz.Auditor); err == nil && len(auditors) > 0 {
		f.Saw, f.Do = fmt.Sprintf("values of %d actions; %s may have them erased or held", kept, strings.Join(auditors, ", ")), ""
	}
	return f
}

func privateKept(ctx context.Context, nc *nats.Conn, place dev.Place) (uint64, error) {
	subjects, err := place.Subjects()
	if err != nil {
		return 0, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	stream, err := js.Stream(ctx, subjects.Stream("PRIVATE"))
	if err != nil {
		return 0, fmt.Errorf("the stream %s: %w", subjects.Stream("PRIVATE"), err)
	}
	return stream.CachedInfo().State.Msgs, nil
}

// permissionsFinding tries what an agent must not be able to do.
func permissionsFinding(ctx context.Context, place dev.Place) finding {
	f := finding{Check: "permissions", Do: "the server must use the accounts block of `weighlock identity config`"}
	agents, err := named(place, authz.Agent)
	if err == nil && len(agents) > 0 {
		err = mayNot(ctx, place, authz.Identity{Kind: authz.Agent, Name: agents[0]})
	}
	switch {
	case err != nil:
		f.Saw = err.Error()
	case len(agents) > 0:
		f.OK, f.Saw, f.Do = true, "an agent cannot publish a decision, nor have anything erased", ""
	default:
		f.OK, f.Saw, f.Do = true, "no agent has a key yet", "`weighlock identity add agent/NAME` makes one"
	}
	return f
}

func mayNot(ctx context.Context, place dev.Place, agent authz.Identity) error {
	subjects, err := place.Subjects()
	if err != nil {
		return err
	}
	violated := make(chan error, 1)
	key, err := place.Key(agent)
	if err != nil {
		return err
	}
	nc, err := authz.Connect(ctx, place.NATSURL, key, agent, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case violated <- err:
		default:
		}
	}))
	if err != nil {
		return fmt.Errorf("connecting as %s: %w", agent, err)
	}
	defer nc.Close()
	for _, subject := range []string{subjects.Decision(agent.Name, "doctor"), subjects.Privacy(agent.Name, "doctor")} {
		if err := nc.Publish(subject, nil); err != nil {
			return err
		}
		if err := nc.FlushWithContext(ctx); err != nil {
			return err
		}
		select {
		case err := <-violated:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				return err
			}
		case <-time.After(2 * time.Second):
			return fmt.Errorf("%s could publish on %s", agent, subject)
		}
	}
	return nil
}

func servicesFinding(ctx context.Context, place dev.Place) finding {
	f := finding{Check: "services", Do: "look at the log of `weighlock dev`"}
	text, err := get(ctx, "http://"+place.HTTP+"/readyz", http.StatusOK)
	if err != nil {
		f.Saw = err.Error()
		return f
	}
	f.OK, f.Saw, f.Do = true, text, ""
	return f
}

func engineFinding(ctx context.Context, place dev.Place) finding {
	f := finding{Check: "ClickHouse"}
	if place.ClickHouseURL == "" {
		source, err := engine.Locate(engine.LocateOptions{})
		if err != nil {
			f.Saw, f.Do = err.Error(), "run `make engine`, put a clickhouse binary on PATH, or give --clickhouse-url; the audit waits in the streams meanwhile"
			return f
		}
		f.Saw, f.Do = fmt.Sprintf("the pipeline runs without, but there is %s", source.Path), "restart `weighlock dev`"
		return f
	}
	var answer strings.Builder
	if err := ask.ClickHouse(ctx, place.ClickHouseURL, "SELECT version(), (SELECT count() FROM events FINAL)", "TSV", &answer); err != nil {
		f.Saw, f.Do = err.Error(), "look at the log of `weighlock dev`; the audit waits in the streams meanwhile"
		return f
	}
	version, events, _ := strings.Cut(strings.TrimSpace(answer.String()), "\t")
	f.OK, f.Saw = true, fmt.Sprintf("version %s, %s events", version, events)
	if place.ClickHouseNative != "" {
		answer.Reset()
		if err := ask.ClickHouse(ctx, place.ClickHouseNative, "SELECT 1", "TSV", &answer); err != nil {
			f.OK, f.Saw, f.Do = false, "HTTP answers, the native protocol does not: "+err.Error(), "look at the log of `weighlock dev`"
			return f
		}
		f.Saw += ", native protocol answers"
	}
	return f
}

func get(ctx context.Context, url string, want int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != want {
		return "", errors.New(strings.TrimSpace(string(body)))
	}
	return strings.TrimSpace(string(body)), nil
}
