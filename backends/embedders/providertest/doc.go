// Package providertest is an HTTP server on loopback that speaks the wire
// format of OpenAI-compatible embedding servers, with their documented limits,
// headers, error bodies and quirks, and that misbehaves on command. Tests,
// benchmarks and tutorials run against it where no provider can be asked.
package providertest
