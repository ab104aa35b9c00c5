package devserver

import (
	"context"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// atLeast drops what is below the level, also where the handler would take it.
type atLeast struct {
	slog.Handler
	level slog.Leveler
}

// Enabled reports whether the record is wanted by the level and by the handler.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level.Level() && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{Handler: h.Handler.WithAttrs(attrs), level: h.level}
}

// WithGroup keeps the level.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{Handler: h.Handler.WithGroup(name), level: h.level}
}

// serverLog lets the server write to an slog.Logger. The caller's level filters.
type serverLog struct{ slog *slog.Logger }

var (
	_ log.Logger      = serverLog{}
	_ log.SLogWrapper = serverLog{}
)

// Debug writes at slog's level of that name.
func (l serverLog) Debug(msg string, tags ...tag.Tag) { l.slog.Debug(msg, attrs(tags)...) }

// Info writes at slog's level of that name.
func (l serverLog) Info(msg string, tags ...tag.Tag) { l.slog.Info(msg, attrs(tags)...) }

// Warn writes at slog's level of that name.
func (l serverLog) Warn(msg string, tags ...tag.Tag) { l.slog.Warn(msg, attrs(tags)...) }

// Error writes at slog's level of that name.
func (l serverLog) Error(msg string, tags ...tag.Tag) { l.slog.Error(msg, attrs(tags)...) }

// DPanic, like Panic and Fatal, is an error only, as in the Temporal CLI's dev
// server: a library does not end the process that embeds it.
func (l serverLog) DPanic(msg string, tags ...tag.Tag) { l.slog.Error(msg, attrs(tags)...) }

// Panic is an error only; see DPanic.
func (l serverLog) Panic(msg string, tags ...tag.Tag) { l.slog.Error(msg, attrs(tags)...) }

// Fatal is an error only; see DPanic.
func (l serverLog) Fatal(msg string, tags ...tag.Tag) { l.slog.Error(msg, attrs(tags)...) }

// SLog gives the server's own SDK workers the logger without a detour.
func (l serverLog) SLog() *slog.Logger { return l.slog }

func attrs(tags []tag.Tag) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}
