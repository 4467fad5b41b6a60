// Package shell derives facts from the command lines that an action wants to run.
package shell

import "github.com/weighlock/weighlock/internal/facts/verb"

// Facts is what the command lines of an action do. All of it is about the commands as they would
// run: text in quotes, comments and heredocs counts only where a program would run it.
type Facts struct {
	Found    bool     `doc:"the action runs a command line"                                                                        fact:"found"`
	Dialect  string   `doc:"posix, cmd, powershell or code; how the first command line was read"                                   fact:"dialect"`
	Commands []string `doc:"names of all simple commands, without directory, after sudo, env, xargs, bash -c and the like"         fact:"commands"`
	Grade    string   `doc:"the gravest thing any command does: read, sensitive, inside, run, install, outside, change, publish, delete, destroy, or unknown; none without a command line" fact:"grade"`
	Areas    []string `doc:"kinds of program: vcs, packages, containers, infrastructure, cloud, database, secrets, backup, storage, services, messaging, monitoring, flags, payment, ci, messages, network, accounts, windows; plain text and file tools have none" fact:"areas"`

	Unparsed    bool     `doc:"the text is no valid command line, or not text that can be read; the other facts are guesses"      fact:"unparsed"`
	Truncated   bool     `doc:"longer or deeper than what is looked at (64 KiB, depth 80); the other facts are about a part"       fact:"truncated"`
	Dynamic     bool     `doc:"the name of a command, or a script that is run, is only known when it runs ($x, eval, decoded text)" fact:"dynamic"`
	Unknown     []string `doc:"commands of which nothing is known"                                                                 fact:"unknown"`
	HasUnknown  bool     `doc:"some command is of unknown effect"                                                                  fact:"has_unknown"`
	RunsScripts bool     `doc:"a script or program by its path is run (./x.sh, python x.py, make), whose content is not looked at"  fact:"runs_script"`

	ReadsOnly    bool `doc:"all commands are known and only look: nothing is written, run, sent or installed; /dev/null and comparing count as nothing" fact:"reads_only"`
	ReadsSecrets bool `doc:"a secret is printed by a secret manager or a cloud's command (vault read, gcloud secrets versions access)" fact:"reads_secrets"`
	DryRun       bool `doc:"some command only shows what it would do (--dry-run, --help)"                                         fact:"dry_run"`

	ChangesInside   bool     `doc:"files are made or changed in the working tree or in temporary directories"                      fact:"changes_inside"`
	ChangesOutside  bool     `doc:"files are made or changed outside of the working tree: home, system, other trees"                fact:"changes_outside"`
	ChangesSystem   bool     `doc:"files are made or changed in directories of the system (/etc, /usr, C:\\Windows, the registry)"  fact:"changes_system"`
	Overwrites      bool     `doc:"a redirection empties a file outside of the working tree before it writes"                      fact:"overwrites"`
	Deletes         bool     `doc:"files are deleted"                                                                              fact:"deletes"`
	DeletesTree     bool     `doc:"directories are deleted with all that is in them (rm -r, rmdir /s, Remove-Item -Recurse)"       fact:"deletes_tree"`
	DeletesForced   bool     `doc:"files are deleted with a flag that takes away the question"                                     fact:"deletes_forced"`
	DeletesWildcard bool     `doc:"what is deleted is named by a wildcard or by another program's output (xargs rm, find -delete)" fact:"deletes_wildcard"`
	DeletesOutside  bool     `doc:"something outside of the working tree and of temporary directories is deleted"                  fact:"deletes_outside"`
	DeletesRoot     bool     `doc:"a root is deleted: /, a drive, a whole home, a top directory of the system, or a disk is overwritten" fact:"deletes_root"`
	DeletesUnknown  bool     `doc:"what is deleted is only known when it runs"                                                     fact:"deletes_unknown"`
	Paths           []string `doc:"paths that are written or deleted, as written"                                                  fact:"paths"`

	Changes      bool `doc:"a system, a service or something far away is made or changed (systemctl restart, kubectl apply, aws … create-…)" fact:"changes"`
	Removes      bool `doc:"something that can be made again is stopped or removed by its own program (systemctl stop, npm uninstall)" fact:"removes"`
	Destroys     bool `doc:"something is removed for good by its own program: data, history, resources (terraform destroy, docker rm, git reset --hard)" fact:"destroys"`
	LosesHistory bool `doc:"version control loses commits or uncommitted work (push --force, reset --hard, clean, branch -D, stash drop)" fact:"loses_history"`
	Forced       bool `doc:"a changing command is told not to ask, or to take all (--force, --yes, --auto-approve, --all)"         fact:"forced"`
	Installs     bool `doc:"software is installed or brought up to date"                                                           fact:"installs"`
	InstallsURL  bool `doc:"software is installed from an address, a path or another index, not by its name"                       fact:"installs_url"`
	Publishes    bool `doc:"something is given to others: packages, images, releases, messages, files"                             fact:"publishes"`
	Elevated     bool `doc:"runs as another user or as root (sudo, doas, su, runas)"                                               fact:"elevated"`
	Remote       bool `doc:"runs on another machine or in a container (ssh, docker exec, kubectl exec, Invoke-Command)"            fact:"remote"`

	RunsDownload bool     `doc:"what was downloaded is run (curl … | sh, iex (iwr …), wget x then ./x or chmod +x x)"               fact:"runs_download"`
	RunsEncoded  bool     `doc:"what is run was hidden by an encoding (base64 -d | sh, -EncodedCommand)"                           fact:"runs_encoded"`
	RunsInput    bool     `doc:"an interpreter runs what another program prints, and that is not known"                            fact:"runs_input"`
	RunsCode     bool     `doc:"code of a programming language is given on the command line (python -c, node -e)"                  fact:"runs_code"`
	CodeActs     bool     `doc:"code given on the command line deletes, starts programs, opens connections or decodes code"        fact:"code_acts"`
	Downloads    bool     `doc:"something is fetched from a network and kept"                                                      fact:"downloads"`
	Uploads      bool     `doc:"local files or the output of commands are sent over a network"                                     fact:"uploads"`
	Hosts        []string `doc:"hosts that are named in addresses, or that ssh, scp, nc and the like connect to, in lower case"     fact:"hosts"`
	URLs         []string `doc:"addresses that are named, as written"                                                              fact:"urls"`

	Attack     bool     `doc:"some command shows a known attack technique that administrators rarely need"                         fact:"attack"`
	Tactics    []string `doc:"tactics by MITRE ATT&CK of the techniques that were recognised, without weak ones"                   fact:"tactics"`
	Signs      []string `doc:"techniques that were recognised, as tactic:technique, without weak ones"                             fact:"signs"`
	Suspicions []string `doc:"weak signs, as tactic:technique: administrators do this, too; discovery is always weak"              fact:"suspicions"`
	Discovers  bool     `doc:"a command looks around as an attacker would: accounts, domain, network, security software"           fact:"discovers"`

	HasSQL      bool       `doc:"a database client is given SQL on the command line; see the sql facts"                           fact:"has_sql"`
	SQLChanges  bool       `doc:"SQL on the command line begins with something other than a query"                                 fact:"sql_changes"`
	SQLDestroys bool       `doc:"SQL on the command line drops, truncates or deletes"                                              fact:"sql_destroys"`
	Acts        []verb.Act `doc:"kinds of act, the strongest first"                                                                fact:"acts"`

	// SQL is the SQL that database clients are given, for the sql facts.
	SQL []string
}
