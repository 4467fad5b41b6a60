package daemon

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/peterbourgon/ff/v3"
	"go.yaml.in/yaml/v3"

	"github.com/weighlock/weighlock/pkg/events"
)

// EnvPrefix starts the environment variable of every setting: the flag
// -nats-url is WEIGHLOCK_NATS_URL.
const EnvPrefix = "WEIGHLOCK"

// Settings are what every service takes, whatever it does. A flag wins over the
// environment, the environment over the configuration file.
type Settings struct {
	NATSURL    string // one or more server URLs, separated by commas
	Key        string // file with the service's nkey seed
	ReplierKey string // file with the seed of service/replier; only services that answer agents need it
	Prefix     string // subject prefix of the cell
	HTTP       string // address of /healthz, /readyz and /metrics; empty for none
	LogLevel   string // debug, info, warn or error
	LogFormat  string // text or json
}

// Register adds the settings to fs with their defaults.
func (s *Settings) Register(fs *flag.FlagSet) {
	fs.StringVar(&s.NATSURL, "nats-url", "nats://127.0.0.1:4222", "NATS server `URL`s, separated by commas")
	fs.StringVar(&s.Key, "key", "", "`file` with the nkey seed of this service")
	fs.StringVar(&s.ReplierKey, "replier-key", "", "`file` with the nkey seed of service/replier, which answers agents")
	fs.StringVar(&s.Prefix, "prefix", events.DefaultPrefix, "subject `prefix` of this pipeline")
	fs.StringVar(&s.HTTP, "http", "", "`address` of /healthz, /readyz and /metrics, such as 127.0.0.1:8080; empty for none")
	fs.StringVar(&s.LogLevel, "log-level", "info", "least `level` to log: debug, info, warn or error")
	fs.StringVar(&s.LogFormat, "log-format", "text", "log `format`: text or json")
}

// Validate names the first setting that is wrong.
func (s *Settings) Validate() error {
	if s.NATSURL == "" {
		return &events.FieldError{Field: "nats-url", Problem: "is empty", Fix: "give the URL of a NATS server"}
	}
	if s.Key == "" {
		return &events.FieldError{Field: "key", Problem: "is empty", Fix: "give the file with this service's nkey seed; `weighlock identity add` makes one"}
	}
	if _, err := events.NewSubjects(s.Prefix); err != nil {
		return err
	}
	_, err := s.Logger("", io.Discard)
	return err
}

// Logger makes the logger that the settings ask for.
func (s *Settings) Logger(service string, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return nil, &events.FieldError{Field: "log-level", Problem: fmt.Sprintf("is %q", s.LogLevel), Fix: "use debug, info, warn or error"}
	}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler
	switch s.LogFormat {
	case "text":
		handler = slog.NewTextHandler(w, options)
	case "json":
		handler = slog.NewJSONHandler(w, options)
	default:
		return nil, &events.FieldError{Field: "log-format", Problem: fmt.Sprintf("is %q", s.LogFormat), Fix: "use text or json"}
	}
	return slog.New(handler).With("service", service), nil
}

// Parse fills fs from args, then the environment, then the YAML file named by
// -config. A key the program does not know is an error with its line.
func Parse(fs *flag.FlagSet, args []string) error {
	config := fs.Lookup("config")
	if config == nil {
		fs.String("config", "", "YAML `file` with settings, named as the flags are")
	}
	err := ff.Parse(fs, args,
		ff.WithEnvVarPrefix(EnvPrefix),
		ff.WithConfigFileFlag("config"),
		ff.WithConfigFileParser(parseYAML))
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return fmt.Errorf("reading settings: %w", err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("reading settings: unexpected argument %q", fs.Arg(0))
	}
	return nil
}

// parseYAML reads a flat mapping of settings, handing each to set with its line in
// any error.
func parseYAML(r io.Reader, set func(name, value string) error) error {
	var doc yaml.Node
	if err := yaml.NewDecoder(r).Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading YAML: %w", err)
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: expected settings as `name: value`", root.Line)
	}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		text, err := settingText(value)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", value.Line, key.Value, err)
		}
		if err := set(key.Value, text); err != nil {
			return fmt.Errorf("line %d: %s: %w", key.Line, key.Value, err)
		}
	}
	return nil
}

func settingText(n *yaml.Node) (string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value, nil
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return "", errors.New("is a list of more than plain values")
			}
			items[i] = item.Value
		}
		return strings.Join(items, ","), nil
	default:
		return "", errors.New("is not a plain value")
	}
}

// Fatal prints err as the end of program name and gives its exit code: 2 for
// settings that are wrong, 1 otherwise, 0 for -help.
func Fatal(name string, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	if _, ok := errors.AsType[*events.FieldError](err); ok {
		return 2
	}
	return 1
}
