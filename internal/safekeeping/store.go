package safekeeping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/weighlock/weighlock/internal/proof"
)

// Store is one place that keeps digests.
type Store interface {
	// Keep adds a digest and returns once it is durable. A digest that is there already stays as it is.
	Keep(ctx context.Context, digest proof.Signed) error
	// All returns every digest that is kept, in no order. Whether they are signed is for the reader to check.
	All(ctx context.Context) ([]proof.Signed, error)
}

// Open opens, to read it, a directory or, where place begins with http:// or https://, a bucket.
func Open(place string) (Store, error) {
	if strings.HasPrefix(place, "https://") || strings.HasPrefix(place, "http://") {
		return OpenBucket(place)
	}
	if info, err := os.Stat(place); err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("%q is no directory of digests", place), err)
	}
	return &Directory{place}, nil
}

// suffix ends the name of a kept digest.
const suffix = ".json"

// nameOf is the digest's own: the same digest is always kept under the same name, and others under others.
func nameOf(d proof.Signed) string {
	return fmt.Sprintf("%s.%d.%020d-%020d.%.16s%s", d.Stream, d.Epoch, d.Lo, d.Hi, d.Hash(), suffix)
}

func encode(d proof.Signed) ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing the digest of %s: %w", d.Name(), err)
	}
	return append(text, '\n'), nil
}

func decode(name string, text []byte) (proof.Signed, error) {
	var d proof.Signed
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("%s is no digest: %w", name, err)
	}
	return d, nil
}
