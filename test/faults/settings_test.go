package faults

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/internal/authz"
)

// wrongSettings checks that each program reads its own settings before it looks at them:
// what is wrong ends it with code 2 and is named, before anything is connected to.
func wrongSettings(t *testing.T, programs string) {
	for _, c := range []struct {
		program, names string
		args           []string
	}{
		{authz.RiskScorer, "AckWait", []string{"-ack-wait", "1ms"}},
		{authz.ApproverRouter, "AckWait", []string{"-ack-wait", "1ms"}},
		{authz.Escalator, "PinnedTTL", []string{"-pinned-ttl", "1ms"}},
		{authz.AuditSink, "batchRows", []string{"-clickhouse-url", "http://127.0.0.1:1/", "-batch-rows", "-1"}},
		{authz.AuditSink, "clickhouseURL", nil},
	} {
		var said bytes.Buffer
		// Nobody listens on port 1: a program that gets so far ends, with another code.
		command := exec.CommandContext(t.Context(), filepath.Join(programs, c.program), append([]string{"-nats-url", "nats://127.0.0.1:1", "-key", "none.nk"}, c.args...)...)
		command.Stderr = &said
		exit, ok := errors.AsType[*exec.ExitError](command.Run())
		if !ok || exit.ExitCode() != 2 || !strings.Contains(said.String(), c.names) {
			t.Errorf("%s %v ended with %v and said: %s", c.program, c.args, exit, &said)
		}
	}
}
