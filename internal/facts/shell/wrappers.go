package shell

import (
	"strings"

	"github.com/weighlock/weighlock/internal/facts/shell/command"
)

// wrapper is a program that runs the command among its arguments.
type wrapper struct {
	values   string // flags that take a value in the next word, between spaces
	skip     int    // operands before the command
	elevated bool
	remote   bool
	operands bool // the command's operands come from elsewhere
	join     bool // the rest is one text for a shell
	assigns  bool // NAME=value may stand before the command
}

var wrappers = map[string]wrapper{
	"sudo":    {values: " -u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role --type ", elevated: true, assigns: true},
	"doas":    {values: " -u -C ", elevated: true},
	"gosu":    {skip: 1, elevated: true},
	"su-exec": {skip: 1, elevated: true}, "pkexec": {values: " --user ", elevated: true}, "runuser": {values: " -u -g -G --user ", elevated: true}, "setpriv": {elevated: true},
	"gsudo": {elevated: true}, "dzdo": {values: " -u ", elevated: true}, "calife": {elevated: true}, "runas": {elevated: true, join: true},
	"env":     {values: " -u -C --unset --chdir ", assigns: true},
	"timeout": {values: " -s -k --signal --kill-after ", skip: 1}, "gtimeout": {values: " -s -k ", skip: 1},
	"nice": {values: " -n --adjustment "}, "ionice": {values: " -c -n -p --class "}, "chrt": {skip: 1}, "taskset": {skip: 1}, "cpulimit": {values: " -l -p -e "}, "schedtool": {},
	"nohup": {}, "setsid": {}, "time": {values: " -f -o "}, "gtime": {values: " -f -o "}, "stdbuf": {values: " -i -o -e "}, "unbuffer": {}, "command": {}, "builtin": {}, "exec": {values: " -a "}, "noglob": {}, "nocorrect": {},
	"caffeinate": {values: " -t -w "}, "systemd-run": {values: " -p --property --unit -u --slice --on-calendar --on-active -M -H ", elevated: false}, "systemd-inhibit": {values: " --what --who --why --mode "},
	"chroot": {values: " --userspec --groups ", skip: 1, remote: true}, "unshare": {values: " -S -G --root -w "}, "nsenter": {values: " -t --target -S -G ", remote: true}, "firejail": {}, "bwrap": {values: " --bind --ro-bind --dev --proc --chdir --tmpfs "}, "proot": {values: " -r -b -w "},
	"fakeroot": {}, "strace": {values: " -e -o -p -s -u -a "}, "ltrace": {values: " -e -o -p -s -u "}, "ktrace": {}, "valgrind": {}, "perf": {skip: 1}, "gdb": {values: " -ex -x -p "}, "rlwrap": {}, "script-run": {}, "torsocks": {}, "torify": {}, "proxychains": {values: " -f "}, "proxychains4": {values: " -f "},
	"xargs": {values: " -I -i -n -P -d -L -s -E -a --max-args --max-procs --delimiter --arg-file --replace ", operands: true}, "gxargs": {values: " -I -n -P -d -L -s -E -a ", operands: true}, "parallel": {values: " -j -I --jobs -a -S --colsep ", operands: true},
	"watch": {values: " -n -d --interval ", join: true}, "entr": {}, "nodemon": {values: " -w -e --exec "}, "flock": {values: " -w -E --timeout ", skip: 1}, "lockfile": {}, "chronic": {}, "ts": {}, "retry": {values: " -t -d "},
	"ssh": {values: " -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w ", skip: 1, remote: true, join: true}, "plink": {values: " -P -l -pw -i -m -L -R -D -hostkey -pwfile ", skip: 1, remote: true, join: true}, "mosh": {values: " --ssh -p ", skip: 1, remote: true},
	"rsh": {skip: 1, remote: true, join: true}, "pssh": {values: " -h -H -l -t -p -i ", remote: true, join: true}, "pdsh": {values: " -w -x -g -l ", remote: true, join: true}, "clush": {values: " -w -g -x ", remote: true, join: true}, "dsh": {values: " -m -g ", remote: true, join: true}, "sshpass": {values: " -p -f -d ", remote: true}, "autossh": {values: " -M -D -L -R -i -p -o ", skip: 1, remote: true, join: true},
	"busybox": {}, "toybox": {}, "wsl": {values: " -d -u --distribution --user ", remote: true}, "start": {join: false}, "call": {}, "winrs": {values: "", remote: true, join: true}, "psexec": {values: " -u -p -w -n ", remote: true, elevated: true}, "paexec": {remote: true, elevated: true}, "psexec64": {values: " -u -p ", remote: true, elevated: true},
	"direnv": {skip: 2}, "dotenv": {values: " -f "}, "dotenvx": {skip: 1}, "aws-vault": {skip: 2}, "rtx": {skip: 1}, "cross-env": {assigns: true}, "npx-env": {}, "with-contenv": {}, "tini": {}, "dumb-init": {}, "s6-setuidgid": {skip: 1}, "chpst": {values: " -u -U -e -d ", skip: 0}, "softlimit": {}, "envdir": {skip: 1}, "catchsegv": {}, "linux32": {}, "linux64": {}, "arch": {}, "setarch": {skip: 1}, "trickle": {values: " -d -u "}, "cgexec": {values: " -g "}, "numactl": {values: " -m -N -C "}, "hyperfine": {values: " -w -r -n ", join: true}, "conhost": {}, "bash.exe": {},
}

// subWrappers run a command after subcommand words: "docker exec c rm". The value is how many operands come first.
var subWrappers = map[string]map[string]int{
	"docker": {"exec": 1, "run": 1, "container exec": 1, "container run": 1, "compose exec": 1, "compose run": 1}, "podman": {"exec": 1, "run": 1}, "nerdctl": {"exec": 1, "run": 1},
	"docker-compose": {"exec": 1, "run": 1}, "podman-compose": {"exec": 1, "run": 1}, "kubectl": {"exec": 1, "debug": 1, "run": 1}, "oc": {"exec": 1, "rsh": 1, "debug": 1}, "k": {"exec": 1}, "lxc": {"exec": 1}, "incus": {"exec": 1}, "crictl": {"exec": 1}, "ctr": {"exec": 1},
	"nomad": {"alloc exec": 1}, "pct": {"exec": 1}, "multipass": {"exec": 1}, "machinectl": {"shell": 1}, "podman-remote": {"exec": 1, "run": 1}, "lima": {"": 0}, "limactl": {"shell": 1}, "colima": {"ssh": 0}, "vagrant": {"ssh": 0}, "apptainer": {"exec": 1}, "singularity": {"exec": 1}, "heroku": {"run": 0, "run:detached": 0}, "fly": {"ssh console": 0, "machine exec": 1}, "flyctl": {"ssh console": 0, "machine exec": 1}, "railway": {"run": 0}, "cf": {"ssh": 1}, "minikube": {"ssh": 0}, "gcloud": {"compute ssh": 1}, "eb": {"ssh": 0}, "distrobox": {"enter": 1}, "toolbox": {"run": 0},
	"poetry": {"run": 0}, "pipenv": {"run": 0}, "uv": {"run": 0}, "pdm": {"run": 0}, "hatch": {"run": 0}, "rye": {"run": 0}, "bundle": {"exec": 0}, "conda": {"run": 0}, "mamba": {"run": 0}, "npm": {"exec": 0}, "pnpm": {"exec": 0, "dlx": 0}, "yarn": {"dlx": 0, "exec": 0}, "nix": {"shell": 0, "develop": 0}, "doppler": {"run": 0}, "op": {"run": 0}, "infisical": {"run": 0}, "chamber": {"exec": 1}, "mise": {"exec": 0, "x": 0}, "asdf": {"exec": 0}, "rbenv": {"exec": 0}, "pyenv": {"exec": 0}, "sops": {"exec-env": 1, "exec-file": 1}, "teller": {"run": 0}, "vault": {"agent exec": 0}, "rustup": {"run": 1}, "ddev": {"exec": 0}, "lando": {"ssh": 0}, "sail": {"shell": 0}, "wp": {"": -1},
}

// localSub are those whose commands run here, not elsewhere.
var localSub = map[string]bool{"poetry": true, "pipenv": true, "uv": true, "pdm": true, "hatch": true, "rye": true, "bundle": true, "conda": true, "mamba": true, "npm": true, "pnpm": true, "yarn": true, "nix": true, "doppler": true, "op": true, "infisical": true, "chamber": true, "mise": true, "asdf": true, "rbenv": true, "pyenv": true, "sops": true, "teller": true, "vault": true, "rustup": true}

// subValues are flags of those programs that take a value in the next word.
const subValues = " -n --namespace -c --container --context -e --env -u --user -w --workdir -v --volume -p --publish --name --network --entrypoint -l --label -h --hostname -m --memory --cpus --mount --rm= -f --file --env-file --project-name --cluster --kubeconfig -a --app --zone --project --image --restart --cap-add --device --add-host --platform --pull --profile --group --config --log-driver --ulimit --gpus --shm-size --user= --remote -s --service --task --pod-running-timeout --cidfile --link --dns -P "

// inside finds the command that a wrapper's arguments hold: its index, -1 for none.
func (w wrapper) inside(args []command.Word) int {
	left := w.skip
	for i := 0; i < len(args); i++ {
		text := args[i].Text
		switch {
		case text == "--":
			if left > 0 {
				continue
			}
			if i+1 < len(args) {
				return i + 1
			}
			return -1
		case len(text) > 1 && text[0] == '-':
			if strings.Contains(w.values, " "+text+" ") {
				i++
			}
		case args[i].Text != "" && text[0] == '/' && len(text) < 9 && strings.Count(text, "/") == 1 && w.join && !args[i].Quoted && args[i].Text != "/": // runas /user:x
		case w.assigns && assignment(text):
		case strings.HasPrefix(text, `\\`) && w.remote:
		case left > 0:
			left--
		default:
			return i
		}
	}
	return -1
}

func assignment(s string) bool {
	i := strings.IndexByte(s, '=')
	if i <= 0 {
		return false
	}
	for j := range i {
		c := s[j]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (j == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// subInside is [wrapper.inside] for programs with subcommands.
func subInside(subs map[string]int, args []command.Word) int {
	for sub, operands := range subs {
		at, ok := after(sub, args)
		if !ok || operands < 0 {
			continue
		}
		// What stands after "--" is the command, whatever came before.
		for i := at; i < len(args); i++ {
			if args[i].Text == "--" && i+1 < len(args) {
				return i + 1
			}
		}
		w := wrapper{values: subValues, skip: operands}
		if i := w.inside(args[at:]); i >= 0 {
			return at + i
		}
	}
	return -1
}

// after finds the words of a subcommand among the arguments and returns the index behind them.
func after(sub string, args []command.Word) (int, bool) {
	want := strings.Fields(sub)
	i := 0
	for at := 0; at < len(args) && i < len(want); at++ {
		switch text := args[at].Text; {
		case text == want[i]:
			i++
			if i == len(want) {
				return at + 1, true
			}
		case args[at].Flag():
			if strings.Contains(subValues, " "+text+" ") {
				at++
			}
		default:
			return 0, false
		}
	}
	return 0, len(want) == 0
}
