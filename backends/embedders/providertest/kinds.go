package providertest

// Kind is what goes wrong.
type Kind string

// Answers that refuse. Each has the status, the headers and the body that the
// dialect's server is known to send; where none is known, what a gateway in front
// of it would. Nothing is embedded.
const (
	BadRequest      Kind = "400"
	Unauthorized    Kind = "401"
	Forbidden       Kind = "403"
	ModelNotFound   Kind = "404" // the dialect's own status: LiteLLM has 400
	TooLarge        Kind = "413"
	InferenceFailed Kind = "424" // TEI's for a backend that fails
	RateLimited     Kind = "429" // with RetryAfter and RetryAfterMS of the fault
	QuotaExhausted  Kind = "429 insufficient_quota"
	BudgetExceeded  Kind = "429 budget_exceeded" // LiteLLM's own budget of a key; of others QuotaExhausted
	InternalError   Kind = "500"
	BadGateway      Kind = "502 HTML" // the page of a proxy in front
	Unavailable     Kind = "503"
	Redirect        Kind = "307"                     // to /elsewhere on this server
	ErrorWithStatus Kind = "200 error object"        // a 500's body with status 200
	QuotesInput     Kind = "400 that quotes the ask" // texts and key in its message
)

// Connections that fail.
const (
	Hang         Kind = "hang"         // no answer until the client leaves or the server closes
	Disconnect   Kind = "disconnect"   // closed before the answer; nothing is embedded
	GarbageBytes Kind = "not HTTP"     // bytes that are no answer, then closed; nothing is embedded
	CutBody      Kind = "cut body"     // closed in the middle of the body, after its Content-Length
	Trickle      Kind = "trickle"      // the right body, a byte after each Delay (0: 10 ms)
	CloseAfter   Kind = "close after"  // the right answer, then closed without a word: the next request may meet a reset
	GarbageGzip  Kind = "gzip garbage" // Content-Encoding: gzip, and no gzip
)

// Answers with status 200 that are not what was asked for. The texts are
// embedded, and counted, before.
const (
	TruncatedJSON   Kind = "truncated JSON" // half of the body, in a complete answer
	MalformedJSON   Kind = "malformed JSON"
	TrailingBytes   Kind = "trailing bytes"     // a second JSON value behind the body
	WrongType       Kind = "wrong content type" // the right body, as text/html
	HTMLPage        Kind = "200 HTML"           // a login page, say; nothing is embedded
	EmptyBody       Kind = "empty body"
	NoData          Kind = "empty data"         // "data": []
	NullData        Kind = "null data"          // "data": null
	TooFew          Kind = "too few"            // the last vector is missing
	TooMany         Kind = "too many"           // the last vector once more, of the next index
	Reordered       Kind = "reordered"          // backwards, with the right indexes: legal
	DuplicateIndex  Kind = "duplicate index"    // the last vector has the index of the first; a single one comes twice
	IndexOutOfRange Kind = "index out of range" // the last vector has an index that was not asked for
	NegativeIndex   Kind = "negative index"     // the last vector has the index -1
	NoIndex         Kind = "no index"           // no "index" at all, in order
	WrongLength     Kind = "wrong length"       // the last vector is one shorter
	EmptyVector     Kind = "empty vector"       // the last vector has no numbers
	NullVector      Kind = "null vector"        // the last vector is null
	NaN             Kind = "NaN"                // in the last vector; as floats null, as JSON has no NaN
	Infinite        Kind = "Inf"                // the same with infinity; as floats 1e999
	ZeroVector      Kind = "zero vector"        // the last one
	OtherEncoding   Kind = "other encoding"     // floats although base64 was asked, and the other way round
	BadBase64       Kind = "bad base64"         // the last vector is a string that is no base64
	OddBase64       Kind = "odd base64"         // the last vector is base64 of five bytes
	OtherModel      Kind = "other model"        // vectors of another model, of the right dimensions
)

// Kinds returns all of them, for tests that go through each.
func Kinds() []Kind {
	return []Kind{
		BadRequest, Unauthorized, Forbidden, ModelNotFound, TooLarge, InferenceFailed, RateLimited, QuotaExhausted, BudgetExceeded,
		InternalError, BadGateway, Unavailable, Redirect, ErrorWithStatus, QuotesInput,
		Hang, Disconnect, GarbageBytes, CutBody, Trickle, CloseAfter, GarbageGzip,
		TruncatedJSON, MalformedJSON, TrailingBytes, WrongType, HTMLPage, EmptyBody, NoData, NullData, TooFew, TooMany, Reordered,
		DuplicateIndex, IndexOutOfRange, NegativeIndex, NoIndex, WrongLength, EmptyVector, NullVector, NaN, Infinite, ZeroVector,
		OtherEncoding, BadBase64, OddBase64, OtherModel,
	}
}
