// Package providertest is an HTTP server on loopback that speaks the wire
// format of OpenAI-compatible embedding servers, with their documented limits,
// headers, error bodies and quirks, and that misbehaves on command. Drivers are
// tested with it, faults and storms are made with it, benchmarks and tutorials
// run against it, where no provider can be asked.
//
//	s := providertest.New(t, providertest.Options{
//		Dialect: providertest.OpenAI,
//		Models:  map[string]int{"text-embedding-3-small": 1536},
//		Key:     "sk-test",
//	})
//	s.Add(providertest.Fault{Nth: 3, Kind: providertest.RateLimited, RetryAfter: "2"})
//	... a driver with base_url s.URL() ...
//
// # What it imitates
//
// Each dialect has a file, which names its sources: reference pages, source
// code, and bodies that users put on record. What a client has to care about:
//
//	              over-long text  texts   tokens   dimensions  empty text  a wrong model  too fast
//	openai        400 (8,192)     2,048   300,000  shortens¹   400         404            429
//	azure         400 (8,192)     2,048   300,000  shortens¹   400         404            429
//	vllm          400 (8,192²)    any     any      400         embedded    404            429³
//	tei           413 (512)       32      2 MB     ignored     400         ignored        429, no wait named
//	llama-server  500 (512)       any     any      ignored     embedded    said back      429³
//	litellm       400 (8,192)     2,048   300,000  shortens¹   400         400            429
//	ollama        cut             any     any      shortens    embedded⁴   404            503, no wait named
//
// ¹ text-embedding-ada-002 refuses them. ² The model's; 8,192 here. ³ The server
// has no limit: a gateway in front speaks. ⁴ Alone, 200 with no vectors.
//
// Limits count [Tokens], a quarter of the bytes. A limit of the caller's own, in
// [Options], is refused in the dialect's words. RPM and TPM are token buckets that
// hold a minute's worth, as OpenAI describes its own; being refused costs a
// request. Base64 is that of little-endian float32, standard, padded.
//
// # What it answers
//
// [Vector] says what a text's vector is. It is made of package hashing's, so
// that searches find what they should and anyone can make it again, with the
// signs of some dimensions turned by the model's name, so that a vector of the
// wrong model is a stranger even at the right length.
//
// # What goes wrong
//
// A [Fault] strikes requests by their number. Answers that refuse come before
// anything is embedded, and before the key is looked at; answers that are spoiled
// come after the work is done and counted by [Server.Texts], as a provider would
// have charged for it. [Server.Struck] tells a test that its fault came to pass,
// [Server.Requests] what was asked: texts as SHA-256, keys not at all.
//
// A connection is kept, or closed, as the dialect's server does: llama-server
// hangs up after a refusal and after 100 requests, uvicorn after 5 s of idleness.
//
// A client that leaves ends its request at once. [Server.Close] ends all, and
// returns what the server itself did wrong, if it did: [New] fails the test then.
//
// # What it does not
//
// No tokenizer: inputs of token numbers are taken for texts of those numbers.
// Shorter vectors are made anew, not cut off the longer ones. Nothing but
// embeddings is answered: no list of models, no health. No HTTP/2, no streaming.
// A limit that a server keeps by the machine's memory or its launch flags is
// there as its default. What no source tells - the 403 or 413 of a server that
// sends none, say - is a plausible body of that server's form.
package providertest
