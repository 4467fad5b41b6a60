// Package imports proves the direction of imports that .golangci.yml states.
package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/weighlock/weighlock/"

// rule forbids packages under `from` to depend, even indirectly, on packages under `to`.
type rule struct{ from, to, except, why string }

var rules = []rule{
	{"pkg/events", module, module + "pkg/events", "the contract depends on nothing of ours"},
	{"pkg/events", "github.com/nats-io/", "", "the contract knows headers, not clients"},
	{"pkg/", module + "internal/", "", "pkg never imports internal"},
	{"pkg/", module + "services/", "", "an SDK talks to services through subjects"},
	{"internal/", module + "services/", "", "services import internal, never the other way"},
	{"internal/", module + "cmd/", "", "nothing imports a command"},
	{"services/", module + "cmd/", "", "nothing imports a command"},
	{"services/", "github.com/nats-io/nats-server/", "", "only internal/embedded runs a server"},
	{"services/riskscorer", module + "services/", module + "services/riskscorer", "services meet on subjects only"},
	{"services/approver-router", module + "services/", module + "services/approver-router", "services meet on subjects only"},
	{"services/escalator", module + "services/", module + "services/escalator", "services meet on subjects only"},
	{"services/auditsink", module + "services/", module + "services/auditsink", "services meet on subjects only"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	packages := list(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages of the module; the rules would prove nothing", len(packages))
	}
	for _, r := range rules {
		for _, p := range packages {
			if !strings.HasPrefix(p.ImportPath, module+r.from) {
				continue
			}
			for _, dep := range p.Deps {
				if strings.HasPrefix(dep, r.to) && (r.except == "" || !strings.HasPrefix(dep, r.except)) {
					t.Errorf("%s depends on %s: %s", p.ImportPath, dep, r.why)
				}
			}
		}
	}
	onlyEmbeddedRunsAServer(t, packages)
}

// onlyEmbeddedRunsAServer looks at direct imports: `weighlock dev` may of course
// depend on the server through internal/embedded.
func onlyEmbeddedRunsAServer(t *testing.T, packages []pkg) {
	t.Helper()
	for _, p := range packages {
		if strings.HasPrefix(p.ImportPath, module+"internal/embedded/") {
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "github.com/nats-io/nats-server/") {
				t.Errorf("%s imports %s: only internal/embedded runs a server", p.ImportPath, imp)
			}
		}
	}
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	for dec := json.NewDecoder(out); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p.ImportPath, module) {
			packages = append(packages, p)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return packages
}
