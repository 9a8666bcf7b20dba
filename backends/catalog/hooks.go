package catalog

import (
	"net/url"
	"slices"
	"time"
)

// Bounds of a hook's time.
const (
	defaultHookTimeout = 30 * time.Second
	maxHookTimeout     = 10 * time.Minute
)

// hooks reads a namespace's.
func hooks(f *Fields) Hooks {
	h := f.Mapping("hooks")
	if h == nil {
		return Hooks{}
	}
	timeout := h.Duration("timeout")
	switch {
	case timeout == 0:
		timeout = defaultHookTimeout
	case timeout > maxHookTimeout:
		h.Problem("timeout", "%s is more than %s", timeout, maxHookTimeout)
	}
	return Hooks{Veto: hook(h, "veto", timeout), Post: hook(h, "post", timeout)}
}

func hook(hooks *Fields, key string, timeout time.Duration) *Hook {
	f := hooks.Mapping(key)
	if f == nil {
		return nil
	}
	h := &Hook{Command: f.List("command"), URL: f.String("url"), Headers: f.Texts("headers"), Timeout: timeout}
	switch {
	case f.void:
	case f.Has("command") == f.Has("url"):
		hooks.Problem(key, "has to have either a command or a url")
	case f.Has("headers") && !f.Has("url"):
		f.Problem("headers", "belong to a url: remove them")
	case slices.Contains(h.Command, ""):
		f.Problem("command", "has an empty word")
	case f.Has("url") && !webAddress(h.URL):
		f.Problem("url", "is no address that begins with http:// or https://")
	}
	return h
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
