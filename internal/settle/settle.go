// Package settle says when changed files are to be taken over: once they were the same at two looks, so that whoever writes
// several of them is done by then.
package settle

// Looks are the looks at some files, each by a digest of their bytes. It is not safe for concurrent use.
type Looks struct {
	// InForce is the digest of what is in force.
	InForce string

	seen, tried string // of the last look, and of those last tried
}

// Look notes what is there now. current says that it is what is in force, try that it is new, has settled and was not tried before.
func (l *Looks) Look(digest string) (current, try bool) {
	settled := digest == l.seen
	l.seen = digest
	if digest == l.InForce {
		l.tried = "" // a mistake that was taken back may be made again
		return true, false
	}
	if !settled || digest == l.tried {
		return false, false
	}
	l.tried = digest
	return false, true
}
