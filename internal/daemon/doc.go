// Package daemon is what every service's process is made of: settings, logs,
// health, metrics, the connections, and an orderly end.
package daemon
