// Package verb tells from a word what kind of act it names.
package verb

// Act is a kind of act. It says what happens, not how risky that is.
type Act string

// The acts.
const (
	None    Act = ""        // the word names no act
	Read    Act = "read"    // looks, lists, searches, compares
	Compute Act = "compute" // works something out and touches nothing
	Create  Act = "create"  // makes something new
	Change  Act = "change"  // changes what is there
	Delete  Act = "delete"  // removes or destroys
	Send    Act = "send"    // tells somebody something
	Publish Act = "publish" // shows something to many
	Pay     Act = "pay"     // moves money or what is worth money
	Grant   Act = "grant"   // gives or takes access, members, roles
	Login   Act = "login"   // signs in or out
	Run     Act = "run"     // runs a program or a command
	Install Act = "install" // brings software in
	Deploy  Act = "deploy"  // changes what runs
	Stop    Act = "stop"    // ends or cancels something under way
	Control Act = "control" // drives a screen, a mouse, a keyboard
)

var acts = index(map[Act][]string{
	Read: {
		"get", "list", "read", "view", "show", "search", "find", "lookup", "look", "fetch", "query", "retrieve", "check", "inspect", "describe",
		"count", "browse", "status", "stat", "stats", "info", "log", "logs", "diff", "history", "preview", "peek", "scan", "monitor", "watch", "select", "display",
		"explain", "verify", "validate", "test", "ping", "whoami", "ls", "cat", "head", "tail", "tree", "open", "goto", "navigate", "visit", "download", "explore", "filter", "exists", "help", "version", "lint", "top", "poll", "load", "audit", "review", "detect", "identify", "track", "observe",
	},
	Compute: {
		"calculate", "compute", "summarise", "summarize", "summary", "analyse", "analyze", "analysis", "translate", "classify", "compare", "convert", "parse", "sort", "estimate", "predict",
		"mean", "median", "average", "sum", "logarithm", "deviation", "round", "percentage", "plan", "think", "format", "extract", "rank", "score", "evaluate", "simulate", "hash", "encode", "decode",
		"add", "subtract", "multiply", "divide", "max", "min", "power", "sqrt", "abs",
	},
	Create: {
		"create", "new", "make", "build", "insert", "append", "copy", "clone", "cp", "touch", "mkdir", "generate", "register", "book", "reserve", "schedule", "compose", "draft", "write", "save", "record", "duplicate", "import", "fork", "init", "initialize", "put", "store", "backup", "export", "note", "bookmark", "reorder", "order", "request", "propose",
	},
	Change: {
		"update", "set", "edit", "modify", "change", "patch", "rename", "move", "mv", "replace", "upsert", "merge", "assign", "mark", "configure", "config", "enable", "disable", "toggle", "reset", "restore", "adjust", "apply", "sync", "tag", "label", "pin", "unpin", "star", "archive", "unarchive", "resume", "start", "restart", "resolve", "complete", "submit", "attach", "detach", "link", "switch", "increase", "decrease", "upgrade", "downgrade", "swap", "exchange", "return", "refuel", "lock", "unlock", "migrate", "alter", "activate", "rotate", "renew", "extend", "follow", "unfollow", "like", "unlike", "vote", "upvote", "downvote", "subscribe", "unsubscribe", "rate", "fill", "commit", "push", "pull", "rebase",
	},
	Delete: {
		"delete", "del", "remove", "rm", "rmdir", "drop", "purge", "wipe", "erase", "destroy", "truncate", "clear", "empty", "shred", "discard", "prune", "expunge", "obliterate", "nuke", "evict", "unlink", "uninstall", "flush", "trash", "vacate", "zap", "deprovision", "expire", "unregister", "deregister", "unset", "clean", "cleanup", "collapse", "decommission", "annihilate", "eradicate",
	},
	Send:    {"send", "reply", "forward", "message", "email", "mail", "notify", "dm", "respond", "contact", "call", "text", "sms", "sendmail", "remind", "alert", "ask", "answer", "whisper"},
	Publish: {"publish", "post", "tweet", "retweet", "comment", "share", "broadcast", "announce", "upload", "blog", "mint"},
	Pay:     {"pay", "payment", "transfer", "wire", "refund", "charge", "purchase", "buy", "sell", "trade", "withdraw", "withdrawal", "deposit", "donate", "tip", "settle", "remit", "reimburse", "payout", "disburse", "checkout", "bid", "stake", "invest", "spend", "lend", "borrow", "liquidate", "fund", "escrow", "airdrop"},
	Grant:   {"grant", "revoke", "invite", "kick", "ban", "authorize", "authorise", "approve", "permit", "promote", "demote", "escalate", "impersonate", "chmod", "chown", "unban", "whitelist", "allowlist", "delegate", "enrol", "enroll"},
	Login:   {"login", "logout", "authenticate", "signin", "signout", "signup", "auth", "logoff", "logon"},
	Run:     {"run", "exec", "execute", "eval", "invoke", "invocation", "trigger", "launch", "spawn", "dispatch", "shell", "bash", "cmd", "powershell", "terminal", "console", "script", "ssh"},
	Install: {"install", "setup", "pip", "npm", "apt", "brew", "yum", "dnf", "apk", "gem", "cargo"},
	Deploy:  {"deploy", "release", "rollout", "rollback", "provision", "scale", "ship", "undeploy", "redeploy", "failover", "drain", "cordon", "uncordon"},
	Stop:    {"stop", "kill", "cancel", "terminate", "abort", "shutdown", "halt", "reboot", "suspend", "pause", "close", "quit", "poweroff", "deactivate", "reject", "decline", "unpublish", "retract", "revert", "undo", "end"},
	Control: {"click", "type", "press", "keypress", "scroll", "drag", "hover", "key", "mouse", "screenshot", "cursor", "tap", "swipe"},
})

func index(words map[Act][]string) map[string]Act {
	m := make(map[string]Act, 512)
	for act, list := range words {
		for _, w := range list {
			m[w] = act
		}
	}
	return m
}

// Of returns the act that a lower-case word names, or [None].
func Of(word string) Act { return acts[word] }
