package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"syscall"
	"time"
)

// paced calls do n times, one every 1/rate seconds whatever the others take, and
// returns how long each took.
func paced(ctx context.Context, n int, rate float64, do func(context.Context) error) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	errs := make([]error, n)
	start := time.Now()
	var all sync.WaitGroup
	for i := range n {
		due := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if err := sleepUntil(ctx, due); err != nil {
			return nil, err
		}
		all.Go(func() {
			began := time.Now()
			errs[i] = do(ctx)
			took[i] = time.Since(began)
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}

func sleepUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// percentile is the value that the share q of all values does not exceed, in
// milliseconds with three digits.
func percentile(values []time.Duration, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := min(len(sorted)-1, int(math.Ceil(q*float64(len(sorted))))-1)
	return math.Round(float64(sorted[max(at, 0)].Microseconds())) / 1000
}

// cpu is what this process and its ended children have used so far.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func round2(f float64) float64 { return math.Round(f*100) / 100 }
