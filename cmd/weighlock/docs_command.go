package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/facts"
	"github.com/weighlock/weighlock/internal/stream"
	"github.com/weighlock/weighlock/internal/tools/docgen"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
	"github.com/weighlock/weighlock/services/auditsink/schema"
	"github.com/weighlock/weighlock/services/auditsink/sink"
	"github.com/weighlock/weighlock/services/escalator/escalation"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

//go:generate go run . docs ../../docs

// docsCommand writes the reference pages. It is hidden: it serves whoever works on the project.
func docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs DIRECTORY",
		Short:  "Write the pages of docs/ and files of deploy/ that are made from the code",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			pages, err := referencePages()
			if err != nil {
				return err
			}
			for name, page := range pages {
				if err := os.WriteFile(filepath.Join(args[0], name), page, 0o644); err != nil { //nolint:gosec // for everybody to read
					return fmt.Errorf("writing %s: %w", name, err)
				}
			}
			return nil
		},
	}
}

// referencePages renders settings, metrics, commands and facts from what the programs themselves use.
func referencePages() (map[string][]byte, error) {
	metrics, err := metricGroups()
	if err != nil {
		return nil, err
	}
	var access bytes.Buffer
	if err := schema.WriteAccess(&access); err != nil {
		return nil, err
	}
	return map[string][]byte{
		"../deploy/clickhouse/access.sql": access.Bytes(),

		"settings.md": docgen.Settings(daemon.EnvPrefix, settingSections()),
		"metrics.md":  docgen.MetricsPage(metrics),
		"commands.md": docgen.Commands(newRoot(), exitCodes),
		"facts.md":    docgen.FactsPage(facts.All()),
	}, nil
}

// exitCodes says what the constants of the same names mean.
var exitCodes = []docgen.ExitCode{
	{Code: exitOK, Meaning: "it worked; with `--wait`: the action was approved"},
	{Code: exitFailed, Meaning: "it did not work"},
	{Code: exitRefused, Meaning: "the action was rejected, denied, expired or withdrawn; the verdict was refused"},
	{Code: exitUndecided, Meaning: "no answer in time: not approved"},
}

func settingSections() []docgen.Section {
	section := func(title, text string, register func(*flag.FlagSet)) docgen.Section {
		fs := flag.NewFlagSet(title, flag.ContinueOnError)
		register(fs)
		return docgen.Section{Title: title, Text: text, Flags: fs}
	}
	var every daemon.Settings
	var scorer scoring.Config
	var router routing.Config
	var escalator escalation.Config
	var audit sink.Config
	return []docgen.Section{
		section("Every service", "The file is named by `config`, which is a flag or `"+daemon.EnvPrefix+"_CONFIG`.", every.Register),
		section("riskscorer", "Weighs every proposed action.", scorer.Register),
		section("approver-router", "Decides what needs nobody and asks the right people about the rest. It answers agents, so it needs `replier-key`.", router.Register),
		section("escalator", "Goes on when nobody answers. It answers agents, so it needs `replier-key`.", escalator.Register),
		section("auditsink", "Writes everything to ClickHouse. `clickhouse-url` is required.", audit.Register),
	}
}

func metricGroups() ([]docgen.Group, error) {
	subjects, err := events.NewSubjects("")
	if err != nil {
		return nil, err
	}
	var runtime, scorer, router, audit docgen.Catalog
	stream.NewMetrics(&runtime)
	if _, err := scoring.NewMetrics(&scorer); err != nil {
		return nil, fmt.Errorf("listing the scorer's metrics: %w", err)
	}
	routing.NewMetrics(&router)
	rt := stream.Runtime{Conn: new(nats.Conn), Subjects: subjects}
	if _, err := sink.New(rt, sink.Config{ClickHouseURL: "http://localhost:8123/", Registerer: &audit}); err != nil {
		return nil, fmt.Errorf("listing the sink's metrics: %w", err)
	}
	return []docgen.Group{
		{Title: "riskscorer, approver-router, escalator", Text: "One series per service and consumer.", Metrics: runtime.Metrics()},
		{Title: "riskscorer", Text: "What it knows beside the actions: its policy, what happened lately, and what further assessors say.", Metrics: scorer.Metrics()},
		{Title: "approver-router", Text: "Also those above.", Metrics: router.Metrics()},
		{Title: "auditsink", Text: "One series per stream. The sink counts whole batches once they are written.", Metrics: audit.Metrics()},
	}, nil
}
