// Package openai is the embedder for every server that speaks OpenAI's
// /v1/embeddings: OpenAI, Azure OpenAI, vLLM, Text Embeddings Inference,
// llama-server, Ollama, LiteLLM and other gateways.
//
//	Client     one server: connections, key, rate limits; shared by its models
//	Embedder   one model of it; Embed is one POST
//
// # Requests
//
// Vectors are asked for as base64 of little-endian float32, which is smaller
// than JSON numbers and faster to read; a server that answers with numbers all
// the same is understood. Texts go out as they are. An empty one, and one that
// is not UTF-8, is refused before anything is sent: JSON can't carry the bytes,
// and a vector of U+FFFD in their place would be a vector of another text.
//
// A request waits for its turn while the client's own limits, or a wait that
// the server asked for, forbid to send; a wait over [MaxWait] is returned as
// backends.ErrThrottled. Redirects are not followed: they would take the texts
// and the key to another address.
//
// # Answers
//
// Vectors are matched by their index, which has to name each input once. Count,
// index and length are checked here; NaN, zero and norm by whoever stores. An
// answer is read up to a bound, and not believed until all of it was read.
//
// # Errors
//
// Servers quote the input in their messages, so no message of a server is ever
// repeated: an error has the status, the server's code, type and param where
// these are single words that occur in no text and not in the key, and the
// request id for the provider's support. See classify for the table.
package openai
