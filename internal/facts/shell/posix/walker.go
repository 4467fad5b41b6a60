package posix

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// walker goes through a script's tree and collects its simple commands.
type walker struct {
	script *command.Script
	vars   map[string][]command.Word // what variables are known to hold
}

type commands = []*command.Command

// stmts returns the commands whose output the statements give.
func (w *walker) stmts(list []*syntax.Stmt, from commands) commands {
	var out commands
	for _, s := range list {
		out = append(out, w.stmt(s, from)...)
	}
	return out
}

func (w *walker) stmt(s *syntax.Stmt, from commands) commands {
	if s == nil || len(w.script.Commands) >= maxCommands {
		w.script.Truncated = w.script.Truncated || s != nil
		return nil
	}
	if call, ok := s.Cmd.(*syntax.CallExpr); ok {
		return w.call(call, s.Redirs, from)
	}
	out := w.compound(s.Cmd, from)
	if len(s.Redirs) > 0 {
		c := &command.Command{Dialect: command.Posix, From: out}
		w.redirects(c, s.Redirs)
		w.add(c)
	}
	return out
}

func (w *walker) compound(node syntax.Command, from commands) commands {
	switch n := node.(type) {
	case nil:
		return nil
	case *syntax.BinaryCmd:
		left := w.stmt(n.X, from)
		if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
			return w.stmt(n.Y, left)
		}
		return append(left, w.stmt(n.Y, from)...)
	case *syntax.Subshell:
		return w.stmts(n.Stmts, from)
	case *syntax.Block:
		return w.stmts(n.Stmts, from)
	case *syntax.IfClause:
		return w.ifClause(n, from)
	case *syntax.WhileClause:
		out := w.stmts(n.Cond, from)
		return append(out, w.stmts(n.Do, from)...)
	case *syntax.ForClause:
		return w.forClause(n, from)
	case *syntax.CaseClause:
		w.words(n.Word)
		var out commands
		for _, item := range n.Items {
			out = append(out, w.stmts(item.Stmts, from)...)
		}
		return out
	case *syntax.FuncDecl:
		w.function(n)
		return w.stmt(n.Body, from)
	case *syntax.TimeClause:
		return w.stmt(n.Stmt, from)
	case *syntax.CoprocClause:
		return w.stmt(n.Stmt, from)
	case *syntax.DeclClause:
		return w.declare(n)
	}
	w.substitutions(node) // tests and arithmetic
	return nil
}

func (w *walker) ifClause(n *syntax.IfClause, from commands) commands {
	var out commands
	for c := n; c != nil; c = c.Else {
		w.stmts(c.Cond, from)
		out = append(out, w.stmts(c.Then, from)...)
	}
	return out
}

func (w *walker) forClause(n *syntax.ForClause, from commands) commands {
	iter, ok := n.Loop.(*syntax.WordIter)
	if !ok {
		w.substitutions(n.Loop)
		return w.stmts(n.Do, from)
	}
	var values []command.Word
	for _, item := range iter.Items {
		values = append(values, w.words(item)...)
	}
	if len(values) > maxFields {
		values = append(values[:maxFields], command.Word{Text: "$" + iter.Name.Value, Dynamic: true})
	}
	w.vars[iter.Name.Value] = values
	if len(values) == 0 {
		delete(w.vars, iter.Name.Value)
	}
	return w.stmts(n.Do, from)
}

// function notes a function that runs itself twice over: ":(){ :|:& };:".
func (w *walker) function(n *syntax.FuncDecl) {
	if n.Name == nil {
		return
	}
	own := 0
	syntax.Walk(n.Body, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok && len(call.Args) > 0 && call.Args[0].Lit() == n.Name.Value {
			own++
		}
		return true
	})
	background := false
	syntax.Walk(n.Body, func(node syntax.Node) bool {
		if s, ok := node.(*syntax.Stmt); ok && s.Background {
			background = true
		}
		return true
	})
	if own >= 2 || own == 1 && background {
		w.script.ForkBomb = true
	}
}

func (w *walker) declare(n *syntax.DeclClause) commands {
	c := &command.Command{Name: n.Variant.Value, Dialect: command.Posix, Word: command.Word{Text: n.Variant.Value}}
	inner := len(w.script.Commands)
	for _, a := range n.Args {
		if a.Name == nil && a.Value != nil {
			c.Args = append(c.Args, w.words(a.Value)...)
			continue
		}
		w.assign(c, a)
	}
	c.Inner = append(c.Inner, w.script.Commands[inner:]...)
	w.add(c)
	return commands{c}
}

func (w *walker) assign(c *command.Command, a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	name := a.Name.Value
	var values []command.Word
	switch {
	case a.Naked:
		c.Args = append(c.Args, command.Word{Text: name})
		return
	case a.Array != nil:
		for _, e := range a.Array.Elems {
			if e.Value != nil {
				values = append(values, w.words(e.Value)...)
			}
		}
	default:
		values = []command.Word{w.joined(a.Value)}
	}
	if len(values) > maxFields {
		values = []command.Word{{Text: "$" + name, Dynamic: true}}
	}
	if a.Append && len(values) == 1 && len(w.vars[name]) == 1 {
		values[0].Text = w.vars[name][0].Text + values[0].Text
	}
	if len(values) == 1 && len(values[0].Text) > 4<<10 {
		values = []command.Word{{Text: "$" + name, Dynamic: true}}
	}
	if len(values) == 1 && values[0].Dynamic {
		delete(w.vars, name)
	} else {
		w.vars[name] = values
	}
	value := command.Word{}
	if len(values) > 0 {
		value = values[0]
	}
	c.Assigns = append(c.Assigns, command.Assign{Name: name, Value: value})
}

func (w *walker) call(call *syntax.CallExpr, redirs []*syntax.Redirect, from commands) commands {
	c := &command.Command{Dialect: command.Posix, From: from}
	inner := len(w.script.Commands)
	var words []command.Word
	for _, arg := range call.Args {
		words = append(words, w.words(arg)...)
	}
	for _, a := range call.Assigns {
		w.assign(c, a)
	}
	w.redirects(c, redirs)
	c.Inner = append(c.Inner, w.script.Commands[inner:]...)
	if len(words) > 0 {
		c.Word, c.Args = words[0], words[1:]
		c.Name = command.BaseName(c.Word.Text)
	}
	w.add(c)
	return commands{c}
}

func (w *walker) add(c *command.Command) {
	if len(w.script.Commands) >= maxCommands {
		w.script.Truncated = true
		return
	}
	w.script.Commands = append(w.script.Commands, c)
}

func (w *walker) redirects(c *command.Command, redirs []*syntax.Redirect) {
	for _, r := range redirs {
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			if r.Hdoc != nil {
				c.Stdin = w.joined(r.Hdoc).Text
			}
			c.HasStdin = true
		case syntax.WordHdoc:
			word := w.joined(r.Word)
			c.Stdin, c.HasStdin = word.Text, !word.Dynamic
		case syntax.DplIn, syntax.DplOut:
			if word := w.joined(r.Word); !descriptor(word.Text) {
				c.Redirects = append(c.Redirects, command.Redirect{Path: word, Write: r.Op == syntax.DplOut})
			}
		default:
			c.Redirects = append(c.Redirects, command.Redirect{
				Path:   w.joined(r.Word),
				Write:  r.Op != syntax.RdrIn,
				Append: r.Op == syntax.AppOut || r.Op == syntax.AppAll || r.Op == syntax.AppAllClob,
			})
		}
	}
}

func descriptor(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && s[i] != '-' {
			return false
		}
	}
	return true
}

// substitutions walks the command substitutions anywhere below a node.
func (w *walker) substitutions(node syntax.Node) {
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.stmts(n.Stmts, nil)
			return false
		case *syntax.ProcSubst:
			w.stmts(n.Stmts, nil)
			return false
		}
		return true
	})
}
