package main

// Exit codes. Scripts branch on them, so they never change.
const (
	exitOK        = 0 // it worked; with --wait: the action was approved
	exitFailed    = 1 // it did not work
	exitRefused   = 3 // the action was rejected, denied, expired or withdrawn; the verdict was refused
	exitUndecided = 4 // no answer in time: not approved
)

// exitError ends the program with code; err may be nil where all was said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "finished"
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }
