package docgen

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
)

// Section is the settings of one service, or of all of them.
type Section struct {
	Title string
	// Text stands below the title; one paragraph.
	Text  string
	Flags *flag.FlagSet
}

// Settings is docs/settings.md. envPrefix starts the environment variable of every setting.
func Settings(envPrefix string, sections []Section) []byte {
	var b bytes.Buffer
	b.WriteString("# Settings\n\n" + generated + `
Every setting of a service has one name. It can be a flag, an environment variable, or a line of the YAML file that ` + "`-config`" + ` names.
A flag wins over the environment, the environment over the file. A name that the service does not know is an error with its line.

` + "```" + `yaml
nats-url: nats://nats-1:4222,nats://nats-2:4222,nats://nats-3:4222
log-format: json
` + "```" + `

A value that is wrong stops the service at its start. The error names the setting and says what to write. A time is written as ` + "`500ms`, `30s` or `15m`" + `.
The flags of the command line, ` + "`weighlock dev`" + ` included, are on [commands.md](commands.md).
`)
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| setting | environment | default | meaning |\n| --- | --- | --- | --- |\n", s.Title, s.Text)
		s.Flags.VisitAll(func(f *flag.Flag) {
			_, usage := flag.UnquoteUsage(f)
			env := envPrefix + "_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", f.Name, env, given(f.DefValue), cell(usage))
		})
	}
	return b.Bytes()
}

// given shows a default that is worth showing: the text of a setting says what its zero value means.
func given(value string) string {
	switch value {
	case "", "0", "0s", "false":
		return ""
	}
	return "`" + cell(value) + "`"
}
