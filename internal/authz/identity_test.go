package authz_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/weighlock/weighlock/internal/authz"
	"github.com/weighlock/weighlock/internal/embedded/natstest"
	"github.com/weighlock/weighlock/pkg/events"
)

var unsafeNames = []string{"*", ">", "a.b", "", "a b", "a*", "..", "../x", "a/b", "a\nb", `a"b`, "${x}", "{{name()}}", "é", strings.Repeat("a", 65)}

// A name that is no safe token never reaches a permission, a path or a configuration.
func TestUnsafeNamesAreRefused(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := authz.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := keys.Ensure(agent("good"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []authz.Identity
	for _, name := range unsafeNames {
		ids = append(ids, agent(name), approver(name), adapter(name), assessor(name), service(name), authz.Identity{Kind: authz.Operator, Name: name})
	}
	ids = append(ids, adapter(authz.SelfChannel), service("agent"), service("billing"),
		authz.Identity{Kind: authz.Operator, Name: "root"}, authz.Identity{Kind: "admin", Name: "x"}, authz.Identity{Kind: "", Name: "x"}, authz.Identity{Kind: "*", Name: "x"})
	for _, id := range ids {
		var field *events.FieldError
		if err := id.Validate(); !errors.As(err, &field) || field.Fix == "" {
			t.Errorf("%q: %v, want an error that names a field and the way out", id, err)
		}
		if p, err := authz.For(id, s); err == nil || p.Account != "" || p.Publish != nil || p.Subscribe != nil {
			t.Errorf("%q has permissions %+v, %v", id, p, err)
		}
		if text, err := authz.ServerConfig(s, []authz.User{{Identity: id, PublicKey: public}}); err == nil || text != "" {
			t.Errorf("%q is in a configuration: %v", id, err)
		}
		if path, _, err := keys.Ensure(id); err == nil {
			t.Errorf("%q has a key at %s", id, path)
		}
		if _, err := authz.Connect(t.Context(), "nats://127.0.0.1:1", keys.Path(agent("good")), id); err == nil {
			t.Errorf("%q connected", id)
		}
		if _, err := authz.ParseIdentity(id.String()); err == nil {
			t.Errorf("%q parses", id)
		}
	}
	if users, err := keys.List(); err != nil || len(users) != 1 {
		t.Errorf("keys after all that: %v, %v", users, err)
	}
}

func TestConfigurationsThatOpenTheDoorAreRefused(t *testing.T) {
	t.Parallel()
	s, err := events.NewSubjects("")
	if err != nil {
		t.Fatal(err)
	}
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	notUser, err := account.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := authz.OpenKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := keys.Ensure(agent("a"))
	if err != nil {
		t.Fatal(err)
	}
	for name, users := range map[string][]authz.User{
		"nobody":          nil,
		"no key":          {{Identity: agent("a")}},
		"an account key":  {{Identity: agent("a"), PublicKey: notUser}},
		"a key with more": {{Identity: agent("a"), PublicKey: public + `", permissions: {}} {nkey: "`}},
		"one key for two": {{Identity: agent("a"), PublicKey: public}, {Identity: agent("b"), PublicKey: public}},
	} {
		if text, err := authz.ServerConfig(s, users); err == nil {
			t.Errorf("%s: rendered %s", name, text)
		}
	}
}

func TestKeysAreMadeOnceAndForTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	var wg sync.WaitGroup
	publics := make([]string, 16)
	for i := range publics {
		wg.Go(func() {
			keys, err := authz.OpenKeys(dir)
			if err == nil {
				_, publics[i], err = keys.Ensure(agent("billing"))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, public := range publics {
		if public != publics[0] || !nkeys.IsValidPublicUserKey(public) {
			t.Fatalf("racing callers got keys %q", publics)
		}
	}
	keys, err := authz.OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	users, err := keys.List()
	if err != nil || len(users) != 1 || users[0] != (authz.User{Identity: agent("billing"), PublicKey: publics[0]}) {
		t.Fatalf("listed %v, %v", users, err)
	}
	for path, mode := range map[string]os.FileMode{keys.Path(agent("billing")): 0o600, filepath.Join(dir, "agent"): 0o700, dir: 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v (%v)", path, info.Mode().Perm(), mode, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "agent", "broken.nk"), []byte("SU"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.List(); err == nil || !strings.Contains(err.Error(), "agent/broken") {
		t.Errorf("listing a broken seed: %v", err)
	}
}

func TestWhoIsUnknownIsShutOut(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	elsewhere, err := authz.OpenKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, err := elsewhere.Ensure(agent("billing"))
	if err != nil {
		t.Fatal(err)
	}
	if nc, err := authz.Connect(t.Context(), s.URL, stranger, agent("billing")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a key nobody knows: %v, %v", nc, err)
	}
	for name, option := range map[string]nats.Option{
		"nothing": nats.Name("x"), "a password": nats.UserInfo("operator", "operator"), "a token": nats.Token("operator"),
		"the system's default": nats.UserInfo("sys", "sys"),
	} {
		if nc, err := nats.Connect(s.URL, option); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("with %s: %v, %v", name, nc, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := authz.Connect(ctx, s.URL, s.Add(t, agent("billing")), agent("billing")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
}

// Two cells have nothing in common: every name carries the prefix.
func TestPrefixIsEverywhere(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.WithPrefix("cell-7"))
	js := s.JetStream(t, agent("billing"))
	if _, err := js.Publish(t.Context(), "cell-7.actions.billing.a1", nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range append(authz.Services(), agent("a"), approver("a"), adapter("a"), assessor("a")) {
		p, err := authz.For(id, s.Subjects)
		if err != nil {
			t.Fatal(err)
		}
		for _, subject := range append(append(p.Publish, p.Subscribe...), p.Account) {
			if strings.Contains(subject, "wl") || strings.Contains(subject, "WL") {
				t.Errorf("%s: %s belongs to another cell", id, subject)
			}
		}
	}
}
