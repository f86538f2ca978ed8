// Command vakt-example sends the logs of a Go program to Vakt in batches: a slog.Handler with the standard library only.
// Go 1.21 or newer. Copy Handler into your program:
//
//	handler := NewHandler("http://127.0.0.1:8080", os.Getenv("VAKT_KEY"), "shop")
//	defer handler.Close()
//	slog.SetDefault(slog.New(handler))
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	batchLines = 500              // lines in one request
	gather     = time.Second      // how long a line waits for a batch to fill
	waiting    = 10_000           // most lines in the queue, because a logger must not fill the memory
	tries      = 8                // attempts before a batch is dropped
	longest    = 60 * time.Second // longest pause between two attempts
)

// Handler sends records to Vakt. Its zero value is not usable; see NewHandler.
type Handler struct {
	shared *shipper
	attrs  []slog.Attr
	group  string
}

type shipper struct {
	url, key, source, host string
	lines                  chan map[string]any
	done                   chan struct{}
	once                   sync.Once
}

// NewHandler starts a handler; Close it before the program ends.
func NewHandler(url, key, source string) *Handler {
	host, _ := os.Hostname()
	s := &shipper{url: url, key: key, source: source, host: host, lines: make(chan map[string]any, waiting), done: make(chan struct{})}
	go s.work()
	return &Handler{shared: s}
}

func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (h *Handler) Handle(_ context.Context, record slog.Record) error {
	line := map[string]any{}
	for _, attr := range h.attrs {
		line[attr.Key] = plain(attr.Value)
	}
	record.Attrs(func(attr slog.Attr) bool {
		line[h.group+attr.Key] = plain(attr.Value)
		return true
	})
	line["timestamp"] = record.Time.UTC().Format(time.RFC3339Nano)
	line["level"] = record.Level.String()
	line["message"] = record.Message
	line["source"] = h.shared.source
	line["host"] = h.shared.host
	select {
	case h.shared.lines <- line:
		return nil
	default:
		return fmt.Errorf("vakt: %d log lines wait already, this one is dropped", waiting)
	}
}

func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = append([]slog.Attr{}, h.attrs...)
	for _, attr := range attrs {
		next.attrs = append(next.attrs, slog.Attr{Key: h.group + attr.Key, Value: attr.Value})
	}
	return &next
}

func (h *Handler) WithGroup(name string) slog.Handler {
	next := *h
	next.group = h.group + name + "."
	return &next
}

// Close sends the lines that are still in the queue.
func (h *Handler) Close() {
	h.shared.once.Do(func() { close(h.shared.lines) })
	<-h.shared.done
}

func plain(value slog.Value) any {
	if err, ok := value.Resolve().Any().(error); ok {
		return err.Error()
	}
	return value.Resolve().Any()
}

func (s *shipper) work() {
	defer close(s.done)
	for first := range s.lines {
		batch := []map[string]any{first}
		timer := time.After(gather)
	gathering:
		for len(batch) < batchLines {
			select {
			case line, open := <-s.lines:
				if !open {
					break gathering
				}
				batch = append(batch, line)
			case <-timer:
				break gathering
			}
		}
		if err := s.send(batch); err != nil {
			fmt.Fprintf(os.Stderr, "vakt: %d log lines were lost: %v\n", len(batch), err)
		}
	}
}

func (s *shipper) send(batch []map[string]any) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	// Every attempt has the same key: Vakt stores a batch once, however often it arrives.
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	client := http.Client{Timeout: 10 * time.Second}
	for try := 0; ; try++ {
		pause := 500 * time.Millisecond << try
		request, err := http.NewRequest(http.MethodPost, s.url+"/api/logs", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("X-Api-Key", s.key)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", fmt.Sprintf("%x", id))
		response, err := client.Do(request)
		if err == nil {
			answer, _ := io.ReadAll(io.LimitReader(response.Body, 500))
			response.Body.Close()
			if response.StatusCode < 300 {
				return nil
			}
			err = fmt.Errorf("%s %s", response.Status, answer)
			if response.StatusCode != http.StatusTooManyRequests && response.StatusCode < 500 {
				return err
			}
			if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil {
				pause = time.Duration(seconds) * time.Second
			}
		}
		if try == tries-1 {
			return err
		}
		time.Sleep(min(pause, longest))
	}
}

func main() {
	handler := NewHandler(os.Getenv("VAKT_URL"), os.Getenv("VAKT_KEY"), "go-example")
	defer handler.Close()
	log := slog.New(handler)
	log.Info("the example has started")
	log.With("order", 7341).Error("payment refused", "error", fmt.Errorf("no route to the bank"))
}
