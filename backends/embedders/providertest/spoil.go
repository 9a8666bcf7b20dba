package providertest

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

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
	case NullData:
		a.vectors, a.null = nil, true
	case TooFew:
		a.vectors = a.vectors[:n-1]
	case TooMany:
		a.vectors = append(a.vectors, last)
	case Reordered:
		slices.Reverse(a.vectors)
		a.indexes = upTo(n)
		slices.Reverse(a.indexes)
	case DuplicateIndex:
		if n == 1 {
			a.vectors = append(a.vectors, last)
		}
		a.indexes = upTo(len(a.vectors))
		a.indexes[len(a.indexes)-1] = 0
	case IndexOutOfRange:
		a.indexes = upTo(n)
		a.indexes[n-1] = n
	case NegativeIndex:
		a.indexes = upTo(n)
		a.indexes[n-1] = -1
	case NoIndex:
		a.noIndex = true
	case WrongLength:
		a.vectors[n-1] = last[:len(last)-1]
	case EmptyVector:
		a.vectors[n-1] = nil
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
	case OddBase64:
		a.spoiled = `"AAAAAAA="` // five bytes
	case NullVector:
		a.spoiled = "null"
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
	switch x.fault.Kind {
	case CutBody:
		x.begin(len(body))
		x.push(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case Trickle:
		x.begin(len(body))
		for i := range body {
			x.pause(cmp.Or(x.fault.Delay, 10*time.Millisecond))
			x.push(body[i : i+1])
		}
	case GarbageGzip:
		x.w.Header().Set("Content-Encoding", "gzip")
		x.send(http.StatusOK, x.manner.contentType, body)
	case TruncatedJSON:
		x.send(http.StatusOK, x.manner.contentType, body[:len(body)/2])
	case MalformedJSON:
		x.send(http.StatusOK, x.manner.contentType, append([]byte(`{"object":list,`), body[1:]...))
	case TrailingBytes:
		x.send(http.StatusOK, x.manner.contentType, append(slices.Clip(body), "{}"...))
	case WrongType:
		x.send(http.StatusOK, html, body)
	case CloseAfter:
		x.begin(len(body))
		x.push(body)
		panic(http.ErrAbortHandler)
	case EmptyBody:
		x.send(http.StatusOK, x.manner.contentType, nil)
	default:
		return false
	}
	return true
}

// begin sends the head of an answer whose body follows in parts.
func (x *exchange) begin(length int) {
	x.w.Header().Set("Content-Type", x.manner.contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(length))
	x.note(http.StatusOK)
	x.push(nil)
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
