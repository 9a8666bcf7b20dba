package providertest

import "time"

// Kind is what goes wrong.
type Kind string

// Answers that refuse. Each has the status, the headers and the body that the
// dialect's server is known to send; where none is known, OpenAI's in the
// dialect's form. Nothing is embedded.
const (
	BadRequest      Kind = "400"
	Unauthorized    Kind = "401"
	Forbidden       Kind = "403"
	ModelNotFound   Kind = "404" // llama-server has no such answer: a plain 404
	TooLarge        Kind = "413"
	RateLimited     Kind = "429" // with RetryAfter and RetryAfterMS of the fault
	QuotaExhausted  Kind = "429 insufficient_quota"
	InternalError   Kind = "500"
	BadGateway      Kind = "502 HTML" // the page of a proxy in front
	Unavailable     Kind = "503"
	ErrorWithStatus Kind = "200 error object" // an error body with status 200
)

// Connections that fail.
const (
	Hang         Kind = "hang"         // no answer until the client leaves or the server closes
	Disconnect   Kind = "disconnect"   // closed before the answer; nothing is embedded
	CutBody      Kind = "cut body"     // closed in the middle of the body, after its Content-Length
	Trickle      Kind = "trickle"      // the right body, a byte each Delay (0: 10 ms)
	GarbageGzip  Kind = "gzip garbage" // Content-Encoding: gzip, and no gzip
	GarbageBytes Kind = "not http"     // bytes that are no HTTP answer
)

// Answers with status 200 that are not what was asked for. The texts are
// embedded, and counted, before.
const (
	TruncatedJSON   Kind = "truncated JSON"     // half of the body, in a complete answer
	MalformedJSON   Kind = "malformed JSON"     //
	WrongType       Kind = "wrong content type" // the right body, as text/html
	HTMLPage        Kind = "200 HTML"           // a login page, say
	EmptyBody       Kind = "empty body"         //
	NoData          Kind = "empty data"         // "data": []
	TooFew          Kind = "too few"            // the last vector is missing
	TooMany         Kind = "too many"           // one more, of an index that was not asked for
	Reordered       Kind = "reordered"          // backwards, with the right indexes: legal
	DuplicateIndex  Kind = "duplicate index"    // the last vector has the index of the first
	IndexOutOfRange Kind = "index out of range" // the last vector has the index -1
	NoIndex         Kind = "no index"           // no "index" at all, in order
	WrongLength     Kind = "wrong length"       // the last vector is one shorter
	NaN             Kind = "NaN"                // in the last vector; as floats null, as JSON has no NaN
	Infinite        Kind = "Inf"                // the same with infinity; as floats 1e999
	ZeroVector      Kind = "zero vector"        // the last one
	OtherEncoding   Kind = "other encoding"     // floats although base64 was asked, and the other way round
	BadBase64       Kind = "bad base64"         // the last vector is no base64, or no whole number of floats
	OtherModel      Kind = "other model"        // vectors of another model of the same dimensions
)

// Kinds returns all of them, for tests that go through each.
func Kinds() []Kind {
	return []Kind{
		BadRequest, Unauthorized, Forbidden, ModelNotFound, TooLarge, RateLimited, QuotaExhausted, InternalError,
		BadGateway, Unavailable, ErrorWithStatus,
		Hang, Disconnect, CutBody, Trickle, GarbageGzip, GarbageBytes,
		TruncatedJSON, MalformedJSON, WrongType, HTMLPage, EmptyBody, NoData, TooFew, TooMany, Reordered, DuplicateIndex,
		IndexOutOfRange, NoIndex, WrongLength, NaN, Infinite, ZeroVector, OtherEncoding, BadBase64, OtherModel,
	}
}

// Fault is one thing that goes wrong.
type Fault struct {
	// Nth: strikes the n-th request to the embeddings from when the fault was
	// added, from 1; 0: every one.
	Nth  int
	From bool // all from the Nth on
	Kind Kind
	// RetryAfter is the Retry-After header of RateLimited, QuotaExhausted and
	// Unavailable, as it is: seconds, an HTTP date (see [RetryDate]), or what no
	// server should send. Empty: none.
	RetryAfter string
	// RetryAfterMS is the retry-after-ms header of the same, which Azure sends.
	RetryAfterMS string
	// Delay comes before whatever the fault does; of Trickle, before each byte.
	Delay time.Duration
}

// counted is a fault with how many requests it has seen.
type counted struct {
	Fault
	seen int
}

func (c *counted) strikes() bool {
	c.seen++
	return c.Nth == 0 || c.seen == c.Nth || c.From && c.seen > c.Nth
}

// Add adds faults, which count requests from now on. Of several that strike one
// request the first added is carried out.
func (s *Server) Add(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, &counted{Fault: f})
	}
}

// Clear removes all faults: from now on everything works.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Struck is how many requests a fault has struck, so that a test can tell that
// the one it asked for came to pass.
func (s *Server) Struck() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// fault returns what strikes this request, or nil.
func (s *Server) fault() *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var strikes *Fault
	for _, f := range s.faults {
		if f.strikes() && strikes == nil {
			strikes = &f.Fault
			s.struck++
		}
	}
	return strikes
}
