// Package document says what an action does to a document, key-value or search database:
// from the operators in its arguments, wherever they stand, and what the tool's name asks for.
package document

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
	"github.com/weighlock/weighlock/internal/facts/word"
)

// Facts is what an action does to documents. SQL is the domain sql.
type Facts struct {
	Found         bool `doc:"the arguments name a collection, an index of documents or a pipeline, or the tool is one for such a database"         fact:"found"`
	WritesOut     bool `doc:"a pipeline writes its result into a collection ($out, $merge)"                                                        fact:"writes_out"`
	Code          bool `doc:"code runs on the server ($where, $function, $accumulator, mapReduce, eval, a script in a query)"                      fact:"code"`
	Updates       bool `doc:"documents are changed by update operators ($set, $unset, $inc, …)"                                                    fact:"updates"`
	MissingFilter bool `doc:"documents are changed or deleted and the filter is missing or empty, so that it meets all of them"                   fact:"missing_filter"`
	Drops         bool `doc:"a collection, database, index of documents or cluster is dropped or emptied (drop-collection, flushall, delete_index)" fact:"drops"`
	Commands      bool `doc:"a text holds a command of such a database that writes or deletes (db.x.deleteMany, FLUSHALL, _delete_by_query)"       fact:"commands"`

	// Acts are the kinds of act that the arguments tell of, the strongest first.
	Acts []verb.Act
}

var (
	// places are keys under which documents are named.
	places = word.Set("collection collectionname pipeline documents document filter projection index indexname keyspace bucketname tablename namespace ns")
	// tools are words of tools for such databases.
	tools = word.Set("mongo mongodb atlas dynamodb dynamo couchdb couchbase cosmos firestore elasticsearch elastic opensearch redis memcached cassandra qdrant pinecone weaviate chroma milvus collection collections")
	// whole are things whose loss is the loss of many documents.
	whole    = word.Set("collection collections database databases db dbs keyspace deployment cluster namespace")
	updating = word.Set("$set $unset $inc $mul $rename $push $pull $pop $addtoset $currentdate $min $max $bit $setoninsert")
	filters  = word.Set("filter query where selector match condition")
	// commands are texts that such databases run, in lower case.
	commands = []string{".deletemany(", ".deleteone(", ".drop(", ".dropdatabase(", ".remove(", ".updatemany(", ".updateone(", ".insertmany(", ".insertone(", ".replaceone(",
		"flushall", "flushdb", "_delete_by_query", "_update_by_query", "config set", "script flush", "eval \"", "debug segfault", "shutdown nosave"}
)

// Of derives the facts.
func Of(a *input.Action) (*Facts, error) {
	args, err := a.Parsed()
	if err != nil {
		return nil, err
	}
	f := &Facts{Found: word.Any(a.Words, tools)}
	for _, key := range args.Keys {
		f.key(strings.ToLower(key))
	}
	if !f.Found && !f.WritesOut && !f.Code && !f.Updates {
		return f, nil
	}
	for _, t := range args.Texts {
		f.Commands = f.Commands || runs(t.Value)
	}
	deletes, changes := f.acts(a)
	f.Drops = deletes && word.Any(a.Words, whole)
	f.MissingFilter = (deletes && !f.Drops || changes && word.Has(a.Words, "many", "all", "multi")) && !filtered(args.Values)
	return f, nil
}

func (f *Facts) key(key string) {
	switch key {
	case "$out", "$merge":
		f.WritesOut = true
	case "$where", "$function", "$accumulator", "mapreduce":
		f.Code = true
	}
	f.Updates = f.Updates || updating[key]
	f.Found = f.Found || places[input.PlainKey(key)]
}

// runs reports whether a text is a command that changes something. Only the beginning counts: it is where a command is.
func runs(text string) bool {
	if len(text) > 4096 {
		text = text[:4096]
	}
	text = strings.ToLower(text)
	return slices.ContainsFunc(commands, func(c string) bool { return strings.Contains(text, c) })
}

// acts notes the acts and reports whether the tool deletes or changes documents.
func (f *Facts) acts(a *input.Action) (deletes, changes bool) {
	var all []verb.Act
	for _, w := range a.Words {
		all = append(all, verb.Of(w))
	}
	deletes = slices.Contains(all, verb.Delete)
	changes = slices.Contains(all, verb.Change) || f.Updates
	if f.WritesOut || f.Commands {
		all = append(all, verb.Change)
	}
	if f.Code {
		all = append(all, verb.Run)
	}
	f.Acts = verb.Sorted(all)
	return deletes, changes
}

// filtered reports whether some filter holds a condition, or a single thing is named by its id.
func filtered(values map[string]any) bool {
	for key, v := range values {
		plain := input.PlainKey(key)
		conditions, isMap := v.(map[string]any)
		if filters[plain] && (!isMap || len(conditions) > 0) || plain == "id" || plain == "key" || strings.HasSuffix(plain, "id") || strings.HasSuffix(plain, "name") && plain != "collectionname" && plain != "databasename" {
			return true
		}
	}
	return false
}
