package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/cmd/weighlock/words"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/bucket"
	"github.com/weighlock/weighlock/internal/requests"
	"github.com/weighlock/weighlock/pkg/events"
)

// moment is one event in the life of an action.
type moment struct {
	At      time.Time       `json:"at"`
	Type    string          `json:"type"`
	Subject string          `json:"subject"`
	Words   string          `json:"words"`
	ID      string          `json:"id"`
	Data    json.RawMessage `json:"data"`
}

func (c *cli) traceCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "trace ACTION",
		Short:   "The timeline of one action: asked, scored, shown, answered, decided, done",
		Example: "  weighlock trace billing-bot/a-17",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			moments, err := c.timeline(ctx, args[0])
			if err != nil {
				return err
			}
			if len(moments) == 0 {
				return fmt.Errorf("nothing is known of action %s", args[0])
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), moments)
			}
			return printTimeline(cmd.OutOrStdout(), moments)
		},
	}
}

// timeline reads what the streams hold about an action, named ACTION or AGENT/ACTION.
func (c *cli) timeline(ctx context.Context, name string) ([]moment, error) {
	agent, action, ok := strings.Cut(name, "/")
	if !ok {
		agent, action = "*", name
	} else if err := events.CheckToken("agent", agent); err != nil {
		return nil, err
	}
	if err := events.CheckToken("action", action); err != nil {
		return nil, err
	}
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	subjects, err := place.Subjects()
	if err != nil {
		return nil, err
	}
	nc, err := connect(ctx, place, authz.TheOperator())
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	var all []moment
	read := func(stream string, filters ...string) error {
		found, err := readStream(ctx, js, subjects, stream, filters)
		all = append(all, found...)
		return err
	}
	err = errors.Join(
		read("ACTIONS", subjects.Action(agent, action), subjects.Withdrawal(agent, action), subjects.Receipt(agent, action), subjects.Answer(agent, action, "*")),
		read("EVENTS", subjects.Assessment("*", agent, action)),
		read("DECISIONS", subjects.Decision(agent, action)))
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Clone(all) {
		var d events.DecisionMade
		if m.Type != events.DecisionMadeType || json.Unmarshal(m.Data, &d) != nil {
			continue
		}
		if d.DecidedBy.Grant != "" {
			err = errors.Join(err, read("EVENTS", subjects.Grant(d.DecidedBy.Grant, events.GrantGiven)))
		}
		if p := d.DecidedBy.Plan; p != nil {
			err = errors.Join(err, read("DECISIONS", subjects.Decision(d.Agent, p.Action)))
		}
	}
	if err != nil {
		return nil, err
	}
	on, err := requestsOf(ctx, js, subjects, all)
	for _, request := range on {
		err = errors.Join(err, read("EVENTS", subjects.Approval("*", "*", request)), read("VERDICTS", subjects.Verdict("*", "*", request), subjects.HandOver("*", "*", request)))
	}
	return sorted(all), err
}

// requestsOf finds the requests an action was on: its decision names one, each assessment of edited arguments the one
// they were edited on, and, while it waits, the router's claim the last.
func requestsOf(ctx context.Context, js jetstream.JetStream, s events.Subjects, all []moment) ([]string, error) {
	var agent, action string
	var found []string
	add := func(request string) {
		if request != "" && !slices.Contains(found, request) {
			found = append(found, request)
		}
	}
	for _, m := range all {
		var d events.DecisionMade
		var a events.ActionAssessed
		switch {
		case m.Type == events.DecisionMadeType && json.Unmarshal(m.Data, &d) == nil:
			add(d.Request)
		case m.Type == events.ActionAssessedType && json.Unmarshal(m.Data, &a) == nil && a.Edited != nil:
			add(a.Edited.Request)
		}
		if _, x, y, err := s.ParseAction(m.Subject); err == nil {
			agent, action = x, y
		}
	}
	if agent == "" {
		return found, nil
	}
	kv, err := js.KeyValue(ctx, s.Stream(requests.Bucket))
	if err != nil {
		return found, fmt.Errorf("opening the requests: %w", err)
	}
	entry, err := kv.Get(ctx, requests.ClaimKey(agent, action))
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return found, fmt.Errorf("looking for the request: %w", err)
	case events.CheckToken("request", string(entry.Value())) == nil:
		add(string(entry.Value()))
	}
	return found, nil
}

// readStream reads every message of stream that matches filters. It needs no consumer: the client's takes a message without data that has a header "Status"
// for the server's word, and never shows it.
func readStream(ctx context.Context, js jetstream.JetStream, s events.Subjects, stream string, filters []string) ([]moment, error) {
	var found []moment
	for _, filter := range filters {
		for from, more := uint64(1), true; more; {
			var page []bucket.Entry
			var err error
			if page, more, err = bucket.Page(ctx, js.Conn(), s.Stream(stream), filter, from); err != nil {
				return nil, fmt.Errorf("reading %s: %w", stream, err)
			}
			for i := range page {
				m, err := momentOf(s, &page[i])
				if err != nil {
					return nil, fmt.Errorf("reading %s: %w", stream, err)
				}
				found, from = append(found, m), page[i].Sequence+1
			}
		}
	}
	return found, nil
}

func momentOf(s events.Subjects, entry *bucket.Entry) (moment, error) {
	at, err := entry.StoredAt()
	if err != nil {
		return moment{}, err
	}
	m := moment{At: at, Subject: entry.Subject}
	e, err := events.Decode(events.Header(entry.Header), entry.Data)
	if err != nil {
		m.Type, m.Words = "unreadable", err.Error()
		return m, nil //nolint:nilerr // that is what is to be told of it
	}
	m.Type, m.ID, m.Data, m.Words = e.Type, e.ID, e.Data, words.Event(s, entry.Subject, e)
	return m, nil
}

func sorted(all []moment) []moment {
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return all
}

func printTimeline(w io.Writer, all []moment) error {
	start := all[0].At
	for _, m := range all {
		if _, err := fmt.Fprintf(w, "%s  %10s  %s\n", m.At.Local().Format("15:04:05.000"), "+"+m.At.Sub(start).Round(time.Millisecond).String(), words.Printable(m.Words)); err != nil {
			return err
		}
	}
	return nil
}
