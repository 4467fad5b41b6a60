package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
	"github.com/weighlock/weighlock/internal/facts/shell/commands"
	"github.com/weighlock/weighlock/internal/facts/shell/techniques"
	"github.com/weighlock/weighlock/internal/facts/verb"
)

// languagesByName are interpreters of programming languages and the flags that carry code.
var languagesByName = map[string][]string{
	"python": {"-c"}, "python2": {"-c"}, "python3": {"-c"}, "pypy": {"-c"}, "pypy3": {"-c"}, "ipython": {"-c"}, "node": {"-e", "--eval", "-p", "--print", "-pe"}, "nodejs": {"-e", "-p"}, "deno": {"eval"}, "bun": {"-e", "--eval"}, "tsx": {"-e"}, "ts-node": {"-e"},
	"perl": {"-e", "-E", "-ne", "-pe", "-ie", "-lne", "-lpe", "-nle", "-ple", "-0777"}, "ruby": {"-e", "-ne", "-pe"}, "php": {"-r"}, "lua": {"-e"}, "luajit": {"-e"}, "rscript": {"-e"}, "r": {"-e"}, "julia": {"-e"}, "groovy": {"-e"}, "scala": {"-e"}, "elixir": {"-e"}, "erl": {"-eval"}, "tclsh": nil, "guile": {"-c"}, "jshell": nil, "awk": nil, "gawk": nil, "mawk": nil, "nawk": nil, "jrunscript": {"-e"}, "java": nil, "go": nil, "swift": {"-e"}, "gdb": nil, "osqueryi": nil, "emacs": {"--eval"}, "sqlite3": nil,
}

// codeOf judges code that a command carries. It returns whether that settles the command.
func (r *reader) codeOf(c *command.Command) bool {
	flags, ok := languagesByName[versionless(c.Name)]
	if !ok {
		return false
	}
	switch c.Name {
	case "awk", "gawk", "mawk", "nawk":
		r.awk(c)
		return false
	case "java", "go", "gdb", "osqueryi", "emacs", "sqlite3", "swift", "scala":
		return c.Name == "java" && r.java(c)
	}
	if len(c.Args) == 1 && (c.Args[0].Text == "--version" || c.Args[0].Text == "-V" || c.Args[0].Text == "-v" || c.Args[0].Text == "--help") {
		r.grade(gradeRead)
		r.act(verb.Read)
		return true
	}
	r.act(verb.Run)
	for i, a := range c.Args {
		for _, f := range flags {
			if (a.Text == f || len(a.Text) < 7 && len(f) == 2 && a.Flag() && a.Text[1] != '-' && strings.HasSuffix(a.Text, f[1:])) && i+1 < len(c.Args) {
				r.f.RunsCode = true
				r.code(c.Args[i+1].Text)
				if c.Args[i+1].Dynamic {
					r.f.Dynamic = true
				}
				return true
			}
		}
	}
	if text, ok := command.Input(c); ok {
		r.f.RunsCode = true
		r.code(text)
		return true
	}
	if len(c.From) > 0 || len(c.Inner) > 0 && len(c.Args) > 0 && c.Args[0].Dynamic {
		r.unknownSource(c)
		return true
	}
	r.languageFile(c)
	return true
}

// versionless is "python" for "python3.12".
func versionless(name string) string {
	if strings.HasPrefix(name, "python3.") || strings.HasPrefix(name, "python2.") {
		return name[:7]
	}
	return strings.TrimRight(name, "0123456789.")
}

// languageFile judges "python x.py" and "python -m module".
func (r *reader) languageFile(c *command.Command) {
	if m, ok := flagValue(c, "-m"); ok && strings.HasPrefix(c.Name, "py") {
		in := *c
		for i, a := range c.Args {
			if a.Text == "-m" && i+2 <= len(c.Args) {
				in.Args = c.Args[min(i+2, len(c.Args)):]
			}
		}
		in.Name = m
		in.Word = command.Word{Text: m}
		switch m {
		case "pip", "pytest", "venv", "black", "mypy", "ruff", "flake8", "isort", "twine", "poetry", "pipenv":
			if m == "venv" {
				r.f.ChangesInside = true
				r.grade(gradeInside)
				return
			}
			r.command(&in)
			return
		case "json.tool", "timeit", "compileall", "pydoc", "unittest", "site", "sysconfig", "platform", "this", "doctest":
			r.grade(gradeRead)
			return
		case "http.server", "SimpleHTTPServer", "pyftpdlib":
			r.f.Changes = true
			r.grade(gradeChange)
			r.sign("exfiltration", "file-server", true)
			return
		}
		r.f.RunsScripts = true
		r.grade(gradeRun)
		return
	}
	if words := c.Operand(); len(words) > 0 {
		r.scriptFile(words[0])
	}
	r.grade(gradeRun)
}

// java reads "java -jar tool.jar args" as the tool.
func (r *reader) java(c *command.Command) bool {
	for i, a := range c.Args {
		if a.Text == "-jar" && i+1 < len(c.Args) {
			in := *c
			in.Word = c.Args[i+1]
			in.Name = strings.TrimSuffix(command.BaseName(in.Word.Text), ".jar")
			in.Args = nil
			for j := i + 2; j < len(c.Args); j++ {
				if t := c.Args[j].Text; (t == "-s" || t == "-auth") && j+1 < len(c.Args) {
					j++
					continue
				}
				in.Args = append(in.Args, c.Args[j])
			}
			in.Word.Text = in.Name
			r.f.Commands = add(r.f.Commands, in.Name)
			r.signsOf(&in)
			if !commands.Known(in.Name) {
				r.scriptFile(c.Args[i+1])
				return true
			}
			r.program(&in)
			return true
		}
	}
	return false
}

func (r *reader) awk(c *command.Command) {
	for _, a := range c.Args {
		t := a.Text
		if strings.Contains(t, "system(") || strings.Contains(t, "| getline") || strings.Contains(t, `| "`) || strings.Contains(t, "/inet/") {
			r.f.RunsCode, r.f.CodeActs = true, true
			r.grade(gradeRun)
			r.act(verb.Run)
			if _, in, ok := strings.Cut(t, `system("`); ok {
				in, _, _ = strings.Cut(in, `"`)
				r.nested(in, c, command.Posix)
			}
		}
		if strings.Contains(t, `> "`) || strings.Contains(t, `>"`) {
			r.f.ChangesInside = true
			r.grade(gradeInside)
		}
	}
}

// codeSigns are what code does, by the words that it uses.
var codeSigns = []struct {
	act   verb.Act
	texts []string
}{
	{verb.Delete, []string{"rmtree", "os.remove", "os.unlink", "unlink(", ".unlink", "unlink ", "os.rmdir", "fs.rm", "unlinksync", "rmsync", "rmdirsync", "file.delete", "fileutils.rm", "rm_rf", "removedirs", "rimraf", "dir.rmdir", "shutil.move", "deletefile", "file::delete", "remove_tree", "rmdir", "truncate("}},
	{verb.Run, []string{"os.system", "subprocess", "popen", "child_process", "execsync", "spawnsync", "exec(", "eval(", "system(", "system ", "os.exec", "exec ", "`", "shell_exec", "passthru", "proc_open", "qx", "kernel.exec", "os.execute", "io.popen", "__import__", "compile(", "marshal.loads", "pickle.loads", "ctypes", "pty.spawn", "runtime.getruntime", "processbuilder", "importlib", "getattr("}},
	{verb.Send, []string{"socket", "urllib", "requests.", "http.client", "httpx", "aiohttp", "fetch(", "axios", "net.connect", "net::http", "lwp::", "io::socket", "fsockopen", "curl_exec", "smtplib", "ftplib", "paramiko", "telnetlib", "xmlhttprequest", "http.get", "https.get", "http.request", "https.request", "open-uri", "tcpsocket", "websocket", "asyncio.open_connection"}},
	{verb.Change, []string{"open(", "write_text", "writefile", "writefilesync", ".write(", "file.write", "shutil.copy", "os.rename", "os.chmod", "os.chown", "setuid", "makedirs", "mkdir", "symlink", "file_put_contents", "fwrite", "fs.rename", "chmod", "os.kill", "process.kill", "putenv"}},
}

var codeDecoders = []string{"b64decode", "base64", "fromhex", "unhexlify", "atob(", "decode_base64", "codecs.decode", "rot13", "zlib.decompress", "bytes.fromhex", "'\\x", "\"\\x", "chr(", "fromcharcode", "buffer.from", "pack("}

// code judges a text of a programming language by the words in it. Nothing is parsed.
func (r *reader) code(text string) {
	if len(text) > command.MaxBytes {
		text = text[:command.MaxBytes]
		r.f.Truncated = true
	}
	low := strings.ToLower(text)
	r.grade(gradeRun)
	acts := map[verb.Act]bool{}
	for _, s := range codeSigns {
		for _, t := range s.texts {
			if strings.Contains(low, t) {
				acts[s.act] = true
				r.act(s.act)
				break
			}
		}
	}
	decodes := false
	for _, t := range codeDecoders {
		decodes = decodes || strings.Contains(low, t)
	}
	r.f.CodeActs = r.f.CodeActs || acts[verb.Delete] || acts[verb.Run] || acts[verb.Send] || decodes && acts[verb.Run]
	switch {
	case acts[verb.Send] && acts[verb.Run]:
		r.sign("execution", "code-network-and-program", false)
		r.f.RunsDownload = r.f.RunsDownload || strings.Contains(low, "http")
	case decodes && acts[verb.Run]:
		r.f.RunsEncoded = true
		r.sign("defense-evasion", "encoded-command", false)
	}
	if acts[verb.Delete] {
		r.f.Deletes = true
		r.grade(gradeDelete)
		r.f.DeletesTree = r.f.DeletesTree || strings.Contains(low, "rmtree") || strings.Contains(low, "rm_rf") || strings.Contains(low, "recursive")
	}
	r.literals(text)
	r.signsOf(&command.Command{Name: "(code)", Args: []command.Word{{Text: text}}})
}

// literals looks at the strings in code: paths and commands.
func (r *reader) literals(text string) {
	for range 64 {
		i := strings.IndexAny(text, `"'`)
		if i < 0 {
			return
		}
		quote := text[i]
		end := strings.IndexByte(text[i+1:], quote)
		if end < 0 {
			return
		}
		lit := text[i+1 : i+1+end]
		text = text[i+end+2:]
		r.literal(lit)
	}
}

func (r *reader) literal(lit string) {
	spaces := strings.Contains(lit, " ")
	switch {
	case strings.Contains(lit, "://"):
		r.address(lit)
	case !spaces && strings.ContainsAny(lit, `/\\`) && len(lit) < 512:
		w := command.Word{Text: lit}
		r.access(w, techniques.Reads)
		if r.f.Deletes && r.f.RunsCode {
			r.delete(w)
		}
	case spaces && r.f.CodeActs && len(lit) < 4096:
		r.read(lit, command.Posix)
	}
}

// expression judges a PowerShell statement that calls no command.
func (r *reader) expression(c *command.Command) {
	low := c.Joined()
	r.grade(gradeRead)
	switch {
	case containsAny(low, "::delete", ".delete(", "::deletefile", "::clear"):
		r.f.Deletes = true
		r.grade(gradeDelete)
		r.act(verb.Delete)
	case containsAny(low, "::writealltext", "::writeallbytes", "::appendalltext", "::copy(", "::move(", "::create", ".setvalue(", "::setenvironmentvariable", ".createkey", ".settaskdefinition", ".registertaskdefinition"):
		r.f.ChangesOutside = true
		r.grade(gradeOutside)
		r.act(verb.Change)
	case containsAny(low, "::start(", ".exec(", ".run(", ".shellexecute(", ".invoke(", "::load", "scriptblock]::create", "::invoke", ".execute("):
		r.f.RunsCode, r.f.CodeActs, r.f.Dynamic = true, true, true
		r.act(verb.Run)
	case containsAny(low, "downloadstring", "downloadfile", "downloaddata", "openread("):
		r.f.Downloads = true
		r.grade(gradeInside)
	}
	if strings.Contains(low, "://") {
		r.address(c.Args[0].Text)
	}
}

func containsAny(s string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}
