// Command gen writes the events' schemas and docs/events.md; run it by go generate ./pkg/events.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/weighlock/weighlock/internal/tools/contract"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generating the contract's files:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	all, err := contract.Schemas()
	if err != nil {
		return err
	}
	for name, body := range all {
		if err := os.WriteFile(filepath.Join("pkg/events/schema/v1", name+".json"), body, 0o644); err != nil { //nolint:gosec // a source file, for all to read
			return err
		}
	}
	if err := os.MkdirAll("docs", 0o755); err != nil { //nolint:gosec // as the checkout's other directories
		return err
	}
	return os.WriteFile("docs/events.md", contract.Page(), 0o644) //nolint:gosec // a source file, for all to read
}
