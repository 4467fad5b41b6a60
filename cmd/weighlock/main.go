// Command weighlock is the whole pipeline in one process (`dev`), and the hands of
// agents, approvers, analysts and operators on a terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/weighlock/weighlock/internal/daemon"
	"github.com/weighlock/weighlock/internal/embedded/engine"
)

func main() {
	engine.RunIfChild() // never returns in the engine's own process
	daemon.TuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes the command line and gives its exit code.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(os.Stderr, "weighlock:", exit.err)
		}
		return exit.code
	}
	fmt.Fprintln(os.Stderr, "weighlock:", err)
	return exitFailed
}
