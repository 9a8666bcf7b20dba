package worker

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

// newLogger opens the log of a checked configuration; the closer is not nil.
// Nothing that s knows as a secret gets through.
func newLogger(c Log, stderr io.Writer, s *secrets) (*slog.Logger, func() error, error) {
	out, closer := stderr, func() error { return nil }
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, nil, fmt.Errorf("log file: %w", err)
		}
		out, closer = f, f.Close
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, fmt.Errorf("log level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return redactAttr(s, a) }}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options)), closer, nil
	}
	return slog.New(slog.NewTextHandler(out, options)), closer, nil
}

// redactAttr keeps the type of what holds no secret.
func redactAttr(s *secrets, a slog.Attr) slog.Attr {
	var text string
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		text = fmt.Sprintf("%+v", a.Value.Any())
	default:
		return a
	}
	if clean := s.redact(text); clean != text {
		a.Value = slog.StringValue(clean)
	}
	return a
}
