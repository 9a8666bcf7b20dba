package providertest

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// interrupt carries out a fault that leaves nothing to do, and reports whether
// it was one.
func (x *exchange) interrupt() bool {
	switch x.fault.Kind {
	case Hang:
		select {
		case <-x.r.Context().Done():
		case <-x.closing:
		}
	case Disconnect:
		panic(http.ErrAbortHandler)
	case GarbageBytes:
		x.hijack([]byte("\x00\x17\xff\xfe this is no HTTP\r\n\r\n"))
	case BadGateway:
		x.send(http.StatusBadGateway, "text/html", []byte(badGatewayPage))
	case HTMLPage:
		x.send(http.StatusOK, "text/html; charset=utf-8", []byte(loginPage))
	case QuotaExhausted:
		x.retryHeaders()
		x.refuse(x.manner.quota)
	case ErrorWithStatus:
		f := x.refusal(http.StatusInternalServerError)
		f.status = http.StatusOK
		x.refuse(f)
	case BadRequest, Unauthorized, Forbidden, ModelNotFound, TooLarge, RateLimited, InternalError, Unavailable:
		status, _ := strconv.Atoi(string(x.fault.Kind))
		x.retryHeaders()
		x.refuse(x.refusal(status))
	default:
		return false
	}
	return true
}

// refusal is what the dialect answers with a status.
func (x *exchange) refusal(status int) failure {
	switch status {
	case http.StatusUnauthorized:
		return x.manner.badKey(true)
	case http.StatusNotFound:
		if x.manner.unknownModel != nil {
			return x.manner.unknownModel(x.ask.model)
		}
	case http.StatusTooManyRequests:
		return x.manner.rateLimited(rate{limit: 3000, used: 3000, asked: 1, wait: 20 * time.Millisecond}, "requests", x.ask.model)
	}
	if f, ok := x.manner.refusals[status]; ok {
		return f
	}
	return failure{status: status, kind: "server_error", message: http.StatusText(status)}
}

func (x *exchange) retryHeaders() {
	if x.fault.RetryAfter != "" {
		x.w.Header().Set("Retry-After", x.fault.RetryAfter)
	}
	if x.fault.RetryAfterMS != "" {
		x.w.Header().Set("Retry-After-Ms", x.fault.RetryAfterMS)
	}
}

// spoil changes an answer before it is spelled.
func (x *exchange) spoil(a *answer) {
	n := len(a.vectors)
	if n == 0 {
		return
	}
	last := a.vectors[n-1]
	switch x.fault.Kind {
	case NoData:
		a.vectors = nil
	case TooFew:
		a.vectors = a.vectors[:n-1]
	case TooMany:
		a.vectors = append(a.vectors, last)
	case Reordered:
		slices.Reverse(a.vectors)
		a.indexes = upTo(n)
		slices.Reverse(a.indexes)
	case DuplicateIndex:
		a.indexes = upTo(n)
		a.indexes[n-1] = 0
	case IndexOutOfRange:
		a.indexes = upTo(n)
		a.indexes[n-1] = -1
	case NoIndex:
		a.noIndex = true
	case WrongLength:
		a.vectors[n-1] = last[:len(last)-1]
	case NaN:
		last[0] = float32(math.NaN())
	case Infinite:
		last[0] = float32(math.Inf(1))
	case ZeroVector:
		clear(last)
	case OtherEncoding:
		a.base64 = !a.base64
	case BadBase64:
		a.spoiled = `"!no base64!"`
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// garble sends a spelled answer otherwise than it is, and reports whether it did.
func (x *exchange) garble(body []byte) bool {
	const kind = "application/json"
	switch x.fault.Kind {
	case CutBody:
		x.w.Header().Set("Content-Type", kind)
		x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		x.push(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case Trickle:
		x.w.Header().Set("Content-Type", kind)
		x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		for i := range body {
			x.push(body[i : i+1])
			if !x.pause(cmp.Or(x.fault.Delay, 10*time.Millisecond)) {
				panic(http.ErrAbortHandler)
			}
		}
	case GarbageGzip:
		x.w.Header().Set("Content-Encoding", "gzip")
		x.send(http.StatusOK, kind, body)
	case TruncatedJSON:
		x.send(http.StatusOK, kind, body[:len(body)/2])
	case MalformedJSON:
		x.send(http.StatusOK, kind, append([]byte(`{"object":list,`), body[1:]...))
	case WrongType:
		x.send(http.StatusOK, "text/html; charset=utf-8", body)
	case EmptyBody:
		x.send(http.StatusOK, kind, nil)
	default:
		return false
	}
	return true
}

// push writes a part of a body and sees that it leaves.
func (x *exchange) push(part []byte) {
	if _, err := x.w.Write(part); err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
	if err := http.NewResponseController(x.w).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// hijack writes bytes to the bare connection and closes it.
func (x *exchange) hijack(bytes []byte) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, written := conn.Write(bytes)
	if closed := conn.Close(); written != nil || closed != nil {
		return // the client left before
	}
}

const badGatewayPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" +
	"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

const loginPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form action=\"/login\"></form></body></html>\n"
