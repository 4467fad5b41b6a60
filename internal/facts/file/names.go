package file

import "strings"

// Directories, in lower case, without a drive.
var (
	devices = []string{"/dev", "/devices"}
	temps   = []string{"/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/var/folders", "/temp", "/windows/temp", "/run/shm", "/data/local/tmp"}
	homes   = []string{"/home", "/users", "/root", "/var/root", "/documents and settings", "/export/home"}
	shares  = []string{"/net", "/nfs", "/smb", "/afs"}
	systems = []string{
		"/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/boot", "/sys", "/proc", "/var", "/opt", "/efi", "/run", "/system", "/library", "/applications",
		"/private/etc", "/private/var", "/windows", "/winnt", "/program files", "/program files (x86)", "/programdata", "/system volume information", "/recovery", "/nix", "/snap", "/srv", "/lost+found", "/kernel", "/cores",
	}
)

// secretNames are the names of files and directories that hold keys, passwords or tokens.
var secretNames = set(
	".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker/config.json", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".mylogin.cnf", ".git-credentials", ".npmrc", ".pypirc", ".vault-token", ".htpasswd",
	".s3cfg", ".boto", ".terraformrc", ".dockercfg", ".password-store", "keychains", "keyrings", "shadow", "shadow-", "gshadow", "master.passwd", "sudoers", "sam", "ntds.dit", "krb5.keytab",
	"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity", "credentials", "credentials.json", "credentials.xml", "credentials.yml", "credentials.yaml", "credentials.csv", "client_secret.json", "client_secrets.json", "service-account.json",
	"service_account.json", "serviceaccount.json", "application_default_credentials.json", "secrets", "secrets.json", "secrets.yml", "secrets.yaml", "secrets.toml", "secrets.env", "secret.txt", "secrets.txt", "secret.key", "master.key", "token", "tokens", "token.json", "tokens.json",
	"token.txt", "tokens.txt", "access_token", "api_key", "api_keys", "apikey", "api_key.txt", "api_keys.txt", "apikeys.txt", "passwords", "password", "passwd.bak", "passwords.txt", "password.txt", "passwords.csv", "passwords.xlsx", "logins.json", "login data", "key3.db", "key4.db", "cookies",
	"cookies.sqlite", "cookies.db", "web data", "local state", "wallet.dat", "keystore", "wallets", "wallet", "kubeconfig", "kubeconfig.yaml", "admin.conf", ".env", "env.production", "auth.json", "hosts.yml", "rclone.conf", "wp-config.php", "local.settings.json", "terraform.tfvars",
	"environ", "kcore", "sessionstore.jsonlz4", "known_secrets", "recovery_codes.txt", "seed.txt", "mnemonic.txt", "private_key", "privatekey", "private.key", "server.key", "gh_token", ".vnc", ".rhosts", "lsass.dmp", ".bash_history", ".zsh_history", ".psql_history", ".mysql_history", "consolehost_history.txt", ".python_history", ".node_repl_history",
)

// secretPieces tell a secret anywhere inside a path.
var secretPieces = []string{
	"/.config/gcloud", "/.config/gh/", "/.config/google-chrome", "/.config/chromium", "/.mozilla/firefox", "/application support/google/chrome", "/application support/firefox", "/google/chrome/user data",
	"/mozilla/firefox/profiles", "/microsoft/credentials", "/microsoft/protect", "/microsoft/vault", "/config/sam", "/config/system32/sam", "/.local/share/keyrings", "/library/cookies", "/run/secrets", "/var/run/secrets",
	"/.docker/config.json", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt", "/.electrum", "/.bitcoin", "/.ethereum", "/.config/solana", "/.1password", "/bitwarden", "/.thunderbird", "/brave-browser", "/microsoft/edge/user data", "/signal/config.json",
	"/.config/rclone", "/.cargo/credentials", "/.gem/credentials", "/.config/hub", "/.subversion/auth", "/etc/kubernetes/pki", "/.fly/config", "/.databrickscfg",
}

var secretEndings = []string{".pem", ".key", ".p12", ".pfx", ".kdbx", ".kdb", ".jks", ".keystore", ".ppk", ".asc", ".gpg", ".keytab", ".ovpn", ".kwallet", ".agilekeychain", ".opvault", ".tfstate", ".mobileconfig", ".p8", ".pkcs12", ".der.key"}

// startupNames are files that programs run or obey by themselves.
var startupNames = set(
	".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc", ".zprofile", ".zshenv", ".zlogin", ".zlogout", ".cshrc", ".tcshrc", ".kshrc", ".inputrc", ".xinitrc", ".xsession", ".xprofile", ".vimrc", ".emacs", ".tmux.conf", ".gitconfig", "config.fish",
	"authorized_keys", "authorized_keys2", "rc.local", "crontab", "launchagents", "launchdaemons", "autostart", "hooks", ".husky", "profile.ps1", "microsoft.powershell_profile.ps1", "sudoers", "sudoers.d", "ld.so.preload", "pam.d", "init.d", "cron.d", "cron.daily", "cron.hourly", "cron.weekly", "cron.monthly",
	"profile.d", "sitecustomize.py", "usercustomize.py", ".pythonrc", ".npmrc", "pip.conf", ".envrc", "tasks.json", "launch.json", "mcp.json", ".mcp.json", "claude_desktop_config.json", ".gitlab-ci.yml", "jenkinsfile", ".cursorrules", ".windsurfrules", "claude.md", "agents.md", "copilot-instructions.md", ".pre-commit-config.yaml",
	"hosts", "resolv.conf", "nsswitch.conf", "sshd_config", "autoexec.bat", "bashrc", "bash.bashrc", "zshrc", "win.ini", ".curlrc", ".wgetrc", ".gdbinit", ".lldbinit", ".irbrc",
)

var startupPieces = []string{
	"/etc/systemd", "/lib/systemd", "/.config/systemd", "/etc/cron", "/var/spool/cron", "/etc/init", "/start menu/programs/startup", "/.git/hooks", "/.github/workflows", "/.ssh/rc", "/etc/profile", "/etc/environment", "/etc/rc", "/etc/ld.so", "/etc/xdg/autostart", "/.config/fish", "/.vscode/",
	"/.cursor/", "/.claude/", "/.circleci/", "/windows/system32/tasks", "/etc/udev/rules.d", "/etc/apt/apt.conf.d", "/etc/modules", "/library/launch", "/startupitems", "/.kde/autostart", "/.config/plasma-workspace", "/etc/update-motd.d", "/browser/extensions",
}

var programEndings = set(
	".exe", ".dll", ".msi", ".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".scr", ".com", ".pif", ".cpl", ".jar", ".apk", ".dmg", ".pkg", ".deb", ".rpm", ".app", ".appimage", ".sh", ".bash", ".zsh", ".ksh", ".fish", ".so", ".dylib", ".sys", ".ko", ".command", ".desktop", ".lnk", ".reg",
	".elf", ".bin", ".run", ".service", ".timer", ".msix", ".xpi", ".crx", ".iso", ".img", ".vhd", ".docm", ".xlsm", ".pptm", ".xll", ".jse", ".lua", ".workflow", ".scpt", ".out", ".ipa",
)

var webEndings = set(".php", ".phtml", ".jsp", ".jspx", ".asp", ".aspx", ".ashx", ".cgi", ".war", ".cfm", ".pl")

var webRoots = []string{"/var/www", "/htdocs", "/wwwroot", "/public_html", "/webapps", "/srv/http", "/usr/share/nginx", "/wp-content", "/inetpub"}

//nolint:misspell // words of many languages
var sensitiveWords = set(
	"payroll", "salary", "salaries", "compensation", "paystub", "payslip", "payslips", "passport", "passports", "visa", "medical", "patient", "patients", "health", "diagnosis", "prescription", "prescriptions", "tax", "taxes", "w2", "1040", "1099", "ssn", "bank", "bankstatement", "statement", "statements", "iban",
	"backup", "backups", "bak", "dump", "dumps", "confidential", "secret", "classified", "private", "personal", "personnel", "hr", "nda", "legal", "lawsuit", "contract", "contracts", "acquisition", "merger", "creditcard", "credit", "customers", "clients", "pii", "gdpr", "birth", "certificate", "family", "diary", "insurance",
	"gehalt", "gehalter", "lohn", "steuer", "ausweis", "vertrag", "vertraulich", "salaire", "salaires", "impots", "confidentiel", "nomina", "nominas", "impuestos", "pasaporte", "salario", "salarios", "imposto", "passaporte", "stipendio", "stipendi", "tasse", "passaporto", "finances", "finance", "budget",
)

var sensitiveEndings = set(".sql", ".bak", ".dump", ".backup", ".pst", ".ost", ".mbox", ".sqlite", ".sqlite3", ".db", ".mdb", ".accdb", ".vcf", ".eml", ".qbw", ".gnucash", ".old", ".orig", ".wallet", ".dmp", ".rdb", ".vmdk", ".qcow2")

// codeEndings are sources: what their names speak of is code about it.
var codeEndings = set(".go", ".py", ".js", ".ts", ".tsx", ".jsx", ".java", ".kt", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb", ".php", ".swift", ".scala", ".html", ".css", ".scss", ".vue", ".sol", ".pub", ".proto", ".tf")

var examples = []string{".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".defaults", ".pub", ".md", ".schema.json"}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// name judges a path by what its parts are called; low is in lower case.
func (k *Path) name(low string) {
	base := low[strings.LastIndexByte(low, '/')+1:]
	ending := ""
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		ending = base[i:]
	}
	k.Program = programEndings[ending] || webEndings[ending] && contains(low, webRoots)
	k.Secret = !k.example(base) && k.secret(low, base)
	k.Startup = contains("/"+low, startupPieces)
	for part := range strings.SplitSeq(low, "/") {
		k.Startup = k.Startup || startupNames[part] && (part != "hosts" && part != "hooks" || strings.HasPrefix(low, "/etc") || strings.Contains(low, ".git/") || strings.Contains(low, "/drivers/"))
	}
	k.Sensitive = sensitiveEndings[ending] || !codeEndings[ending] && sensitive(low)
}

func (*Path) example(base string) bool {
	for _, e := range examples {
		if strings.HasSuffix(base, e) {
			return true
		}
	}
	return base == "known_hosts"
}

func (k *Path) secret(low, base string) bool {
	if strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") || contains("/"+low, secretPieces) {
		return true
	}
	for _, e := range secretEndings {
		if strings.HasSuffix(base, e) {
			return true
		}
	}
	if secretNames[base] {
		return true
	}
	for part := range strings.SplitSeq(low, "/") { // a source tree may well have a directory "tokens"
		if secretNames[part] && (part[0] == '.' || part == "keychains" || part == "keyrings" || part == "keystore") {
			return true
		}
	}
	return k.Wildcard && (strings.HasPrefix(base, ".e") || strings.HasPrefix(base, "id_") || strings.HasPrefix(base, ".s"))
}

func contains(s string, pieces []string) bool {
	for _, p := range pieces {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// sensitive looks for a telling word in the last two parts of a path.
func sensitive(low string) bool {
	from := strings.LastIndexByte(low, '/')
	if from > 0 {
		from = strings.LastIndexByte(low[:from], '/')
	}
	low = low[from+1:]
	start := -1
	for i := 0; i <= len(low); i++ {
		if i < len(low) && (low[i] >= 'a' && low[i] <= 'z' || low[i] >= '0' && low[i] <= '9' || low[i] >= 0x80) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && sensitiveWords[low[start:i]] {
			return true
		}
		start = -1
	}
	return false
}
