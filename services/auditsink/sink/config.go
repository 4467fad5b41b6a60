package sink

import (
	"flag"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weighlock/weighlock/internal/clickhouse"
	"github.com/weighlock/weighlock/internal/safekeeping"
	"github.com/weighlock/weighlock/pkg/events"
	"github.com/weighlock/weighlock/services/auditsink/schema"
)

// Config is what a user sets. A zero field means its default.
type Config struct {
	// ClickHouseURL is where ClickHouse is: http(s)://user:password@host:port/?setting=value for its HTTP interface,
	// clickhouse://user:password@host:port/database?setting=value for its native protocol (secure=true for TLS). Required.
	ClickHouseURL string
	// Database keeps the tables; made if missing. Default the one that a clickhouse:// URL names, else "weighlock".
	Database string
	// BatchRows is the most rows of one insert, 1 to 1,000,000. Default 20,000.
	BatchRows int
	// BatchBytes is how many bytes of messages end a batch, 1 KiB to 256 MiB. Default 32 MiB.
	BatchBytes int
	// BatchMemory is how many bytes of messages the batches of all streams may hold together: beyond it those with 2 MiB are written.
	// They take up to twice as much memory. 1 KiB to 4 GiB. Default 40 MiB.
	BatchMemory int
	// BatchWait is the longest a message waits for its batch to fill, up to one minute; up to four times as long in a batch of
	// 1,000 rows and more, which is cheaper to write, and where the last insert took longer. Default 1 s.
	BatchWait time.Duration
	// IdleWait ends a batch early when nothing more came for so long, or for as long as the last insert took. Default 200 ms.
	IdleWait time.Duration
	// Drain is how long a stopping sink may take to write the batch in hand. Default 5 s.
	Drain time.Duration
	// ProofKey is the file with the key that signs digests, PKCS #8 in PEM, mode 0600; made if missing. Empty means that nothing is signed.
	ProofKey string
	// ProofDir is a directory that gets every digest as a file of its own; empty for none. It needs ProofKey.
	ProofDir string
	// ProofBucket is an S3-compatible bucket that gets every digest as an object of its own, https://host[:port]/bucket[/prefix][?region=R];
	// empty for none. It needs ProofKey. Credentials come from the environment, see [safekeeping.OpenBucket].
	ProofBucket string
	// PrivateRetention is how long private values stay in ClickHouse unless a legal hold keeps them, at least 1 h. Default 400 days.
	PrivateRetention time.Duration
	// Registerer takes the sink's metrics; nil means the one of the runtime's metrics.
	Registerer prometheus.Registerer
}

const (
	maxBatchRows     = 1_000_000 // one block, so that one token covers the insert: ClickHouse's max_insert_block_size
	maxBatchBytes    = 256 << 20 // likewise min_insert_block_size_bytes
	maxBatchMemory   = 4 << 30
	pullMessages     = 2048
	pullBytes        = 4 << 20
	shareBytes       = 2 << 20 // a batch may have these whatever the others have
	pinnedTTL        = 2 * time.Second
	pullExpiry       = time.Second             // below pinnedTTL, so that an idle sink keeps its place
	doubtAfter       = 2500 * time.Millisecond // of silence; above pinnedTTL, so that a sink that is gone has lost its place
	firstBackoff     = 200 * time.Millisecond
	lastBackoff      = 30 * time.Second
	consumerName     = "auditsink-rows"
	priorityGroup    = "active"
	manifestBucket   = "AUDIT"
	maxPartitionsOff = "0"
)

// MemoryLimit is for debug.SetMemoryLimit in a process that is a sink only, in bytes: what batches take together is bounded, and with this the
// garbage beside them too. `make soak` measures the whole process at a long backlog, which is to stay below 200 MiB.
const MemoryLimit = 130 << 20

// Name is the service's name, of its identity, dead letters and metrics.
const Name = "auditsink"

var safeDatabase = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

func (c Config) withDefaults() Config {
	if c.Database == "" {
		c.Database = schema.DefaultDatabase
		if a, err := clickhouse.Parse(c.ClickHouseURL); err == nil && a.Native && a.Database != "" {
			c.Database = a.Database
		}
	}
	if c.BatchRows == 0 {
		c.BatchRows = 20_000
	}
	if c.BatchBytes == 0 {
		c.BatchBytes = 32 << 20
	}
	if c.BatchMemory == 0 {
		c.BatchMemory = 40 << 20
	}
	if c.BatchWait == 0 {
		c.BatchWait = time.Second
	}
	if c.IdleWait == 0 {
		c.IdleWait = 200 * time.Millisecond
	}
	if c.PrivateRetention == 0 {
		c.PrivateRetention = 400 * 24 * time.Hour
	}
	if c.Drain == 0 {
		c.Drain = 5 * time.Second
	}
	return c
}

// Register adds the settings to fs.
func (c *Config) Register(fs *flag.FlagSet) {
	fs.StringVar(&c.ClickHouseURL, "clickhouse-url", "", "`URL` of ClickHouse, http(s)://user:password@host:port or, for its native protocol, clickhouse://user:password@host:port")
	fs.StringVar(&c.Database, "database", "", "`database` for the audit; empty means weighlock")
	fs.IntVar(&c.BatchRows, "batch-rows", 0, "most `rows` of one insert; 0 means 20000")
	fs.IntVar(&c.BatchBytes, "batch-bytes", 0, "`bytes` that end a batch; 0 means 32 MiB")
	fs.IntVar(&c.BatchMemory, "batch-memory", 0, "`bytes` that the batches of all streams may hold together, at least half of the memory they take; 0 means 40 MiB")
	fs.DurationVar(&c.BatchWait, "batch-wait", 0, "longest `time` a message waits for its batch; 0 means 1s")
	fs.DurationVar(&c.IdleWait, "idle-wait", 0, "`time` of silence that ends a batch early, at least as long as the last insert took; 0 means 200ms")
	fs.StringVar(&c.ProofKey, "proof-key", "", "`file` with the Ed25519 key that signs digests, made if missing; empty signs nothing")
	fs.StringVar(&c.ProofDir, "proof-dir", "", "`directory` that gets every signed digest as a file; empty means none")
	fs.StringVar(&c.ProofBucket, "proof-bucket", "", "`URL` of an S3-compatible bucket that gets every signed digest as an object, https://host/bucket[/prefix][?region=R]; empty means none")
	fs.DurationVar(&c.PrivateRetention, "private-retention", 0, "`time` that private values stay in ClickHouse unless a legal hold keeps them; 0 means 9600h")
	fs.DurationVar(&c.Drain, "drain", 0, "`time` a stopping sink may take to write the batch in hand; 0 means 5s")
}

// Validate names the first field that is wrong and how to put it right.
func (c Config) Validate() error {
	c = c.withDefaults()
	if err := checkURL(c.ClickHouseURL); err != nil {
		return err
	}
	switch {
	case !safeDatabase.MatchString(c.Database):
		return wrong("database", fmt.Sprintf("is %q", c.Database), "use 1 to 64 letters, digits and underscores, a letter first")
	case c.BatchRows < 1 || c.BatchRows > maxBatchRows:
		return wrong("batchRows", fmt.Sprintf("is %d", c.BatchRows), "use 1 to 1000000")
	case c.BatchBytes < 1<<10 || c.BatchBytes > maxBatchBytes:
		return wrong("batchBytes", fmt.Sprintf("is %d", c.BatchBytes), "use 1 KiB to 256 MiB")
	case c.BatchMemory < 1<<10 || c.BatchMemory > maxBatchMemory:
		return wrong("batchMemory", fmt.Sprintf("is %d", c.BatchMemory), "use 1 KiB to 4 GiB")
	case c.BatchWait < 0 || c.BatchWait > time.Minute:
		return wrong("batchWait", "is "+c.BatchWait.String(), "use up to 1m")
	case c.IdleWait < 0 || c.IdleWait > c.BatchWait:
		return wrong("idleWait", "is "+c.IdleWait.String(), "use up to batchWait")
	case c.ProofDir != "" && c.ProofKey == "":
		return wrong("proofDir", "is set without a key", "set proofKey too, or leave both out")
	case c.ProofBucket != "" && c.ProofKey == "":
		return wrong("proofBucket", "is set without a key", "set proofKey too, or leave both out")
	case c.PrivateRetention < time.Hour:
		return wrong("privateRetention", "is "+c.PrivateRetention.String(), "use at least 1h")
	case c.Drain < 0:
		return wrong("drain", "is "+c.Drain.String(), "use 0s or more")
	}
	if c.ProofBucket != "" {
		if _, err := safekeeping.OpenBucket(c.ProofBucket); err != nil {
			return wrong("proofBucket", err.Error(), "use https://host/bucket")
		}
	}
	return nil
}

func checkURL(text string) error {
	const fix = "use " + clickhouse.Forms
	if text == "" {
		return wrong("clickhouseURL", "is missing", fix)
	}
	if _, err := clickhouse.Parse(text); err != nil {
		return wrong("clickhouseURL", err.Error(), fix)
	}
	return nil
}

func wrong(field, problem, fix string) error {
	return &events.FieldError{Field: field, Problem: problem, Fix: fix}
}
