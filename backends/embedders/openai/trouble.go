package openai

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"github.com/reembed/reembed/backends"
)

var errTimeout = errors.New("no answer in time")

// quiet is an error without its words: those of net/http quote what a server sent.
type quiet struct {
	said string
	err  error
}

func (q quiet) Error() string { return q.said }
func (q quiet) Unwrap() error { return q.err }

// trouble is the error of a request that got no whole answer: ErrUnavailable,
// unless the caller gave up, whose reason stays in the chain.
func (e *Embedder) trouble(ctx, ask context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("embed: %w", ctx.Err())
	}
	if id != "" {
		id = " (request id " + id + ")"
	}
	if errors.Is(context.Cause(ask), errTimeout) {
		return fmt.Errorf("%w: %s: no answer within %s%s", backends.ErrUnavailable, e.host, e.client.cfg.Timeout, id)
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // it quotes the whole address
	}
	return fmt.Errorf("%w: %s: %w%s", backends.ErrUnavailable, e.host, quiet{said(err), err}, id)
}

// said is what may be told of a broken request.
func said(err error) string {
	if unverified, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return unverified.Error() + advice(unverified.Err)
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Error()
	}
	switch {
	case errors.Is(err, errTooLarge):
		return errTooLarge.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the connection ended before the answer did"
	}
	return "the connection broke"
}

func advice(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return ": name its authority in ca_file"
	}
	return ""
}
