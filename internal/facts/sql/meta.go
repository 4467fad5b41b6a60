package sql

import "strings"

// metaLine says what a command of psql or the sqlite shell does, by its name.
var (
	metaPrograms = words(`! shell system gexec ! source tee pager edit e ef ev`)
	metaFiles    = words(`copy i ir include include_relative o out w write g gx s lo_import lo_export import output once read save backup restore open dump_to archive clone excel load . log cd`)
	metaReads    = words(`tables schema indexes indices databases dbinfo help h ? headers mode width show stats timer echo print nullvalue separator eqp explain expert fullschema lint scanstats sha3sum dump
		q quit exit l list dt dv di ds df du dn dp dx d da db dc dd des det dew df dfa dg dl dm do drds drp dt dtl dts dy z sf sv conninfo x a t timing pset p encoding errverbose set unset r reset gdesc watch crosstabview c connect`)
)

// meta takes the lines that are commands of a client instead of SQL; only says that nothing else is there.
// "\! rm" and ".shell rm" run programs.
func (f *Facts) meta(dialect, s string) (rest string, only bool) {
	if dialect == mysql || !strings.ContainsAny(s, "\\.") {
		return s, false
	}
	head := strings.TrimLeft(s, " \t\r\n")
	if !strings.HasPrefix(head, "\\") && !strings.HasPrefix(head, ".") && !strings.Contains(s, "\n\\") && !strings.Contains(s, "\n.") {
		return s, f.gexec(s)
	}
	var kept []string
	for line := range strings.SplitSeq(s, "\n") {
		t := strings.TrimSpace(line)
		if len(t) < 2 || t[0] != '\\' && !(t[0] == '.' && (letter(t[1]) || t[1] == ' ')) {
			kept = append(kept, line)
			continue
		}
		f.metaLine(t)
	}
	rest = strings.Join(kept, "\n")
	return rest, strings.TrimSpace(rest) == ""
}

// gexec sees \gexec behind a query, which executes its result.
func (f *Facts) gexec(s string) bool {
	if strings.Contains(s, `\gexec`) {
		f.Dynamic = true
	}
	if strings.Contains(s, `\!`) {
		f.Programs = true
	}
	return false
}

func (f *Facts) metaLine(line string) {
	name, arguments, _ := strings.Cut(strings.TrimRight(strings.TrimLeft(line[1:], " "), ";"), " ")
	if strings.HasPrefix(name, "!") {
		name = "!"
	}
	name = strings.TrimSuffix(strings.ToLower(name), "+")
	f.Count++
	f.Kinds = addName(f.Kinds, "client command")
	switch {
	case metaPrograms[name]:
		f.Programs = true
	case metaFiles[name]:
		f.Files = true
		f.Writes = f.Writes || name == "import" || name == "restore" || name == "copy" && strings.Contains(strings.ToLower(arguments), " from ")
		f.Programs = f.Programs || strings.Contains(arguments, "|") || strings.Contains(strings.ToLower(arguments), "program") || name == "load"
	case name == "password":
		f.Privileges = true
	case metaReads[name]:
	default:
		f.Unparsed = true
	}
}
