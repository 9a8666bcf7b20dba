package providertest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
)

// interrupt carries out a fault that leaves nothing to do, and reports whether
// it was one.
func (x *exchange) interrupt() bool {
	switch kind := x.fault.Kind; kind {
	case Hang:
		x.pause(math.MaxInt64)
	case Disconnect:
		panic(http.ErrAbortHandler)
	case GarbageBytes:
		x.hijack([]byte("\x00\x17\xff\xfe no answer in HTTP\r\n\r\n"))
	case BadGateway:
		x.refuse(failure{status: http.StatusBadGateway, as: html, message: badGatewayPage})
	case HTMLPage:
		x.refuse(failure{status: http.StatusOK, as: html, message: loginPage})
	case Redirect:
		x.w.Header().Set("Location", "/elsewhere")
		x.refuse(failure{status: http.StatusTemporaryRedirect, as: plain})
	case ErrorWithStatus:
		f := x.refusal(http.StatusInternalServerError)
		x.send(http.StatusOK, x.manner.contentType, x.manner.spell(f))
	case QuotesInput:
		x.refuse(x.quoting())
	default:
		f, refuses := x.refuses(kind)
		if !refuses {
			return false
		}
		x.retryHeaders()
		x.refuse(f)
	}
	return true
}

// refuses is what a fault answers that is a refusal of the dialect's.
func (x *exchange) refuses(kind Kind) (failure, bool) {
	switch kind {
	case QuotaExhausted:
		return x.manner.quota, true
	case BudgetExceeded:
		return x.manner.budget, true
	}
	status, err := strconv.Atoi(string(kind))
	if err != nil {
		return failure{}, false
	}
	return x.refusal(status), true
}

// quoting is a refusal that says what was asked, as servers do that show what
// does not validate (vllm#49239).
func (x *exchange) quoting() failure {
	f := x.refusal(http.StatusBadRequest)
	f.message = fmt.Sprintf("%s: input %q, key %s", f.message, x.ask.texts, x.key())
	return f
}

func (x *exchange) retryHeaders() {
	if x.fault.RetryAfter != "" {
		x.w.Header().Set("Retry-After", x.fault.RetryAfter)
	}
	if x.fault.RetryAfterMS != "" {
		x.w.Header().Set("Retry-After-Ms", x.fault.RetryAfterMS)
	}
}

// hijack writes bytes to the bare connection and closes it.
func (x *exchange) hijack(bytes []byte) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if _, err := conn.Write(bytes); err != nil {
		return // the client left
	}
}

const badGatewayPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n" +
	"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"

const loginPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form action=\"/login\"></form></body></html>\n"
