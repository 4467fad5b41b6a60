package topology

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Ensure makes what is missing and applies the changes that are safe, any number
// of times, from any number of processes. Where something differs that cannot be
// changed safely, or a stream of the name was not made by Ensure, it changes
// nothing at all and returns a [*DifferenceError] for each. It never deletes.
func Ensure(ctx context.Context, js jetstream.JetStream, set Settings) error {
	if err := set.Validate(); err != nil {
		return fmt.Errorf("topology settings: %w", err)
	}
	var steps []func() error
	var refused []error
	for _, want := range wanted(set) {
		have, err := current(ctx, js, want.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			steps = append(steps, func() error { return create(ctx, js, want) })
		case err != nil:
			return err
		default:
			next, changed, err := merge(have, want)
			refused = append(refused, err)
			if changed {
				steps = append(steps, func() error { return update(ctx, js, next) })
			}
		}
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Check reports, without changing anything, every way in which the streams are
// not as the settings want them. Missing streams match [jetstream.ErrStreamNotFound].
func Check(ctx context.Context, js jetstream.JetStream, set Settings) error {
	if err := set.Validate(); err != nil {
		return fmt.Errorf("topology settings: %w", err)
	}
	var all []error
	for _, want := range wanted(set) {
		have, err := current(ctx, js, want.Name)
		if err != nil {
			all = append(all, err)
			continue
		}
		for _, d := range differences(have, want) {
			all = append(all, d)
		}
	}
	return errors.Join(all...)
}

func current(ctx context.Context, js jetstream.JetStream, name string) (jetstream.StreamConfig, error) {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return jetstream.StreamConfig{}, fmt.Errorf("looking at stream %s: %w", name, err)
	}
	return stream.CachedInfo().Config, nil
}

func create(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) error {
	_, err := js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		// Another process was faster; what it made is held to the same standard.
		have, err := current(ctx, js, want.Name)
		if err != nil {
			return err
		}
		next, changed, err := merge(have, want)
		if err != nil || !changed {
			return err
		}
		return update(ctx, js, next)
	}
	if err != nil {
		return fmt.Errorf("creating stream %s: %w", want.Name, err)
	}
	return nil
}

func update(ctx context.Context, js jetstream.JetStream, next jetstream.StreamConfig) error {
	if _, err := js.UpdateStream(ctx, next); err != nil {
		return fmt.Errorf("updating stream %s: %w", next.Name, err)
	}
	return nil
}
