package verb

// verbs are the words that name an act wherever they stand. Each word is in one act only;
// a test watches over that.
var verbs = map[Act]string{
	Read: `cd chdir wc ps printenv uname pgrep netstat lsof get list read show search find lookup look fetch query retrieve check inspect describe browse stat  diff peek scan display explain
		verify validate ping whoami ls cat tail goto navigate visit download explore exists lint poll load detect identify observe gather collect
		obtain see discover examine crawl scrape locate enumerate grep glob listen recall remember recommend suggest lookfor pwd du df  select
		has is are can aggregate getall findone findall determine ascertain inquire enquire tracked lists gets finds searches reads shows
		fetches checks describes queries retrieves views collectall learn skim glance traceroute nslookup dig whois geolocate geocode probe tell
		provide view monitor watch preview inspectall`,
	Compute: `wait sleep noop pass echo done choose pick calculate calc compute summarise summarize analyse analyze translate classify compare convert parse estimate predict think extract simulate
		encode decode subtract multiply divide sqrt abs evaluate infer reason interpret tokenize tokenise normalize normalise transcribe paraphrase
		categorize categorise deduce solve factorize integrate differentiate interpolate extrapolate standardize tally proofread spellcheck
		stringify serialize deserialize hash sort diffcheck brainstorm reflect ponder`,
	Create: `place initiate create new make build insert append clone cp touch mkdir generate register reserve compose write save duplicate import fork init initialize
		initialise put store export bookmark reorder propose add compile construct instantiate produce allocate enter prepare bulkcreate
		createorupdate insertmany insertone savefile saveall memorize memorise jot capture synthesize synthesise render rent preorder enqueue ingest
		populate seed found establish adopt mkfs mknod createnew recreate tee scaffold`,
	Change: `finalize finalise confirm update mark sign play water feed hire edit modify patch rename move mv replace upsert merge assign configure enable disable toggle reset restore adjust apply sync unpin
		archive unarchive resume start restart resolve complete submit attach detach switch increase decrease upgrade downgrade refuel unlock
		migrate alter activate reactivate rotate renew extend follow unfollow unlike upvote downvote unsubscribe rebase set reschedule rebook
		reassign overwrite rewrite amend correct customize customise calibrate tune turn dim brighten heat cool arm disarm mute unmute postpone
		defer advance adapt transform refactor reopen override reconfigure relocate transition unassign redirect reroute recategorize annotate
		revise fix repair heal optimize optimise reindex defragment resize crop encrypt decrypt compress decompress unzip zip mount unmount  		 join leave snooze skip acknowledge ack unblock block quarantine isolate hide unhide   prioritize prioritise
		deprioritize tweak substitute shift switchover tie untie bind unbind administer prescribe dispense inject vaccinate treat discharge admit
		steer accelerate brake setall bulkupdate updatemany updateone checkin topup  push`,
	Delete: `delete del remove rm rmdir drop purge wipe erase destroy truncate empty shred discard prune expunge obliterate nuke evict unlink uninstall
		flush trash vacate zap deprovision expire unregister deregister unset clean cleanup collapse decommission annihilate eradicate eliminate
		scrub delist dropdb droptable unmap forget deletemany deleteone removeall deleteall clear clearall raze dispose detroy deallocate dequeue
		unprovision depopulate srm sdelete demolish strip redact cull exterminate vaporize dismantle void blank`,
	Send: `send handoff complain congratulate reply notify respond sendmail remind ask answer whisper inform deliver relay ring dial sendmessage sendemail sendsms nudge greet
		apologize warn react`,
	Publish: `publish retweet broadcast announce upload mint repost crosspost advertise expose unveil livestream webcast syndicate airplay disseminate
		circulate blogpost`,
	Pay: `pay buy sell withdraw donate settle remit reimburse disburse invest lend borrow liquidate airdrop repay prepay overpay sendmoney
		sendpayment payinvoice cashout redeem bribe bet gamble wager pawn autopay crowdfund unstake  `,
	Grant: `grant revoke invite kick ban authorize authorise approve permit promote demote escalate impersonate chmod chown unban whitelist allowlist
		delegate enrol enroll entitle blacklist blocklist denylist uninvite onboard offboard unshare elevate sudo addmember removemember deputize
		empower setfacl takeown icacls unenroll trust distrust`,
	Login: `connect disconnect login logout authenticate signin signout signup auth logoff logon reauthenticate relogin sso unauthenticate`,
	Run: `run exec execute eval invoke trigger launch spawn dispatch ssh rerun kickoff runcode execsql runsql subprocess popen spawnprocess perform do
		operate orchestrate boot`,
	Install: `install npm apt brew yum dnf apk pip reinstall sideload setup pipx yarn choco winget npx`,
	Deploy:  `deploy rollout rollback provision undeploy redeploy failover drain cordon uncordon autoscale terraform kubectl helm scale`,
	Stop: `stop kill cancel terminate abort shutdown halt reboot suspend pause close quit poweroff deactivate reject decline unpublish retract revert
		undo end finish cease freeze dismiss interrupt preempt discontinue unbook refuse deny cancelall resign exit hibernate withhold stopall fire
		evacuate abandon cutoff powerdown`,
	Control: `click press keypress scroll drag hover tap swipe doubleclick rightclick leftclick keydown keyup mousemove typewrite`,
}

// nouns are the words that name an act where nothing else in a name does, and else often a thing:
// both the ones that are verb and noun alike and the nouns made of verbs.
var nouns = map[Act]string{
	Read: `info screenshot screenshots stats status log logs history test open top head tree version help filter review audit track monitoring retrieval lookups listing inspection
		verification validation discovery exploration detection identification observation reader viewer finder checker count access scanner fetcher
		checkup survey examination`,
	Compute: `random roll summary analysis mean median average sum logarithm deviation percentage plan format rank score max min power calculation computation
		conversion estimation prediction translation classification comparison simulation summarization evaluation calculator converter translator
		analyzer analyser summarizer round variance correlation regression quantile percentile mode stdev std sine cosine tangent sin cos tan log10
		log2 ln exp factorial gcd lcm modulo mod ratio interpolation extraction parser estimator forecaster difference product quotient addition
		subtraction multiplication division exponent hypotenuse derivative integral determinant eigenvalue`,
	Create: `take copy report complaint schedule draft record backup note order request book creation reservation booking registration generation insertion generator creator
		initialization scheduling reminder snapshot appointment duplication replication writing production fabrication builder maker`,
	Change: `pull control process exchange swap change config tag label pin star lock link rate vote like fill commit subscribe return modification alteration configuration adjustment
		assignment replacement activation rotation migration modifier setting rescheduling amendment restoration renewal extension enablement
		synchronization submission correction switcher toggler rewriting reclassification prioritization enhancement treatment administration
		prescription injection sterilization`,
	Delete: `deletion removal destruction erasure purging cleaning cleaner wiping truncation disposal elimination remover deleter eraser expiration
		decommissioning`,
	Send: `message email mail dm contact call text sms alert forward notification messaging emailing sender notifier phone fax telegram communicate
		correspondence dispatcher texting messenger`,
	Publish: `post tweet comment share blog publication publishing posting publisher broadcaster uploader dissemination retweeting`,
	Pay: `venmo zelle spend payment transfer wire refund charge purchase trade withdrawal deposit tip payout checkout bid stake fund escrow settlement reimbursement
		donation disbursement remittance payroll buyer seller trading investment repayment payer spending liquidation buyback autopayment ach sepa
		swift`,
	Grant: `invitation authorization authorisation approval revocation promotion delegation escalation impersonation enrollment enrolment onboarding
		offboarding elevation`,
	Login: `authentication signon`,
	Run: `invocation shell bash cmd powershell terminal console script execution executor runner launcher command interpreter repl pwsh zsh launching
		operation python node perl ruby`,
	Install: `installation installer`,
	Deploy:  `release ship deployment provisioning scaling shipment`,
	Stop: `cancellation termination suspension closure deactivation retraction rejection stopping discontinuation interruption dismissal withholding
		denial foreclosure eviction`,
	Control: `type key mouse  cursor keyboard computer desktop keystroke`,
}

var particles = map[string]bool{"in": true, "out": true, "up": true, "down": true, "on": true, "off": true, "back": true, "over": true}

// pairs are verbs of two words whose act is not that of the first.
var pairs = map[string]Act{
	"log in": Login, "sign in": Login, "sign out": Login, "log out": Login, "sign up": Login, "log on": Login, "log off": Login, "sign on": Login, "sign off": Login,
	"check in": Change, "check out": Pay, "look up": Read, "shut down": Stop, "shut off": Stop, "turn on": Change, "turn off": Change, "power off": Stop,
	"power on": Change, "power down": Stop, "power up": Change, "set up": Install, "opt out": Change, "opt in": Change, "roll back": Deploy, "roll out": Deploy,
	"clean up": Delete, "back up": Create, "switch on": Change, "switch off": Change, "top up": Pay, "cash out": Pay, "pay out": Pay, "pay off": Pay,
	"scale up": Deploy, "scale down": Deploy, "scale in": Deploy, "scale out": Deploy, "call back": Send, "call up": Send, "take over": Grant, "take down": Stop,
	"tear down": Delete, "spin up": Deploy, "spin down": Deploy, "start up": Change, "back off": Stop, "lock down": Stop, "lock out": Grant, "fill in": Change,
	"fill out": Change, "clear out": Delete, "fail over": Deploy, "boot up": Change, "clock in": Create, "clock out": Create, "hang up": Stop, "follow up": Send,
	"transfer out": Pay, "buy back": Pay, "give back": Change, "pull down": Read, "cut off": Stop,
}

var irregular = map[string]string{
	"sent": "send", "paid": "pay", "bought": "buy", "sold": "sell", "made": "make", "wrote": "write", "written": "write", "got": "get",
	"ran": "run", "built": "build", "told": "inform", "withdrew": "withdraw", "withdrawn": "withdraw", "withheld": "withhold", "spent": "spend",
	"lent": "lend", "shown": "show", "seen": "see", "undid": "undo", "undone": "undo", "froze": "freeze", "frozen": "freeze", "overwrote": "overwrite",
	"overwritten": "overwrite", "forgot": "forget", "forgotten": "forget", "left": "leave",
}
