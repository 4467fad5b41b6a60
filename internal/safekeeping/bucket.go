package safekeeping

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"

	"github.com/weighlock/weighlock/internal/proof"
)

const (
	maxDigest      = 64 << 10 // bytes of one kept digest: a tenth of that would do
	readers        = 16
	metadataWait   = 5 * time.Second // for credentials of the machine's role
	contentType    = "application/json"
	bucketURLForms = "use https://host[:port]/bucket[/prefix][?region=REGION]"
)

// Bucket keeps an object per digest.
type Bucket struct {
	client       *minio.Client
	name, prefix string
}

// OpenBucket takes https://host[:port]/bucket[/prefix][?region=REGION]. The credentials are those of the environment
// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), else of the shared credentials file, else of the machine's role.
// Nothing is asked of the bucket yet.
func OpenBucket(address string) (*Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the bucket's URL cannot be read: %w", err)
	}
	name, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", name == "":
		return nil, fmt.Errorf("%q is no bucket: %s", u.Redacted(), bucketURLForms)
	case u.User != nil:
		return nil, fmt.Errorf("the URL of the bucket %s holds credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead", name)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Secure: u.Scheme == "https", Region: u.Query().Get("region"), BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Client: &http.Client{Timeout: metadataWait}},
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("the bucket %s cannot be used: %w", name, err)
	}
	if prefix != "" {
		prefix += "/"
	}
	return &Bucket{client: client, name: name, prefix: prefix}, nil
}

// Keep implements [Store]. The bucket itself refuses to write over an object; one that does not know how writes the same again.
func (b *Bucket) Keep(ctx context.Context, digest proof.Signed) error {
	text, err := encode(digest)
	if err != nil {
		return err
	}
	options := minio.PutObjectOptions{ContentType: contentType, SendContentMd5: true} // object lock asks for the checksum
	options.SetMatchETagExcept("*")
	put := func() error {
		_, err := b.client.PutObject(ctx, b.name, b.prefix+nameOf(digest), bytes.NewReader(text), int64(len(text)), options)
		return err
	}
	err = put()
	if minio.ToErrorResponse(err).Code == minio.NotImplemented {
		options = minio.PutObjectOptions{ContentType: contentType, SendContentMd5: true}
		err = put()
	}
	if err == nil || minio.ToErrorResponse(err).Code == minio.PreconditionFailed {
		return nil
	}
	return fmt.Errorf("keeping the digest of %s in the bucket %s: %w", digest.Name(), b.name, err)
}

// All implements [Store].
func (b *Bucket) All(ctx context.Context) ([]proof.Signed, error) {
	var names []string
	for object := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if object.Err != nil {
			return nil, fmt.Errorf("listing the bucket %s: %w", b.name, object.Err)
		}
		if strings.HasSuffix(object.Key, suffix) {
			names = append(names, object.Key)
		}
	}
	all := make([]proof.Signed, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, name := range names {
		group.Go(func() error {
			var err error
			all[i], err = b.read(ctx, name)
			return err
		})
	}
	return all, group.Wait()
}

func (b *Bucket) read(ctx context.Context, name string) (proof.Signed, error) {
	object, err := b.client.GetObject(ctx, b.name, name, minio.GetObjectOptions{})
	if err != nil {
		return proof.Signed{}, fmt.Errorf("reading %s of the bucket %s: %w", name, b.name, err)
	}
	defer object.Close()
	text, err := io.ReadAll(io.LimitReader(object, maxDigest))
	if err != nil {
		return proof.Signed{}, fmt.Errorf("reading %s of the bucket %s: %w", name, b.name, err)
	}
	return decode(name, text)
}
