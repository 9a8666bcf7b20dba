package starter

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// uiPortOffset is how far the Web UI's port of Temporal's dev server lies above
// its gRPC port.
const uiPortOffset = 1000

// WebURL is the address of a job in Temporal's Web UI, or "" when nobody said
// where the Web UI is and the server is neither on this host nor Temporal Cloud.
func (c *Client) WebURL(h Handle) string {
	base := webUI(c.config)
	if base == "" {
		return ""
	}
	u := base + "/namespaces/" + url.PathEscape(c.config.Namespace) + "/workflows/" + url.PathEscape(h.ID)
	if h.Run != "" {
		u += "/" + url.PathEscape(h.Run) + "/history"
	}
	return u
}

func webUI(c Config) string {
	if c.WebUI != "" {
		return strings.TrimRight(c.WebUI, "/")
	}
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return ""
	}
	if strings.HasSuffix(host, ".tmprl.cloud") || strings.HasSuffix(host, ".api.temporal.io") {
		return "https://cloud.temporal.io"
	}
	n, err := strconv.Atoi(port)
	if ip := net.ParseIP(host); err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return ""
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(n+uiPortOffset))
}
