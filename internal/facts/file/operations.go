package file

import (
	"slices"
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// operation is a set of what a call does to files.
type operation uint32

const (
	reads operation = 1 << iota
	writes
	appends
	creates
	deletes
	moves
	copies
	permits // permissions, owners, sharing
	uploads
	downloads
	unpacks
	runs
	whole // all of a tree
	bare  // the word says something only beside another operation
)

const changing = writes | appends | creates | deletes | moves | copies | permits | uploads | downloads | unpacks | runs

// operations are the words of tools and of "operation" arguments; what is not here is looked up as a verb.
var operations = index(map[operation]string{
	reads: "read get view cat head tail open show list ls tree search find grep glob stat stats info exists du wc diff pwd cd compare count checksum hash preview watch load fetch browse scan less more sort uniq locate metadata inspect check describe lookup query retrieve display print " +
		"summarize summarise analyze analyse extract_text parse exist validate verify dir retrieves isfile realpath basename pwdir chdir",
	writes:             "write save edit replace update modify overwrite patch put set store insert sed redact change truncate fill convert format fix str_replace undo encrypt decrypt restore revert",
	appends:            "append tee log",
	creates:            "create touch mkdir new make generate link symlink ln zip compress archive mkfile mktemp export backup mkdirs mount",
	deletes:            "delete remove rm rmdir unlink erase destroy wipe shred trash recycle purge empty clear discard del drop clean cleanup prune",
	deletes | whole:    "rmtree deltree",
	moves:              "move mv rename relocate",
	copies:             "copy cp clone duplicate sync rsync mirror robocopy xcopy",
	permits:            "chmod chown chgrp acl icacls takeown permission permissions share unshare setfacl attrib attributes lock unlock grant",
	uploads:            "upload attach publish send email post",
	downloads:          "download wget curl",
	unpacks:            "unzip extract decompress untar uncompress gunzip unarchive unpack import",
	runs:               "run exec execute launch start invoke source",
	whole | bare:       "recursive recursively",
	writes | deletes:   "flush format_disk",
	reads | bare:       "directory_tree",
	downloads | writes: "scrape",
})

func index(words map[operation]string) map[string]operation {
	m := make(map[string]operation, 256)
	for op, list := range words {
		for w := range strings.FieldsSeq(list) {
			m[w] |= op
		}
	}
	return m
}

// ofWord is what a word says of files; zero where it says nothing.
func ofWord(w string) operation {
	if op, ok := operations[w]; ok {
		return op &^ bare
	}
	switch verb.Of(w) {
	case verb.Read:
		return reads
	case verb.Create:
		return creates
	case verb.Change:
		return writes
	case verb.Delete:
		return deletes
	case verb.Send, verb.Publish:
		return uploads
	case verb.Grant:
		return permits
	case verb.Run, verb.Install:
		return runs
	}
	return 0
}

// nouns make a tool one for files.
var nouns = set("file", "files", "filesystem", "fs", "directory", "directories", "dir", "dirs", "folder", "folders", "paths", "filename", "gdrive", "onedrive", "dropbox", "sharepoint", "s3", "gcs", "bucket", "buckets", "sftp", "ftp", "scp", "symlink", "unzip", "texteditor")

// hints make it one where it is given a path.
var hints = set("path", "drive", "box", "blob", "blobs", "object", "objects", "attachment", "attachments", "archive", "zip", "tar", "notebook", "workspace", "disk", "storage", "upload", "download", "pdf", "docx", "xlsx", "csv", "editor", "document", "documents", "image", "photo", "video", "spreadsheet")

// classic are the names of tools that are nouns enough: the commands of POSIX.
var classic = set("cat", "ls", "cd", "cp", "mv", "rm", "rmdir", "mkdir", "touch", "head", "tail", "grep", "find", "du", "wc", "diff", "pwd", "tee", "chmod", "chown", "ln", "stat", "tree", "sort", "unzip", "zip", "tar", "sed", "shred", "unlink", "glob", "echo", "truncate")

// general are verbs that make one only beside a key that is always a path.
var general = set("read", "write", "edit", "multiedit", "view", "delete", "rename", "move", "copy", "create", "insert", "replace", "remove", "append", "save", "open")

// contentWords name what a file holds, though they are verbs at the beginning of a name.
var contentWords = set("text", "log", "logs", "message", "messages", "mail", "email", "contact", "note", "record", "book", "status", "info", "history", "image", "allowed")

// stores are the words of tools whose relative paths are names in a bucket or a cloud drive.
var stores = set("drive", "gdrive", "onedrive", "dropbox", "sharepoint", "box", "s3", "gcs", "blob", "blobs", "bucket", "buckets", "object", "objects")

// strangers are tools whose paths are another domain's: a program gets them.
var strangers = set("bash", "shell", "sh", "zsh", "terminal", "powershell", "cmd", "command", "sql", "query", "database", "kubectl", "docker", "python", "git", "screen", "click", "browser")

// ofTool is what the tool's name says, and whether it is the name of a tool for files.
func ofTool(a *input.Action, args *input.Arguments) (op operation, named bool) {
	stranger := false
	for i, w := range a.Words {
		if i == 0 || !contentWords[w] {
			op |= ofWord(w)
		}
		named = named || nouns[w]
		stranger = stranger || i == 0 && strangers[w]
	}
	if n := len(a.Words); n > 0 && n <= 2 {
		last := a.Words[n-1]
		named = named || classic[last] || general[last] && strong(args)
	}
	if last := len(a.Words) - 1; last >= 0 && a.Words[last] == "echo" {
		op |= appends
	}
	if has(a.Words, "directory") || has(a.Words, "folder") || has(a.Words, "bucket") || has(a.Words, "dir") {
		if op&deletes != 0 {
			op |= whole
		}
	}
	return op, named && !stranger
}

func has(words []string, w string) bool { return slices.Contains(words, w) }
