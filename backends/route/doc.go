// Package route reads and swaps the one record that points: which generation of
// a namespace is searched, and which model its queries must be embedded with.
// It is light enough to import into any application.
//
// Readers take locator and model as one pair, so that a query is always
// searched in the space that it was embedded for, before, during and after a
// switch. A [Reader] does so from a cache, and while the registry is away:
//
//	now, err := reader.Current(ctx, "docs")
//	// embed the query with now.Model, search it at now.Locator
package route
