package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighlock/weighlock/internal/approval"
	"github.com/weighlock/weighlock/internal/people"
	"github.com/weighlock/weighlock/internal/rulefile"
	"github.com/weighlock/weighlock/internal/similar"
	"github.com/weighlock/weighlock/pkg/events"
)

type requirement = approval.Requirement

const (
	fileVersion     = 1
	defaultMaxItems = 50
	maxItems        = 200
	maxWindow       = 5 * time.Minute
	maxDepth        = 16
	defaultUrgent   = 10 * time.Minute
	defaultPlans    = time.Hour
	maxPlans        = 24 * time.Hour
)

type routesFile struct {
	Version int                 `yaml:"version"`
	Paths   map[string]filePath `yaml:"paths"`
	Never   string              `yaml:"neverGrant"`
	Reviews []fileReview        `yaml:"reviews"`
	Route   fileRoute           `yaml:"route"`
}

// fileRoute is a route as a user writes it; what is nil comes from the route above.
type fileRoute struct {
	ID            string                `yaml:"id"`
	When          string                `yaml:"when"`
	Continue      bool                  `yaml:"continue"`
	Approvers     string                `yaml:"approvers"`
	RejectionEnds *bool                 `yaml:"rejectionEnds"`
	CommentOn     *[]events.VerdictKind `yaml:"commentOn"`
	Window        *fileWindow           `yaml:"window"`
	Similar       *fileSimilar          `yaml:"similar"`
	Flood         *fileFlood            `yaml:"flood"`
	MaxItems      *int                  `yaml:"maxItems"`
	Delivery      *Delivery             `yaml:"delivery"`
	Urgent        *fileUrgent           `yaml:"urgent"`
	Channels      *[]string             `yaml:"channels"`
	Path          string                `yaml:"path"`
	Otherwise     *events.Outcome       `yaml:"otherwise"`
	Medium        string                `yaml:"medium"`
	Mask          []string              `yaml:"mask"`
	Plans         string                `yaml:"plans"`
	Grants        *fileGrants           `yaml:"grants"`
	Attention     *fileAttention        `yaml:"attention"`
	Routes        []fileRoute           `yaml:"routes"`
}

type fileUrgent struct {
	Score    int           `yaml:"score"`
	Deadline time.Duration `yaml:"deadline"`
}

// Parse reads and compiles routes, whose groups are those of d. name is the file's name in errors, which are
// [*rulefile.Error] with line, field and the way out.
func Parse(name string, data []byte, d *people.Directory) (*Routes, error) {
	var in routesFile
	f, err := rulefile.Decode(name, data, &in)
	if err != nil {
		return nil, err
	}
	if in.Version != fileVersion {
		return nil, f.Errorf([]any{"version"}, "write version: 1", "is %d", in.Version)
	}
	facts, err := conditions()
	if err != nil {
		return nil, err
	}
	r := reader{file: f, people: d, facts: facts, seen: map[string]bool{}, paths: map[string]Path{}, out: &Routes{version: events.Digest(data)}}
	if err := r.readPaths(in.Paths); err != nil {
		return nil, err
	}
	if err := r.reviews(in.Reviews); err != nil {
		return nil, err
	}
	if text := strings.TrimSpace(in.Never); text != "" {
		never, err := r.facts.Compile(r.file, []any{"neverGrant"}, text)
		if err != nil {
			return nil, err
		}
		r.out.never = &never
	}
	r.out.root, err = r.route([]any{"route"}, &in.Route, nil)
	if err != nil {
		return nil, err
	}
	return r.out, nil
}

// reader compiles one file.
type reader struct {
	file   *rulefile.File
	people *people.Directory
	facts  *rulefile.Conditions
	seen   map[string]bool
	paths  map[string]Path
	out    *Routes
}

// root is what the topmost route has where it says nothing.
var root = Route{
	RejectionEnds: true, Window: Window{First: 2 * time.Second, Max: 20 * time.Second}, Similar: []Similarity{{parts: similar.Default()}}, MaxItems: defaultMaxItems, Delivery: Now,
	Urgent: Urgent{Deadline: defaultUrgent}, Otherwise: events.Expired,
	Plans: defaultPlans, Grants: GrantBounds{For: defaultGrantFor, Uses: defaultGrantUses},
}

// route reads the route at path and those below it; above is nil for the topmost.
func (r *reader) route(path []any, in *fileRoute, above *node) (*node, error) {
	at := func(step ...any) []any { return append(slices.Clone(path), step...) }
	n := &node{Route: root, goOn: in.Continue}
	if above != nil {
		n.Route = above.Route
	}
	n.ID = in.ID
	switch {
	case events.CheckToken("id", in.ID) != nil:
		return nil, r.file.Errorf(at("id"), "give the route a name of A-Z a-z 0-9 _ -", "is %q", in.ID)
	case r.seen[in.ID]:
		return nil, r.file.Errorf(at("id"), "give each route a name of its own", "is %q, which is taken", in.ID)
	case len(path)/2 > maxDepth:
		return nil, r.file.Errorf(at("id"), "flatten the tree", "is more than %d levels deep", maxDepth)
	}
	r.seen[in.ID] = true
	if err := r.condition(at, in, n, above); err != nil {
		return nil, err
	}
	if err := r.approvers(at, in, n, above); err != nil {
		return nil, err
	}
	if err := r.settings(at, in, n); err != nil {
		return nil, err
	}
	r.out.nodes = append(r.out.nodes, n)
	r.out.medium = r.out.medium || n.MediumWaits
	for i := range in.Routes {
		child, err := r.route(at("routes", i), &in.Routes[i], n)
		if err != nil {
			return nil, err
		}
		n.below = append(n.below, child)
	}
	return n, nil
}

func (r *reader) condition(at func(...any) []any, in *fileRoute, n, above *node) error {
	text := strings.TrimSpace(in.When)
	switch {
	case above == nil && (text != "" || in.Continue):
		return r.file.Errorf(at("when"), "leave it out; put what is special below it", "limits the topmost route, which takes what no other does")
	case above == nil:
		return nil
	case text == "" || text == "true":
		return r.file.Errorf(at("when"), "give it a condition, or move what it says to the route above", "is missing, so the routes after it are never reached")
	}
	when, err := r.facts.Compile(r.file, at("when"), text)
	n.when = &when
	return err
}

// approvers reads who must approve and the path on which others are brought in.
func (r *reader) approvers(at func(...any) []any, in *fileRoute, n, above *node) error {
	if above == nil && in.Approvers == "" {
		return r.file.Errorf(at("approvers"), `say who is asked, such as "operations" or "finance: 1 and security: 1"`, "is missing")
	}
	if in.Approvers != "" {
		require, err := parseApprovers(in.Approvers)
		if err != nil {
			return r.file.Errorf(at("approvers"), `write such as "operations", "any 2 of operations" or "finance: 1 and security: 1"`, "%s", err)
		}
		if why := unreachable(require, r.people); why != "" {
			return r.file.Errorf(at("approvers"), "correct the group's name, add people to it, or ask for fewer", "%s", why)
		}
		n.Require = require
	}
	if in.Path == "" {
		if in.Approvers != "" {
			n.Path = alone(n.Group())
		}
		return nil
	}
	path, ok := r.paths[in.Path]
	switch {
	case !ok:
		return r.file.Errorf(at("path"), "name one of the paths of this file", "is %q, which is no path", in.Path)
	case path.Tiers[0].Group != n.Group():
		return r.file.Errorf(at("path"), "start the path with "+n.Group()+", whom the route asks first", "starts with %s", path.Tiers[0].Group)
	}
	if group, ok := r.leaving(path, approval.Total(n.Require)); !ok {
		return r.file.Errorf(at("path"), "let earlier tiers stay, or add people to "+group, "leaves %s alone, who are too few to approve", group)
	}
	n.Path = path
	return nil
}

// settings reads what a route may say and its parent may have said.
func (r *reader) settings(at func(...any) []any, in *fileRoute, n *node) error {
	setIf(&n.RejectionEnds, in.RejectionEnds)
	setIf(&n.CommentOn, in.CommentOn)
	setIf(&n.MaxItems, in.MaxItems)
	setIf(&n.Delivery, in.Delivery)
	setIf(&n.Channels, in.Channels)
	setIf(&n.Otherwise, in.Otherwise)
	if in.Urgent != nil {
		n.Urgent = Urgent(*in.Urgent)
	}
	switch {
	case n.MaxItems < 1 || n.MaxItems > maxItems:
		return r.file.Errorf(at("maxItems"), fmt.Sprintf("use 1 to %d", maxItems), "is %d", n.MaxItems)
	case rank(n.Delivery) < 0:
		return r.file.Errorf(at("delivery"), "use now, hourly or daily", "is %q", string(n.Delivery))
	case n.Urgent.Score < 0 || n.Urgent.Score > 100:
		return r.file.Errorf(at("urgent", "score"), "use 1 to 100, or 0 for none", "is %d", n.Urgent.Score)
	case n.Urgent.Deadline < 0:
		return r.file.Errorf(at("urgent", "deadline"), "give a time such as 10m, or 0s", "is %s", n.Urgent.Deadline)
	case n.Otherwise != events.Rejected && n.Otherwise != events.Expired:
		return r.file.Errorf(at("otherwise"), "use rejected or expired; silence is never consent", "is %q", string(n.Otherwise))
	case in.Medium != "" && in.Medium != "waits" && in.Medium != "passes":
		return r.file.Errorf(at("medium"), "use waits or passes", "is %q", in.Medium)
	}
	if in.Medium != "" {
		n.MediumWaits = in.Medium == "waits"
	}
	n.Mask = both(n.Mask, in.Mask)
	if err := r.plans(at, in, n); err != nil {
		return err
	}
	if err := r.attention(at, in, n); err != nil {
		return err
	}
	if err := r.grants(at, in, n); err != nil {
		return err
	}
	if err := r.batching(at, in, n); err != nil {
		return err
	}
	return r.lists(at, in, n)
}

// plans reads for how long an approved plan lets its steps pass.
func (r *reader) plans(at func(...any) []any, in *fileRoute, n *node) error {
	switch in.Plans {
	case "":
		return nil
	case "never":
		n.Plans = 0
		return nil
	}
	d, err := time.ParseDuration(in.Plans)
	if err != nil || d <= 0 || d > maxPlans {
		return r.file.Errorf(at("plans"), fmt.Sprintf("give a time up to %s, such as 1h, or never", maxPlans), "is %q", in.Plans)
	}
	n.Plans = d
	return nil
}

func (r *reader) lists(at func(...any) []any, in *fileRoute, n *node) error {
	for i, channel := range n.Channels {
		if events.CheckToken("channel", channel) != nil {
			return r.file.Errorf(at("channels", i), "name channels with A-Z a-z 0-9 _ -", "is %q", channel)
		}
	}
	for i, pointer := range in.Mask {
		if !strings.HasPrefix(pointer, "/") {
			return r.file.Errorf(at("mask", i), "write a JSON pointer such as /headers/Authorization", "is %q", pointer)
		}
	}
	for i, kind := range n.CommentOn {
		if !slices.Contains(events.VerdictKinds(), kind) {
			return r.file.Errorf(at("commentOn", i), "use "+joined(events.VerdictKinds()), "is %q", string(kind))
		}
	}
	return nil
}

func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func setIf[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
