package command

// MaxBytes is how much of a script is read.
const MaxBytes = 64 << 10

// Script is the simple commands of a script in the order they stand, those of substitutions
// before the command that uses them. Functions' bodies and script blocks count as run.
type Script struct {
	Commands  []*Command
	Broken    bool // not valid in the language; Commands is a guess
	Truncated bool // larger or deeper than what is read
	ForkBomb  bool // a function that starts itself more than once
}
