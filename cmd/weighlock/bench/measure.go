package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// cpu is what this process has used so far.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// tick is the unit of processor times in /proc, whatever the kernel's own.
const tick = 10 * time.Millisecond

// used is what this process and its living children, of which ClickHouse's engine is the only one, have used so far.
type used struct {
	self     time.Duration
	children map[int]time.Duration // by process id
}

// cpuWithEngine counts children where the system has a /proc that lists them.
func cpuWithEngine() used {
	u := used{cpu(), map[int]time.Duration{}}
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return u
	}
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for child := range strings.FieldsSeq(string(children)) {
			pid, err := strconv.Atoi(child)
			if err != nil {
				continue
			}
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
				u.children[pid] = usedIn(string(stat))
			}
		}
	}
	return u
}

// since is what was used since before; what a child used that has ended meanwhile is not known.
func (u used) since(before used) time.Duration {
	sum := u.self - before.self
	for pid, now := range u.children {
		sum += max(0, now-before.children[pid])
	}
	return sum
}

// usedIn reads the times in user and system mode, fields 14 and 15 of /proc/<pid>/stat; the second, the name, may hold anything.
func usedIn(stat string) (sum time.Duration) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	for _, i := range []int{11, 12} {
		if i < len(fields) {
			n, _ := strconv.ParseInt(fields[i], 10, 64) // 0 where it is no number
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

func round2(f float64) float64 { return math.Round(f*100) / 100 }
