package docgen

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ExitCode is what an exit code of the command line says.
type ExitCode struct {
	Code    int
	Meaning string
}

// Commands is docs/commands.md: every command of root that is not hidden.
func Commands(root *cobra.Command, codes []ExitCode) []byte {
	root.InitDefaultHelpFlag()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Commands\n\n%s\n`%s`: %s.\n\n", generated, root.Name(), strings.TrimSuffix(root.Short, "."))
	b.WriteString("These flags go with every command:\n\n")
	flags(&b, root.PersistentFlags())
	b.WriteString("\n| exit code | meaning |\n| --- | --- |\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "| %d | %s |\n", c.Code, cell(c.Meaning))
	}
	for _, group := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(group.Title, ":"))
		for _, c := range root.Commands() {
			if c.GroupID == group.ID {
				command(&b, c)
			}
		}
	}
	return b.Bytes()
}

func command(b *bytes.Buffer, c *cobra.Command) {
	if c.Hidden {
		return
	}
	if c.Runnable() {
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n```text\n%s\n```\n", c.CommandPath(), about(c), c.UseLine())
		if c.Example != "" {
			fmt.Fprintf(b, "\nFor example:\n\n```sh\n%s\n```\n", strings.Trim(dedent(c.Example), "\n"))
		}
		if c.LocalNonPersistentFlags().HasAvailableFlags() {
			b.WriteString("\n")
			flags(b, c.LocalNonPersistentFlags())
		}
	}
	for _, child := range c.Commands() {
		command(b, child)
	}
}

func about(c *cobra.Command) string {
	if c.Long != "" {
		return strings.TrimSpace(c.Long)
	}
	return strings.TrimSuffix(c.Short, ".") + "."
}

func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func flags(b *bytes.Buffer, set *pflag.FlagSet) {
	b.WriteString("| flag | default | meaning |\n| --- | --- | --- |\n")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		standard := f.DefValue
		if standard == "[]" {
			standard = ""
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, given(standard), cell(usage))
	})
}
