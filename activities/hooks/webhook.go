package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/reembed/reembed/backends/catalog"
)

// client follows no redirect: a message goes to the address that the catalog
// names, and its headers nowhere else.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// post sends the message. Of the answer only the status counts.
func post(ctx context.Context, h catalog.Hook, m Message, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address can't be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "reembed")
	for name, value := range h.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Reembed-Hook", string(m.Hook))
	req.Header.Set("Reembed-Delivery", m.Delivery)
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("post to %s: %w", req.URL.Host, bare(err))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxOutput) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return &Refused{Reason: fmt.Sprintf("%s answers %s", req.URL.Host, status(resp.StatusCode))}
	}
	return nil
}

// status is the code with our own words: what a server writes behind it may be anything.
func status(code int) string {
	if text := http.StatusText(code); text != "" {
		return fmt.Sprintf("%d %s", code, text)
	}
	return fmt.Sprint(code)
}

// bare is the error without the address, which may hold a secret.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
