package worker

import (
	"os"
	"runtime/debug"

	"github.com/reembed/reembed/backends/weighed"
)

// runtimeMB is what the program takes beside texts and vectors.
const runtimeMB = 96

// pagesBytes is the share of the budget that texts and vectors have in one
// segment; the rest is for what requests make of them, see room.
func (c Config) pagesBytes() int64 { return c.budget() * 3 / 4 / int64(c.SyncSlots) }

// room is the share of the budget that the requests of all segments have.
func (c Config) room() *weighed.Room { return weighed.NewRoom(c.budget() / 4) }

func (c Config) budget() int64 { return int64(c.MemoryMB) << 20 }

// limitHeap makes the garbage collector work harder when the heap comes near
// the budget, instead of letting it grow to twice what is in use. What
// GOMEMLIMIT says, also "off", is left alone.
func (c Config) limitHeap() {
	if _, said := os.LookupEnv("GOMEMLIMIT"); !said {
		debug.SetMemoryLimit(c.budget() + runtimeMB<<20)
	}
}
