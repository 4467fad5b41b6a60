package web

import (
	"net/http"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/verb"
)

// gravity orders methods; what is none weighs most.
var gravity = map[string]int{"GET": 1, "HEAD": 1, "OPTIONS": 1, "PROPFIND": 1, "REPORT": 1, "SEARCH": 1, "QUERY": 1, "TRACE": 2, "LOCK": 3, "MKCOL": 3, "COPY": 3, "POST": 4, "PATCH": 5, "PUT": 6, "MOVE": 6, "PURGE": 7, "CONNECT": 7, "DELETE": 8, "?": 9}

// decide draws the conclusions. k is what the tool's name says.
func (f *Facts) decide(d doing, k kind, c *call, links []Link) {
	f.Fields, f.Cut, f.Sends = c.fields, c.cut, c.body
	f.Secret = f.Secret || c.secret
	f.Scripts = f.Scripts || d&scripts != 0
	f.Controls = d&controls != 0
	f.Downloads = d&downloadsIt != 0 || c.output
	f.RPC = c.jsonrpc
	f.GraphQL = c.graphql || len(links) > 0 && strings.HasSuffix(strings.ToLower(strings.TrimSuffix(f.Path, "/")), "/graphql")
	f.Mutation = c.mutates
	f.method(d, k|c.kinds, c)
	var asked kind
	for i := range links {
		asked |= links[i].Changes
	}
	reads := reading[f.Method] && k == 0
	f.GetActs = reads && asked != 0
	fromRPC, rpcReads := c.rpcKinds()
	only := f.onlyReads(c, links, rpcReads, k)
	f.Submits = f.Method != "" && !reads && !only || f.GetActs && f.Method != "" || c.mutates || d&uploadsIt != 0 || c.enter && f.Controls
	if f.Submits {
		k |= asked | fromRPC | c.kinds
		if !f.GetActs {
			k |= f.submitted(c, links)
		}
		f.Other = k&changes == 0 && d&uploadsIt == 0
		f.kinds(k, d)
	}
	f.Searches = !f.Submits && !f.GraphQL && (only && !f.RPC || d&searchesIt != 0 || searching(links) || c.fieldKind() == searches && !f.Controls)
	if f.Method == "?" {
		f.Method = ""
	}
	f.Unknown = f.Unknown || f.Cut || d&strange != 0 && f.Implied || f.Method == "" && !f.Controls && !f.Scripts ||
		f.GraphQL && !c.graphql && !reads && len(c.rpc) == 0
	f.Reads = !f.Unknown && !f.Submits && !f.Controls && !f.Scripts && !f.OddScheme && (reads || only)
}

// method finds the method, or the one that is implied.
func (f *Facts) method(d doing, k kind, c *call) {
	for _, m := range c.methods {
		if m == "?" && (c.jsonrpc || f.GraphQL) {
			continue
		}
		if gravity[m] > gravity[f.Method] {
			f.Method = m
		}
	}
	if f.Method != "" {
		return
	}
	f.Implied = true
	switch {
	case d&scripts != 0:
	case d&controls != 0 && d&sends == 0:
	case k&removes != 0:
		f.Method = http.MethodDelete
	case d&(sends|uploadsIt) != 0 || k != 0:
		f.Method = http.MethodPost
	case c.body || c.jsonrpc || c.graphql:
		f.Method = http.MethodPost
	case d&strange != 0:
	default:
		f.Method = http.MethodGet
	}
}

// onlyReads says that what is sent by POST only asks: a GraphQL query, a JSON-RPC read, a search.
func (f *Facts) onlyReads(c *call, links []Link, rpcReads bool, k kind) bool {
	if f.Method != http.MethodPost || k&^(messages|publishes|saves) != 0 || k != 0 && !f.GraphQL && !f.RPC {
		return false
	}
	for i := range links {
		if links[i].Changes != 0 {
			return false
		}
	}
	switch {
	case c.graphql:
		return !c.mutates
	case c.jsonrpc:
		return rpcReads
	case f.GraphQL: // without a document: persisted, and anything
		return false
	}
	return searching(links) && c.fieldKind()&changes&^saves == 0 || c.fieldKind() == searches && pathKinds(links)&changes == 0
}

// searching says that the last part of the first path is a word for searching.
func searching(links []Link) bool {
	if len(links) == 0 || len(links[0].words) == 0 {
		return false
	}
	last := links[0].words[len(links[0].words)-1]
	return kinds[last]&searches != 0 && kinds[last]&changes == 0 && last != "s"
}

func pathKinds(links []Link) (k kind) {
	for i := range links {
		k |= links[i].kinds
	}
	return k
}

// submitted is what the path, the fields and the procedures say of a request that submits.
func (f *Facts) submitted(c *call, links []Link) kind {
	k := pathKinds(links) | c.fieldKind()
	switch f.Method {
	case http.MethodDelete, "PURGE":
		k |= removes
	case http.MethodPut, http.MethodPatch, "MOVE", "COPY", "MKCOL":
		k |= saves
	}
	return k
}

func (f *Facts) kinds(k kind, d doing) {
	f.Logs = k&logins != 0
	f.Pays = k&(pays|transfers) != 0
	f.Uploads = k&uploadsFile != 0 || d&uploadsIt != 0
	f.Deletes = k&removes != 0
	f.Publishes = k&publishes != 0
	f.Votes = k&votes != 0
	f.Settings = k&settings != 0
	f.Access = k&access != 0
	f.Saves = k&saves != 0
	f.Messages = k&messages != 0
	f.Executes = k&executes != 0
	f.Stops = k&stops != 0
}

func (f *Facts) acts() []verb.Act {
	if f.Reads {
		return []verb.Act{verb.Read}
	}
	var acts []verb.Act
	for _, x := range []struct {
		is  bool
		act verb.Act
	}{
		{f.Deletes, verb.Delete},
		{f.Pays, verb.Pay},
		{f.Access, verb.Grant},
		{f.Executes || f.Scripts, verb.Run},
		{f.Stops, verb.Stop},
		{f.Publishes || f.Uploads, verb.Publish},
		{f.Messages, verb.Send},
		{f.Logs, verb.Login},
		{f.Settings || f.Votes || f.Saves || f.Submits && f.Unknown || f.Other, verb.Change},
		{f.Controls, verb.Control},
	} {
		if x.is {
			acts = append(acts, x.act)
		}
	}
	return acts
}
