// Package checker reads the log of a run and says what in it breaks a guarantee. It knows the contract and what is stored
// in the streams, and shares nothing with the code that it judges.
package checker
