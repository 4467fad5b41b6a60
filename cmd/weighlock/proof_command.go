package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weighlock/weighlock/cmd/weighlock/evidence"
	"github.com/weighlock/weighlock/cmd/weighlock/words"
	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/proof"
	"github.com/weighlock/weighlock/internal/safekeeping"
	"github.com/weighlock/weighlock/pkg/events"
)

// proofCommands verify and prove what the audit has written.
func (c *cli) proofCommands() []*cobra.Command {
	return []*cobra.Command{c.verifyCommand(), c.proveCommand(), c.checkCommand()}
}

const keyUsage = "`file` with the public keys to trust, one a line (default: those of this pipeline)"

func (c *cli) verifyCommand() *cobra.Command {
	var since, keys, digests string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Read every row again and say exactly which was changed, added or taken out",
		Example: `  weighlock audit verify
  weighlock audit verify --since 7d --key trusted.pub
  weighlock audit verify --digests https://objects.example.com/weighlock-digests`,
		Args: cobra.NoArgs,
	}
	command.Flags().StringVar(&since, "since", "", "how far back: a `time` such as 30d or 12h, or a date (default: from the beginning)")
	command.Flags().StringVar(&keys, "key", "", keyUsage)
	command.Flags().StringVar(&digests, "digests", "", "`place` outside of the pipeline that has digests too: a directory, or the URL of a bucket")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		from := time.Unix(0, 0)
		if since != "" {
			var err error
			if from, err = pointInTime("--since", since, time.Now()); err != nil {
				return err
			}
		}
		at, done, err := c.evidence(cmd.Context(), keys)
		if err != nil {
			return err
		}
		defer done()
		if digests != "" {
			if at.Kept, err = safekeeping.Open(digests); err != nil {
				return err
			}
		}
		report, err := at.Verify(cmd.Context(), from)
		if err != nil {
			return err
		}
		if c.json {
			err = printJSON(cmd.OutOrStdout(), report)
		} else {
			err = printVerified(cmd.OutOrStdout(), report)
		}
		if err == nil && len(report.Findings) > 0 {
			err = &exitError{code: exitFailed}
		}
		return err
	}
	return command
}

func printVerified(w io.Writer, report evidence.Report) error {
	rows := make([][]string, 0, len(report.Parts))
	for _, p := range report.Parts {
		rows = append(rows, []string{p.Stream, time.Unix(0, int64(p.Epoch)).UTC().Format(time.DateTime), fmt.Sprint(p.Rows), fmt.Sprint(p.Signed)})
	}
	if err := table(w, []string{"STREAM", "MADE", "ROWS", "SIGNED"}, rows); err != nil {
		return err
	}
	for _, f := range report.Findings {
		if _, err := fmt.Fprintln(w, words.Printable(f.String())); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, conclusion(report))
	return err
}

func conclusion(report evidence.Report) string {
	found, unsigned := uint64(len(report.Findings)), uint64(0)
	for _, p := range report.Parts {
		found += p.Further
		unsigned += p.Rows - p.Signed
	}
	switch {
	case found > 0:
		return fmt.Sprintf("%d findings: the record was tampered with, or damaged.", found)
	case unsigned > 0:
		return fmt.Sprintf("Everything is as it was written, as far as can be told: %d rows are not signed. The newest ones are in a moment; those from before signing began never are.", unsigned)
	default:
		return "Everything is as it was written, and signed."
	}
}

func (c *cli) proveCommand() *cobra.Command {
	var keys string
	command := &cobra.Command{
		Use:     "prove AGENT/ACTION",
		Short:   "Write a proof of what happened to one action, which anybody can check offline",
		Example: "  weighlock audit prove billing/a-17 > a-17.proof.json",
		Args:    cobra.ExactArgs(1),
	}
	command.Flags().StringVar(&keys, "key", "", keyUsage)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		agent, action, ok := strings.Cut(args[0], "/")
		if !ok {
			return fmt.Errorf("%q names no action: write AGENT/ACTION", args[0])
		}
		if err := errors.Join(events.CheckToken("agent", agent), events.CheckToken("action", action)); err != nil {
			return err
		}
		at, done, err := c.evidence(cmd.Context(), keys)
		if err != nil {
			return err
		}
		defer done()
		bundle, err := at.Prove(cmd.Context(), agent, action)
		if err != nil {
			return err
		}
		return printJSON(cmd.OutOrStdout(), bundle)
	}
	return command
}

func (c *cli) checkCommand() *cobra.Command {
	var keys string
	command := &cobra.Command{
		Use:     "check FILE",
		Short:   "Check a proof, without a pipeline and without a database",
		Example: "  weighlock audit check a-17.proof.json --key trusted.pub",
		Args:    cobra.ExactArgs(1),
	}
	command.Flags().StringVar(&keys, "key", "", "`file` with the public keys to trust, one a line; never take it from whoever gave you the proof")
	command.RunE = func(cmd *cobra.Command, args []string) error {
		if keys == "" {
			return errors.New("--key is missing: a proof is worth as much as the key that is trusted, the file proof.pem.pub of the pipeline")
		}
		trusted, err := readKeys(keys)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(args[0])
		if err != nil {
			return fmt.Errorf("reading the proof: %w", err)
		}
		var bundle proof.Bundle
		if err := json.Unmarshal(text, &bundle); err != nil {
			return fmt.Errorf("reading the proof %s: %w", args[0], err)
		}
		if err := bundle.Check(trusted); err != nil {
			return fmt.Errorf("the proof does not hold: %w", err)
		}
		rows := make([][]string, 0, len(bundle.Events))
		for _, e := range bundle.Events {
			rows = append(rows, []string{e.Digest.Stream, fmt.Sprint(e.Seq), e.Subject, time.Unix(0, e.Digest.At).UTC().Format(time.RFC3339), e.Digest.Key[:16]})
		}
		if err := table(cmd.OutOrStdout(), []string{"STREAM", "SEQUENCE", "SUBJECT", "NOT AFTER", "KEY"}, rows); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "The proof holds: %d events are as they were signed.\n", len(bundle.Events))
		return err
	}
	return command
}

// evidence opens the pipeline's record. done closes the connection.
func (c *cli) evidence(ctx context.Context, keys string) (at evidence.Place, done func(), err error) {
	place, err := c.audited()
	if err != nil {
		return at, nil, err
	}
	if keys == "" {
		keys = proof.PublicPath(place.ProofKey())
	}
	if at.Trusted, err = readKeys(keys); err != nil {
		return at, nil, err
	}
	at.ClickHouseURL = place.ClickHouseURL
	if at.Subjects, err = place.Subjects(); err != nil {
		return at, nil, err
	}
	nc, err := connect(ctx, place, authz.TheOperator())
	if err != nil {
		return at, nil, err
	}
	if at.JetStream, err = jetstream.New(nc); err != nil {
		nc.Close()
		return at, nil, err
	}
	return at, nc.Close, nil
}

func readKeys(path string) (proof.Keys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the public keys: %w", err)
	}
	trusted := proof.Keys{}
	if err := trusted.Trust(string(text)); err != nil {
		return nil, fmt.Errorf("reading the public keys in %s: %w", path, err)
	}
	if len(trusted) == 0 {
		return nil, fmt.Errorf("%s holds no public key", path)
	}
	return trusted, nil
}
