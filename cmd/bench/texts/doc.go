// Package texts makes the items that the benchmark embeds: English-looking
// texts of about 300 bytes, no two alike, the same in every run and on every
// machine. It knows of no store.
package texts
