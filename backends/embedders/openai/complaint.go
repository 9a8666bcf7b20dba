package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// complaint is what a server says is wrong.
type complaint struct {
	code, kind, param string
	structured        bool   // it was JSON that tells of an error
	message           string // may quote texts: to be looked into by tells, and never shown
}

// parseComplaint reads the error bodies that are in use:
//
//	{"error": {"message", "type", "param", "code"}}   OpenAI, Azure, Ollama, LiteLLM, llama-server
//	[{"error": {"code", "message", "status"}}]        Google's
//	{"object": "error", "type", "param", "code"}      vLLM, TEI
//	{"error": "...", "error_type": "..."}             TEI's own
//	{"detail": ...}                                   FastAPI
func parseComplaint(body []byte) complaint {
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return complaint{}
	}
	if list, ok := tree.([]any); ok && len(list) > 0 {
		tree = list[0]
	}
	top, ok := tree.(map[string]any)
	if !ok {
		return complaint{}
	}
	at := top
	if inner, ok := top["error"].(map[string]any); ok {
		at = inner
	}
	c := complaint{code: scalar(at["code"]), kind: scalar(at["type"]), param: scalar(at["param"])}
	for _, key := range []string{"error_type", "status"} {
		if c.kind == "" {
			c.kind = scalar(at[key])
		}
	}
	c.message, _ = at["message"].(string)
	c.structured = top["error"] != nil || top["detail"] != nil || top["object"] == "error" || c.kind != "" || c.code != ""
	return c
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		if v != "None" { // Python's null, through LiteLLM
			return v
		}
	case float64:
		return fmt.Sprint(v)
	}
	return ""
}

// tells reports whether the message has a phrase that can't be from a text: for
// servers that say it in no other way.
func (c complaint) tells(inputs []string, phrase string) bool {
	if !strings.Contains(c.message, phrase) {
		return false
	}
	for _, in := range inputs {
		if strings.Contains(in, phrase) {
			return false
		}
	}
	return true
}

// status is the HTTP status that the code stands for, or 502 where it is none:
// for gateways that answer 200 to what failed.
func (c complaint) status() int {
	if n, err := strconv.Atoi(c.code); err == nil && n >= 400 && n <= 599 {
		return n
	}
	return http.StatusBadGateway
}

// says reports whether code or type is one of some words.
func (c complaint) says(words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(c.code, w) || strings.EqualFold(c.kind, w) {
			return true
		}
	}
	return false
}

// about reports whether the server names a field of the request.
func (c complaint) about(field string) bool {
	return c.param == field || strings.HasPrefix(c.param, field+".") || strings.HasPrefix(c.param, field+"[")
}

// describe is ", code c, type t, param p" with what may be repeated of it.
func (c complaint) describe(o origin) string {
	var b strings.Builder
	for _, part := range [][2]string{{"code", c.code}, {"type", c.kind}, {"param", c.param}} {
		if w := o.word(part[1]); w != "" {
			fmt.Fprintf(&b, ", %s %s", part[0], w)
		}
	}
	return b.String()
}
