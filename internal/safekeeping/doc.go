// Package safekeeping keeps signed digests outside of the pipeline, best where its operators cannot change them: in a directory or in
// a bucket that speaks S3. What is kept is never written over.
package safekeeping
