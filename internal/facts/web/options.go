package web

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// options reads the switches of curl and wget where a tool takes them as text.
func (c *call) options(args *input.Arguments) {
	var words []string
	for i := range args.Texts {
		switch t := &args.Texts[i]; t.Key {
		case "args", "arguments", "options", "flags", "extraargs", "curlargs", "command", "argv", "params":
			if len(t.Value) > maxBody {
				c.cut = true
				continue
			}
			words = append(words, strings.Fields(t.Value)...)
		}
	}
	if len(words) > maxFields {
		words, c.cut = words[:maxFields], true
	}
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		c.option(w, next)
	}
}

func (c *call) option(w, next string) {
	name, value, joined := strings.Cut(w, "=")
	if joined {
		next = value
	}
	switch {
	case name == "-X" || name == "--request" || name == "--method":
		c.method(strings.Trim(next, `"'`), false)
	case strings.HasPrefix(w, "-X"):
		c.method(strings.Trim(w[2:], `"'`), false)
	case strings.HasPrefix(w, "-d") || strings.HasPrefix(w, "--data") || strings.HasPrefix(w, "--form") || strings.HasPrefix(w, "-F") || name == "--json" || strings.HasPrefix(w, "--post") || strings.HasPrefix(w, "--body"):
		c.body = true
		c.secret = c.secret || LooksSecret(next)
	case strings.HasPrefix(w, "-T") || name == "--upload-file":
		c.body = true
		c.kinds |= uploadsFile
	case strings.HasPrefix(w, "-o") || strings.HasPrefix(w, "-O") || name == "--output" || name == "--remote-name":
		c.output = true
	case strings.HasPrefix(w, "http://") || strings.HasPrefix(w, "https://"):
		c.link(&input.Text{Key: "url", Value: w})
	case w == "-K" || name == "--config":
		c.cut = true // the switches are in a file
	}
}
