package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighlock/weighlock/cmd/weighlock/ask"
	"github.com/weighlock/weighlock/cmd/weighlock/dev"
	"github.com/weighlock/weighlock/cmd/weighlock/evidence"
	"github.com/weighlock/weighlock/internal/proof"
)

// tamperer is somebody who may do everything in ClickHouse.
type tamperer struct {
	*shell
	place dev.Place
}

func (x *tamperer) do(sql string) {
	x.t.Helper()
	u, err := url.Parse(x.place.ClickHouseURL)
	if err != nil {
		x.t.Fatal(err)
	}
	user := u.User
	u.User, u.Path = nil, "/"
	u.RawQuery = url.Values{"database": {ask.Database}, "mutations_sync": {"2"}, "insert_deduplicate": {"0"}}.Encode()
	req, err := http.NewRequestWithContext(x.ctx, http.MethodPost, u.String(), strings.NewReader(sql))
	if err != nil {
		x.t.Fatal(err)
	}
	if user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		x.t.Fatalf("%s: %s", sql, text)
	}
}

func (x *tamperer) query(sql string) string {
	x.t.Helper()
	var out bytes.Buffer
	if err := ask.ClickHouse(x.ctx, x.place.ClickHouseURL, sql, "TabSeparated", &out); err != nil {
		x.t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// remake writes the row seq of the ledger with other data, and all hashes from there on.
func (x *tamperer) remake(seq uint64) {
	x.t.Helper()
	const at = "stream = 'WL_DECISIONS'"
	head, err := hex.DecodeString(x.query(fmt.Sprintf("SELECT lower(hex(chain_hash)) FROM untouched WHERE %s AND seq = %d", at, seq-1)))
	if err != nil {
		x.t.Fatal(err)
	}
	chain := proof.Hash(head)
	x.do(fmt.Sprintf("ALTER TABLE events DELETE WHERE %s AND seq >= %d", at, seq))
	for ; ; seq++ {
		f := strings.Split(x.query(fmt.Sprintf("SELECT subject, hex(headers_raw), hex(replaceOne(data, 'approved', 'rejected')) FROM untouched WHERE %s AND seq = %d", at, seq)), "\t")
		if len(f) != 3 {
			return
		}
		headers, _ := hex.DecodeString(f[1])
		data, _ := hex.DecodeString(f[2])
		leaf := proof.LeafHash(f[0], headers, data)
		chain = proof.ChainNext(chain, seq, leaf)
		x.do(fmt.Sprintf("INSERT INTO events SELECT * REPLACE (unhex('%s') AS data, 'rejected' AS outcome, unhex('%s') AS leaf_hash, unhex('%s') AS chain_hash) FROM untouched WHERE %s AND seq = %d", f[2], leaf, chain, at, seq))
	}
}

func (x *tamperer) verify() []string {
	x.t.Helper()
	out, code := x.run("audit", "verify", "--json")
	var r evidence.Report
	if err := json.Unmarshal([]byte(out[:strings.LastIndex(out, "}")+1]), &r); err != nil {
		x.t.Fatalf("%v: %s", err, out)
	}
	found := []string{}
	for _, f := range r.Findings {
		found = append(found, fmt.Sprintf("%s %s %d-%d", f.Kind, f.Stream, f.Lo, f.Hi))
	}
	if (code == exitOK) != (len(found) == 0) {
		x.t.Errorf("verify ends with %d and finds %q", code, found)
	}
	return found
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	sh, p := pipeline(t)
	for i := range 8 {
		sh.must(exitOK, "propose", "--id", fmt.Sprint("s-", i), "--tool", "search_web", "--args", `{"query":"tides"}`, "--wait")
	}
	x := &tamperer{sh, p.Place}
	sh.until("8\n", "audit", "query", "--format", "TSV", "SELECT count() FROM decisions")
	sh.until("and signed.", "audit", "verify")
	sh.until(`"seq"`, "audit", "prove", "assistant/s-7")
	x.do("CREATE TABLE untouched AS events")
	x.do("INSERT INTO untouched SELECT * FROM events")
	x.do("CREATE TABLE digests_untouched AS digests")
	x.do("INSERT INTO digests_untouched SELECT * FROM digests")
	const state = "SELECT (SELECT (count(), sum(cityHash64(*))) FROM events), (SELECT count() FROM digests)"
	const row = "WHERE stream = 'WL_DECISIONS' AND seq = 3"
	for _, c := range []struct {
		name, want string
		tamper     func()
	}{
		{"update of the bytes", "changed WL_DECISIONS 3-3", func() { x.do("ALTER TABLE events UPDATE data = replaceOne(data, 'approved', 'rejected') " + row) }},
		{"update of a column", "columns WL_DECISIONS 3-3", func() { x.do("ALTER TABLE events UPDATE outcome = 'rejected' " + row) }},
		{"delete", "missing WL_DECISIONS 3-3", func() { x.do("ALTER TABLE events DELETE " + row) }},
		{"forged insert beside", "forged WL_DECISIONS 3-3", func() {
			x.do("INSERT INTO events SELECT * REPLACE ('{}' AS data, unhex(repeat('ab', 32)) AS leaf_hash) FROM untouched " + row)
		}},
		{"forged insert behind", "forged WL_DECISIONS 9-77", func() {
			x.do("INSERT INTO events SELECT * REPLACE (toUInt64(77) AS seq) FROM (SELECT * FROM untouched " + row + ")")
		}},
		{"swapped", "unlinked WL_DECISIONS 3-3", func() {
			x.do("ALTER TABLE events DELETE WHERE stream = 'WL_DECISIONS' AND seq IN (3, 5)")
			x.do("INSERT INTO events SELECT * REPLACE (toUInt64(8 - seq) AS seq) FROM (SELECT * FROM untouched WHERE stream = 'WL_DECISIONS' AND seq IN (3, 5))")
		}},
		{"truncated tail", "missing WL_DECISIONS 7-8", func() { x.do("ALTER TABLE events DELETE WHERE stream = 'WL_DECISIONS' AND seq > 6") }},
		{"made anew", "rewritten WL_DECISIONS 3-3", func() { x.remake(3) }},
		{"digest taken out", "digest WL_DECISIONS", func() { x.do("ALTER TABLE digests DELETE WHERE stream = 'WL_DECISIONS' AND lo <= 3 AND hi >= 3") }},
	} {
		before := x.query(state)
		c.tamper()
		if x.query(state) == before {
			t.Fatalf("%s changed nothing", c.name)
		}
		if got := strings.Join(x.verify(), ", "); !strings.Contains(got, c.want) {
			t.Errorf("%s: found %s, want %s", c.name, got, c.want)
		}
		for table, copied := range map[string]string{"events": "untouched", "digests": "digests_untouched"} {
			x.do("TRUNCATE TABLE " + table)
			x.do("INSERT INTO " + table + " SELECT * FROM " + copied)
		}
		if got := x.verify(); len(got) > 0 {
			t.Fatalf("after %s was put right: %q", c.name, got)
		}
	}
}

func TestProveAndCheck(t *testing.T) {
	t.Parallel()
	sh, p := pipeline(t)
	sh.must(exitOK, "propose", "--id", "pay-9", "--tool", "send_payment", "--args", `{"amount": 90}`)
	sh.must(exitOK, "approve", sh.waiting(), "--as", "carol", "--comment", "fine")
	sh.must(exitOK, "propose", "--id", "pay-9", "--tool", "send_payment", "--args", `{"amount": 90}`, "--wait")
	sh.until("1\n", "audit", "query", "--format", "TSV", "SELECT count() FROM decisions WHERE action = 'pay-9'")
	sh.until("and signed.", "audit", "verify")
	dir := t.TempDir()
	file, keys := filepath.Join(dir, "proof.json"), filepath.Join(dir, "keys.pub")
	text := sh.until("wl.decisions.assistant.pay-9", "audit", "prove", "assistant/pay-9")
	public, err := os.ReadFile(proof.PublicPath(p.Place.ProofKey()))
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{file: []byte(text), keys: public} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sh.must(exitFailed, "audit", "prove", "assistant/nothing")
	p.Stop() // offline from here
	out := sh.must(exitOK, "audit", "check", file, "--key", keys)
	for _, want := range []string{"wl.actions.assistant.pay-9", "wl.verdicts.", ".carol.", "wl.decisions.assistant.pay-9", "The proof holds"} {
		if !strings.Contains(out, want) {
			t.Errorf("the proof lacks %q:\n%s", want, out)
		}
	}
	sh.must(exitFailed, "audit", "check", file)
	if err := os.WriteFile(keys, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.must(exitFailed, "audit", "check", file, "--key", keys)
}
