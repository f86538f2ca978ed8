// Package vakt sends the logs of a Go program to Vakt: a slog.Handler with the standard library only. Go 1.21 or newer.
//
//	handler := vakt.NewHandler("http://127.0.0.1:8080", os.Getenv("VAKT_KEY"), "shop")
//	defer handler.Close()
//	slog.SetDefault(slog.New(handler))
//
// The handler never panics and never waits for the network, except in Flush and Close, which are bounded. os.Exit and
// log.Fatal run no deferred functions: call Close before them.
package vakt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Options of a handler. A zero value means the variable that is named, else the default.
type Options struct {
	URL    string // where Vakt is: http://127.0.0.1:8080 (VAKT_URL)
	Key    string // a key of "keys create" (VAKT_KEY)
	Source string // the name of the program (VAKT_SOURCE, else the name of its file)
	Host   string // the machine (VAKT_HOST, else its host name)

	Level slog.Leveler // the least level to send (default: Info)

	Gather       time.Duration // how long a line waits for a batch to fill (VAKT_GATHER_MS, else 1s)
	Retry        time.Duration // the first pause before a batch is tried again; it doubles (VAKT_RETRY_MS, else 500ms)
	RetryMax     time.Duration // the longest such pause (VAKT_RETRY_MAX_MS, else 60s)
	Timeout      time.Duration // how long one request may take (VAKT_TIMEOUT_MS, else 10s)
	CloseTimeout time.Duration // how long Close may take (VAKT_CLOSE_MS, else 5s)
	MaxLines     int           // how many lines may wait in memory (VAKT_MAX_LINES, else 10,000)
	MaxBytes     int           // how many bytes may wait in memory (VAKT_MAX_BYTES, else 16 MiB)
}

// Handler sends records to Vakt. Its zero value is not usable; see NewHandler and New.
type Handler struct {
	sender *sender
	level  slog.Leveler
	bound  []boundAttrs // from WithAttrs, each in the group that was open
	groups []string     // from WithGroup
}

type boundAttrs struct {
	groups []string
	attrs  []slog.Attr
}

// NewHandler starts a handler; Close it before the program ends.
func NewHandler(url, key, source string) *Handler {
	return New(Options{URL: url, Key: key, Source: source})
}

// New starts a handler with options; Close it before the program ends.
func New(options Options) *Handler {
	host, _ := os.Hostname()
	options.URL = strings.TrimRight(firstOf(options.URL, os.Getenv("VAKT_URL")), "/")
	options.Key = firstOf(options.Key, os.Getenv("VAKT_KEY"))
	options.Source = firstOf(options.Source, os.Getenv("VAKT_SOURCE"), filepath.Base(os.Args[0]))
	options.Host = firstOf(options.Host, os.Getenv("VAKT_HOST"), host)
	options.Gather = setting(options.Gather, "VAKT_GATHER_MS", time.Second)
	options.Retry = setting(options.Retry, "VAKT_RETRY_MS", 500*time.Millisecond)
	options.RetryMax = setting(options.RetryMax, "VAKT_RETRY_MAX_MS", time.Minute)
	options.Timeout = setting(options.Timeout, "VAKT_TIMEOUT_MS", 10*time.Second)
	options.CloseTimeout = setting(options.CloseTimeout, "VAKT_CLOSE_MS", 5*time.Second)
	options.MaxLines = count(options.MaxLines, "VAKT_MAX_LINES", 10_000)
	options.MaxBytes = count(options.MaxBytes, "VAKT_MAX_BYTES", 16<<20)
	if options.Level == nil {
		options.Level = slog.LevelInfo
	}
	return &Handler{sender: newSender(options), level: options.Level}
}

// Enabled reports whether records of a level are sent.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// Handle queues a record. It returns an error only where the record could not be read at all.
func (h *Handler) Handle(_ context.Context, record slog.Record) (err error) {
	defer func() {
		if failure := recover(); failure != nil { // A logger never ends the program.
			err = fmt.Errorf("vakt: a log line was lost: %v", failure)
		}
	}()
	h.sender.add(h.encode(record))
	return nil
}

// WithAttrs returns a handler whose records all have these attributes.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	next := *h
	next.bound = append(h.bound[:len(h.bound):len(h.bound)], boundAttrs{h.groups, attrs})
	return &next
}

// WithGroup returns a handler that puts later attributes into a group, an object of that name.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.groups = append(h.groups[:len(h.groups):len(h.groups)], name)
	return &next
}

// Flush waits until the lines so far are sent.
func (h *Handler) Flush(ctx context.Context) error { return h.sender.flush(ctx) }

// Close sends what is left, within CloseTimeout. Lines that are logged later are sent as long as the program runs.
func (h *Handler) Close() error { return h.sender.close() }

func (h *Handler) encode(record slog.Record) []byte {
	line := object{}
	if !record.Time.IsZero() {
		line.set("timestamp", record.Time.UTC().Format(time.RFC3339Nano))
	}
	line.set("level", levelName(record.Level))
	line.set("message", record.Message)
	line.set("source", h.sender.options.Source)
	line.set("host", h.sender.options.Host)
	attributes := object{}
	if record.PC != 0 {
		frame, _ := runtime.CallersFrames([]uintptr{record.PC}).Next()
		attributes.set("caller", filepath.Base(frame.File)+":"+strconv.Itoa(frame.Line))
	}
	stack := ""
	add := func(groups []string, attr slog.Attr) {
		value := attr.Value.Resolve()
		if err, ok := value.Any().(error); ok && stack == "" {
			stack = stackOf(err)
		}
		if len(groups) == 0 && isLineField(attr.Key) {
			line.set(attr.Key, value)
			return
		}
		attributes.in(groups).add(attr.Key, value)
	}
	for _, bound := range h.bound {
		for _, attr := range bound.attrs {
			add(bound.groups, attr)
		}
	}
	record.Attrs(func(attr slog.Attr) bool {
		add(h.groups, attr)
		return true
	})
	if stack != "" {
		line.set("stack", stack)
	}
	line.set("attributes", &attributes)
	writer := &writer{left: maxValues, path: map[uintptr]bool{}}
	writer.object(&line, 0)
	return writer.out
}

// isLineField tells the names that mean the same in an attribute as in a line of Vakt.
func isLineField(name string) bool {
	switch name {
	case "group", "tags", "fingerprint", "trace_id", "span_id":
		return true
	}
	return false
}

func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelDebug:
		return "trace"
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	case level < slog.LevelError+4:
		return "error"
	}
	return "fatal"
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func setting(value time.Duration, variable string, initial time.Duration) time.Duration {
	if value > 0 {
		return value
	}
	if ms, err := strconv.ParseFloat(os.Getenv(variable), 64); err == nil && ms >= 0 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	return initial
}

func count(value int, variable string, initial int) int {
	if value > 0 {
		return value
	}
	if read, err := strconv.Atoi(os.Getenv(variable)); err == nil && read > 0 {
		return read
	}
	return initial
}

var errNotSent = errors.New("vakt: not all log lines are sent yet")
