// Package inbox is the inbox as a terminal interface: what waits, the most urgent first, the card of one request, and one step from a key to a
// verdict or a hand-over. Nothing is sent without a key and enter, and never on another card than the one on the screen.
package inbox

import (
	"context"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/weighlock/weighlock/cmd/weighlock/card"
	"github.com/weighlock/weighlock/pkg/approver"
	"github.com/weighlock/weighlock/pkg/events"
)

// Source is where requests come from and verdicts go.
type Source interface {
	// Requests lists what is stored.
	Requests(ctx context.Context) ([]approver.Request, error)
	// Get reads one request.
	Get(ctx context.Context, id string) (approver.Request, error)
	// Fetch reads the actions of a request.
	Fetch(ctx context.Context, r approver.Request) []card.Fetched
	// Cast sends a verdict and waits until it counts or is refused.
	Cast(ctx context.Context, v approver.Verdict) (approver.Cast, error)
	// HandOver sends what somebody does beside answering, and waits until it holds or is refused.
	HandOver(ctx context.Context, h approver.HandOver) (*events.ApprovalHanded, error)
	// Opened notes that somebody has this card before them.
	Opened(ctx context.Context, r approver.Request)
}

// Options are what the interface is started with.
type Options struct {
	Source Source
	// Approver is who sits there.
	Approver string
	// Groups restricts what is shown to requests before one of these groups; none means all.
	Groups []string
	// Editor is the command that edits a file.
	Editor string
	Now    func() time.Time
}

// mode is what keys mean at the moment.
type mode int

const (
	browsing  mode = iota
	composing      // the words that go with a verdict or a hand-over
	filtering
	helping
)

// Model is everything that is on the screen. Update moves it on and talks to nobody: what is to be done is in the commands it returns.
type Model struct {
	ctx  context.Context //nolint:containedctx // commands run as long as the program
	opts Options

	known  map[string]approver.Request
	order  []string // shown, the most urgent first
	cursor string   // the request under the cursor
	filter string

	fetched  map[string][]card.Fetched // by digest
	item     int                       // the item that is next to be marked, from 0
	marked   map[int]bool              // items, by number
	inverse  bool                      // all but the marked
	reveal   bool
	scroll   int
	mode     mode
	draft    draft
	unsent   map[about]string // what was written and not sent
	input    textinput.Model
	sending  bool
	status   string
	answered int
	width    int
	height   int
}

// draft is a verdict that is being written, on the card that was on the screen when it was begun, or a hand-over of its request.
type draft struct {
	request, digest string
	kind            events.VerdictKind
	items           []events.ItemVerdict
	all             bool // answers every item
	count           int
	hand            events.HandOverKind // "" for a verdict
	item            int                 // that a question is about; 0 for the whole card
}

// about is what somebody writes for: a request, and what they do with it.
type about struct{ request, does string }

func (d draft) about() about { return about{d.request, string(d.kind) + string(d.hand)} }

// New makes the interface; it runs as long as ctx.
func New(ctx context.Context, o Options) Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	in := textinput.New()
	in.CharLimit = events.MaxCommentLength / 4
	return Model{
		ctx: ctx, opts: o, known: map[string]approver.Request{}, fetched: map[string][]card.Fetched{}, marked: map[int]bool{}, unsent: map[about]string{}, input: in,
		width: card.Width, height: 24,
	}
}

// What the model is told beside keys.
type (
	// Changed says that something happened to a request.
	Changed struct{ ID string }
	listed  struct {
		list []approver.Request
		err  error
	}
	got struct {
		id      string
		request approver.Request
		err     error
	}
	fetched struct {
		digest string
		items  []card.Fetched
	}
	cast struct {
		draft draft
		out   approver.Cast
		err   error
	}
	handed struct {
		draft draft
		out   *events.ApprovalHanded
		err   error
	}
	edited struct {
		draft draft
		text  []byte
		err   error
	}
	tick time.Time
)

// Init implements [tea.Model].
func (m Model) Init() tea.Cmd { return tea.Batch(m.list(), again()) }

// again lets the times on the screen go on.
func again() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tick(t) }) }

func (m Model) list() tea.Cmd {
	return func() tea.Msg {
		list, err := m.opts.Source.Requests(m.ctx)
		return listed{list, err}
	}
}

func (m Model) get(id string) tea.Cmd {
	return func() tea.Msg {
		r, err := m.opts.Source.Get(m.ctx, id)
		return got{id, r, err}
	}
}

// fetch reads the actions of the request under the cursor, once for each version of its card, and notes that it was opened.
func (m Model) fetch() tea.Cmd {
	r, ok := m.known[m.cursor]
	if _, have := m.fetched[r.Digest]; !ok || have {
		return nil
	}
	return func() tea.Msg {
		m.opts.Source.Opened(m.ctx, r)
		return fetched{r.Digest, m.opts.Source.Fetch(m.ctx, r)}
	}
}
