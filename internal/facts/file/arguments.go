package file

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/input"
)

// given is a path among the arguments.
type given struct {
	path   string
	target bool // where something goes, not where it comes from
}

// strongKeys hold paths whatever the tool, weakKeys only in a tool for files or where the value looks like a path.
var (
	strongKeys = set("path", "paths", "file", "files", "filename", "filenames", "filepath", "filepaths", "fullpath", "abspath", "absolutepath", "relativepath", "relativeworkspacepath", "targetfile", "sourcefile", "inputfile", "outputfile", "inputpath", "outputpath", "savepath", "saveto", "localpath", "remotepath", "destinationpath", "destpath", "dstpath",
		"sourcepath", "srcpath", "targetpath", "oldpath", "newpath", "dirname", "dirpath", "directory", "directories", "folder", "folders", "foldername", "folderpath", "directorypath", "rootpath", "basepath", "notebookpath", "attachment", "attachments", "zipfile", "archivepath", "objectkey", "blobname", "localfile", "remotefile", "downloadpath", "uploadpath", "filelist", "destdir", "targetdir", "targetdirectory", "outputdir",
		"filetoread", "filetowrite", "configpath", "keyfile", "certfile", "sourcedir", "fileuri", "filename1", "filename2", "file1", "file2", "documentpath", "imagepath", "pdfpath", "videopath", "audiopath", "oldname", "newname", "linkpath", "pathname")
	weakKeys = set("from", "to", "src", "dst", "source", "sources", "dest", "destination", "destinations", "dir", "root", "location", "key", "keys", "object", "objects", "blob", "bucket", "bucketname", "container", "target", "targets", "uri", "url", "old", "new", "name", "pattern", "glob", "output", "input", "archive", "document", "include", "link", "item", "items", "resource", "fileid", "folderid", "image", "title", "arg", "args", "arguments", "prefix", "filepattern")
	targets  = set("to", "dst", "dest", "destination", "destinations", "target", "outputpath", "output", "destinationpath", "destpath", "dstpath", "targetpath", "newpath", "saveto", "remotepath", "uploadpath", "outputdir", "destdir", "bucket", "bucketname", "remotefile")
	contents = set("content", "contents", "text", "filetext", "newstr", "newstring", "newcontent", "body", "data", "edits", "replacement", "code", "newtext", "insertedtext", "codeedit", "newsource", "patch", "diff", "newstringvalue", "filecontent", "filecontents", "filedata", "bytes", "base64")
)

// collect finds the paths; named is true for a tool for files, stored for one of a bucket or a cloud drive.
func collect(args *input.Arguments, named, stored bool) []given {
	var list []given
	for i := range args.Texts {
		t := &args.Texts[i]
		if t.Value == "" || contents[t.Key] || contents[t.Parent] || !isPath(t, named) {
			continue
		}
		p := t.Value
		if stored && !strings.HasPrefix(t.Key, "local") && p[0] != '/' && p[0] != '~' && !strings.Contains(p, ":") {
			p = "bucket://" + p
		}
		if list = append(list, given{p, targets[t.Key]}); len(list) > maxPaths {
			break
		}
	}
	return list
}

// strong says that an argument is a path by its key.
func strong(args *input.Arguments) bool {
	for i := range args.Texts {
		if k := args.Texts[i].Key; strongKeys[k] || k == "bucket" || k == "bucketname" {
			return true
		}
	}
	return false
}

// isPath says whether a text is one: in a tool for files nearly everything under a telling
// key is, elsewhere only what looks like it.
func isPath(t *input.Text, named bool) bool {
	switch t.Key {
	case "pattern", "title", "arg", "args", "arguments", "include":
		return named && looksLikePath(t.Value)
	case "url", "uri", "link":
		return len(t.Value) > 5 && (strings.EqualFold(t.Value[:5], "file:") || named && strings.Contains(t.Value, "://") && !strings.HasPrefix(t.Value, "http"))
	}
	if strongKeys[t.Key] || strongKeys[t.Parent] && t.Key == "name" {
		return named || looksLikePath(t.Value)
	}
	if !weakKeys[t.Key] {
		return false
	}
	return named || strings.HasPrefix(t.Value, "/") || strings.HasPrefix(t.Value, "~/") || strings.HasPrefix(t.Value, "file:") || strings.Contains(t.Value, `:\`)
}

// looksLikePath tells a path from a word or a sentence.
func looksLikePath(v string) bool {
	if len(v) > maxPath {
		return strings.HasPrefix(v, "/") || strings.HasPrefix(v, "..")
	}
	if strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "data:") {
		return false
	}
	if strings.ContainsAny(v, `/\`) || v[0] == '~' || v[0] == '.' || strings.Contains(v, "%2f") || strings.Contains(v, "%2F") || v[0] == '$' {
		return strings.Count(v, " ") <= 8 && !strings.Contains(v, "\n")
	}
	i := strings.LastIndexByte(v, '.')
	return i > 0 && i < len(v)-1 && len(v)-i <= 8 && strings.Count(v, " ") <= 6 && !strings.Contains(v, "@") || secretNames[strings.ToLower(v)]
}

// appendPlainTarget takes the target that the agent names where the arguments have no path.
func appendPlainTarget(list []given, a *input.Action) []given {
	if a.Target != nil && a.Target.Name != "" && looksLikePath(a.Target.Name) {
		return append(list, given{a.Target.Name, false})
	}
	return list
}

// said is what the switches among the arguments say.
type said struct {
	recursive, overwrite, truncate, append, public, content, program, cut bool
}

func switches(args *input.Arguments) said {
	var s said
	left := 256
	walk(args.Values, 0, &left, &s)
	for _, t := range args.Texts {
		switch t.Key {
		case "mode", "openmode", "writemode", "flags", "flag", "options", "ifexists", "conflict", "onconflict", "conflictbehavior", "strategy":
			s.mode(strings.ToLower(t.Value))
		case "acl", "visibility", "access", "permission", "permissions", "role", "type":
			v := strings.ToLower(t.Value)
			s.public = s.public || strings.HasPrefix(v, "public") || v == "anyone" || v == "everyone" || v == "0777" || v == "777"
		}
		if contents[t.Key] || contents[t.Parent] {
			s.content = true
			s.program = s.program || program(t.Value)
		}
	}
	return s
}

func (s *said) mode(v string) {
	if len(v) > 64 {
		return
	}
	switch v {
	case "w", "wb", "w+", "wt", "write", "truncate":
		s.truncate = true
	case "a", "ab", "a+", "append":
		s.append = true
	case "overwrite", "replace", "force":
		s.overwrite = true
	}
	for f := range strings.FieldsSeq(v) {
		if len(f) > 1 && f[0] == '-' && f[1] != '-' {
			s.recursive = s.recursive || strings.ContainsAny(f, "rR")
			s.overwrite = s.overwrite || strings.Contains(f, "f")
		}
		s.recursive = s.recursive || f == "--recursive"
		s.overwrite = s.overwrite || f == "--force"
	}
}

func walk(values map[string]any, depth int, left *int, s *said) {
	for k, v := range values {
		if *left--; *left < 0 {
			s.cut = true
			return
		}
		on := v == true || v == "true" || v == float64(1)
		if m, ok := v.(map[string]any); ok && depth < 3 {
			walk(m, depth+1, left, s)
		}
		if !on {
			continue
		}
		switch input.PlainKey(k) {
		case "recursive", "r", "recurse", "includesubdirectories", "deletecontents", "rf":
			s.recursive = true
		case "overwrite", "force", "replace", "clobber", "overwriteexisting", "f", "replaceexisting", "skiptrash", "permanent", "permanently":
			s.overwrite = true
		case "truncate":
			s.truncate = true
		case "public", "ispublic", "makepublic", "anyone":
			s.public = true
		}
	}
}

// program says that a text begins like an executable or a script.
func program(v string) bool {
	v = strings.TrimLeft(v, " \t\r\n\ufeff")
	return strings.HasPrefix(v, "#!") || strings.HasPrefix(v, "MZ") && strings.Contains(v, "\x00") || strings.HasPrefix(v, "\x7fELF") || strings.HasPrefix(v, "TVqQ") || strings.HasPrefix(v, "f0VMR") ||
		strings.HasPrefix(v, "@echo off") || strings.HasPrefix(v, "<?php") && strings.Contains(v, "$_")
}
