package providertest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// failure is a refusal, before a dialect spells it.
type failure struct {
	status  int
	message string
	kind    string // the body's "type"
	code    string // the body's "code"; empty: null, or the status where codes are numbers
	param   string // the body's "param"; empty: null
	as      string // content type of a message that is sent as it is; empty: it is spelled
}

const (
	invalidRequest = "invalid_request_error"

	plain = "text/plain; charset=utf-8"
	html  = "text/html; charset=utf-8"
	jsons = "application/json"
)

func bad(message string) failure {
	return failure{status: http.StatusBadRequest, kind: invalidRequest, message: message}
}

// spellOpenAI is {"error": {message, type, param, code}}, over several lines.
func spellOpenAI(f failure) []byte {
	return spell(map[string]any{"error": struct {
		Message string  `json:"message"`
		Type    *string `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}{f.message, orNull(f.kind), orNull(f.param), orNull(f.code)}}, "    ")
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// quoted is a string as JSON.
func quoted(s string) string { return strings.TrimSpace(string(spell(s, ""))) }

func spell(v any, indent string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		panic(err) // only strings and numbers are spelled
	}
	return []byte(b.String())
}
