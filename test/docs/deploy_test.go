package docs

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/approver-router/routing"
	"github.com/weighlock/weighlock/services/auditsink/sink"
	"github.com/weighlock/weighlock/services/escalator/escalation"
	"github.com/weighlock/weighlock/services/riskscorer/scoring"
)

// own are the settings of one service, and what its configuration leaves to files that a
// user puts in place: there the built-in ones stand in.
type own struct {
	register func(*flag.FlagSet)
	validate func() error
	files    map[*string]string
}

func services() map[string]own {
	var scorer scoring.Config
	var router routing.Config
	var escalator escalation.Config
	var audit sink.Config
	return map[string]own{
		"riskscorer":      {scorer.Register, func() error { return scorer.Validate() }, map[*string]string{&scorer.PolicyFile: "policies"}},
		"approver-router": {router.Register, func() error { return router.Validate() }, map[*string]string{&router.RoutesFile: "policies/routes/default.yaml", &router.ApproversFile: "policies/routes/approvers.yaml"}},
		"escalator":       {escalator.Register, func() error { return escalator.Validate() }, map[*string]string{&escalator.ApproversFile: "policies/routes/approvers.yaml"}},
		"auditsink":       {audit.Register, func() error { return audit.Validate() }, nil},
	}
}

// Every configuration of deploy/ is read as its service reads it.
func TestConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	for name, service := range services() {
		var every daemon.Settings
		fs := flag.NewFlagSet(name, flag.ContinueOnError)
		every.Register(fs)
		service.register(fs)
		if err := daemon.Parse(fs, []string{"-config", filepath.Join(root, "deploy", "config", name+".yaml")}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for file, builtIn := range service.files {
			if *file == "" {
				t.Errorf("%s: the configuration names no file in place of %s", name, builtIn)
			}
			*file = filepath.Join(root, builtIn)
		}
		if err := every.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := service.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if every.Key != "/etc/weighlock/keys/service/"+name+".nk" || every.HTTP == "" {
			t.Errorf("%s: key %q, http %q", name, every.Key, every.HTTP)
		}
	}
}

// A setting that a service does not have is an error that names it.
func TestConfigurationWithAnUnknownSettingIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "typo.yaml")
	if err := os.WriteFile(path, []byte("nats-url: nats://a:4222\nnat-url: nats://b:4222\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var every daemon.Settings
	fs := flag.NewFlagSet("typo", flag.ContinueOnError)
	every.Register(fs)
	err := daemon.Parse(fs, []string{"-config", path})
	if err == nil || !strings.Contains(err.Error(), "line 2: nat-url") {
		t.Errorf("error %v, want one that names line 2 and nat-url", err)
	}
}

var execStart = regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/(\S+) -config /etc/weighlock/(\S+)\.yaml$`)

// Every unit starts its own service with its own configuration.
func TestUnitsStartTheirServices(t *testing.T) {
	t.Parallel()
	for name := range services() {
		m := execStart.FindStringSubmatch(read(t, "deploy/systemd/weighlock-"+name+".service"))
		if m == nil || m[1] != name || m[2] != name {
			t.Errorf("the unit of %s starts %v", name, m)
		}
	}
}

// A NATS server reads the example with the accounts of a whole pipeline beside it.
func TestServerConfigurationIsValid(t *testing.T) {
	t.Parallel()
	subjects, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keys, err := authz.OpenKeys(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	everybody := append(authz.Services(), authz.TheOperator(), authz.Identity{Kind: authz.Agent, Name: "billing"},
		authz.Identity{Kind: authz.Approver, Name: "carol"}, authz.Identity{Kind: authz.Adapter, Name: "console"})
	for _, id := range everybody {
		if _, _, err := keys.Ensure(id); err != nil {
			t.Fatal(err)
		}
	}
	users, err := keys.List()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := authz.ServerConfig(subjects, users)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nats.conf")
	for file, text := range map[string]string{path: read(t, "deploy/nats.conf.example"), filepath.Join(dir, "weighlock-accounts.conf"): accounts} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !options.JetStream || len(options.Nkeys) != len(everybody) || len(options.Accounts) != 4 || options.Cluster.Name != "weighlock" {
		t.Errorf("JetStream %t, %d users, %d accounts, cluster %q", options.JetStream, len(options.Nkeys), len(options.Accounts), options.Cluster.Name)
	}
}
