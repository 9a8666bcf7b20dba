package builtin

import "github.com/reembed/reembed/backends/catalog"

// Drivers returns a value of its own with all drivers of this repository: a
// program may add to it, or take away.
func Drivers() catalog.Drivers {
	return catalog.Drivers{
		Stores: map[string]catalog.StoreDriver{
			"memory": memoryDriver(),
			"sqlite": sqliteDriver(),
		},
		Embedders: map[string]catalog.EmbedderDriver{
			"hashing": hashingDriver(),
			"openai":  openAIDriver(),
		},
	}
}
