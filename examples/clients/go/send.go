package vakt

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	batchLines = 500
	batchBytes = 256 << 10
	sameReport = time.Minute // how long an equal complaint is not printed again
	showAtTry  = 4           // failed tries after which the program's operator is informed
)

// sender is a queue and the goroutine that empties it, which runs only while there is something to send.
type sender struct {
	options Options
	client  *http.Client

	mutex      sync.Mutex
	queue      [][]byte
	queued     int // bytes in the queue
	inFlight   int // lines of the batch that is being sent
	dropped    int
	running    bool
	idle       chan struct{} // closed when the goroutine has nothing more to send
	full       chan struct{} // a batch is full: it need not wait
	hurry      chan struct{} // closed while Close or Flush waits
	waiters    int
	deadline   time.Time // when Close gives up
	lastReason string

	lastReport string
	reportedAt time.Time
}

func newSender(options Options) *sender {
	return &sender{
		options: options,
		// A redirect would repeat the request without its body.
		client:     &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		full:       make(chan struct{}, 1),
		hurry:      make(chan struct{}),
		lastReason: "Vakt does not answer",
	}
}

func (s *sender) add(line []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.queue)+s.inFlight >= s.options.MaxLines || s.queued+len(line) > s.options.MaxBytes {
		s.dropped++
		if s.dropped == 1 {
			s.report(fmt.Sprintf("%d log lines wait in memory, so new lines are dropped: %s", len(s.queue)+s.inFlight, s.lastReason), "")
		}
		return
	}
	s.queue = append(s.queue, line)
	s.queued += len(line)
	if len(s.queue) >= batchLines || s.queued >= batchBytes {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
	if !s.running {
		s.running = true
		s.idle = make(chan struct{})
		go s.work()
	}
}

func (s *sender) work() {
	for {
		s.gather()
		lines := s.take()
		if lines == nil {
			return
		}
		s.deliver(lines)
	}
}

// gather waits until a batch is full or old enough, or somebody waits for the queue to be empty.
func (s *sender) gather() {
	s.mutex.Lock()
	hurry, enough := s.hurry, len(s.queue) >= batchLines || s.queued >= batchBytes || s.waiters > 0
	s.mutex.Unlock()
	if enough {
		return
	}
	timer := time.NewTimer(s.options.Gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.full:
	case <-hurry:
	}
}

// take gives the next batch; nil ends the goroutine.
func (s *sender) take() [][]byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.inFlight = 0
	if len(s.queue) == 0 {
		s.queue = nil // It may have been long.
		s.running = false
		s.deadline = time.Time{}
		close(s.idle)
		return nil
	}
	count, size := 0, 0
	for count < len(s.queue) && count < batchLines && size < batchBytes {
		size += len(s.queue[count])
		count++
	}
	lines := s.queue[:count:count]
	s.queue = s.queue[count:]
	s.queued -= size
	s.inFlight = count
	return lines
}

func (s *sender) deliver(lines [][]byte) {
	defer func() {
		if failure := recover(); failure != nil {
			s.reportNow(fmt.Sprintf("%d log lines were lost: %v", len(lines), failure))
		}
	}()
	if !s.send(lines) {
		return
	}
	s.mutex.Lock()
	dropped := s.dropped
	s.dropped = 0
	s.mutex.Unlock()
	if dropped == 0 {
		return
	}
	message := fmt.Sprintf("%d log lines were dropped, because the queue was full", dropped)
	s.reportNow(message)
	line, _ := json.Marshal(map[string]any{
		"timestamp": time.Now().UTC().Format(time.RFC3339Nano), "level": "warn", "message": message,
		"source": s.options.Source, "host": s.options.Host, "attributes": map[string]any{"dropped": dropped},
	})
	s.send([][]byte{line})
}

type answer struct {
	status int // 0 when there is none
	body   []byte
	words  string        // in one line
	after  time.Duration // Retry-After; negative when it is absent
}

// send tries until Vakt has answered for good; true when the lines are stored.
func (s *sender) send(lines [][]byte) bool {
	body := append([]byte{'['}, bytes.Join(lines, []byte{','})...)
	body = append(body, ']')
	// Every try has the same key: Vakt stores a batch once, however often it arrives.
	var id [16]byte
	_, _ = rand.Read(id[:])
	for try := 0; ; try++ {
		if s.isOver() {
			s.reportNow(fmt.Sprintf("%d log lines were not sent before the end: %s", len(lines), s.lastReason))
			return false
		}
		got := s.post(body, fmt.Sprintf("%x", id))
		switch {
		case got.status == http.StatusRequestEntityTooLarge && len(lines) > 1:
			first := s.send(lines[:len(lines)/2])
			return s.send(lines[len(lines)/2:]) && first
		case got.status != 0 && got.status < 500 && got.status != 408 && got.status != 425 && got.status != 429:
			s.reportRefused(got, len(lines))
			return true
		}
		s.mutex.Lock()
		s.lastReason = got.words
		waiting := len(lines) + len(s.queue)
		if try+1 == showAtTry {
			s.report(fmt.Sprintf("%d log lines wait, trying again: %s", waiting, got.words), got.words)
		}
		s.mutex.Unlock()
		if got.after >= 0 {
			s.pause(got.after, true)
		} else {
			longest := min(s.options.RetryMax, s.options.Retry<<min(try, 20))
			s.pause(time.Duration(float64(longest)*(0.5+mathrand.Float64()/2)), false)
		}
	}
}

// pause waits. When Close waits, a pause that Vakt has not asked for is cut short.
func (s *sender) pause(pause time.Duration, asked bool) {
	s.mutex.Lock()
	hurry, deadline, closing := s.hurry, s.deadline, s.waiters > 0
	s.mutex.Unlock()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	if !closing {
		select {
		case <-timer.C:
			return
		case <-hurry:
			if !asked {
				return
			}
		}
		s.mutex.Lock()
		deadline = s.deadline
		s.mutex.Unlock()
	}
	if deadline.IsZero() {
		<-timer.C
		return
	}
	limit := time.NewTimer(time.Until(deadline))
	defer limit.Stop()
	select {
	case <-timer.C:
	case <-limit.C:
	}
}

func (s *sender) isOver() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return !s.deadline.IsZero() && !time.Now().Before(s.deadline)
}

func (s *sender) post(body []byte, id string) answer {
	if s.options.URL == "" || s.options.Key == "" {
		return answer{status: 400, words: "the handler needs a URL and a key (or VAKT_URL and VAKT_KEY)", after: -1}
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.requestTimeout())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.URL+"/api/logs", bytes.NewReader(body))
	if err != nil {
		return answer{status: 400, words: err.Error(), after: -1}
	}
	request.Header.Set("X-Api-Key", s.options.Key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", id)
	response, err := s.client.Do(request)
	if err != nil {
		return answer{status: hopeless(err), words: err.Error(), after: -1}
	}
	defer response.Body.Close()
	got := answer{status: response.StatusCode, after: retryAfter(response.Header.Get("Retry-After"))}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil && response.StatusCode < 300 {
		return answer{words: err.Error(), after: -1} // The same batch again does no harm.
	}
	got.words = fmt.Sprintf("%d %s", got.status, wordsOf(got.body))
	if location := response.Header.Get("Location"); got.status >= 300 && got.status < 400 {
		got.words = fmt.Sprintf("%d it redirects to %s; use that address", got.status, location)
	}
	return got
}

func (s *sender) requestTimeout() time.Duration {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.deadline.IsZero() {
		return s.options.Timeout
	}
	return max(50*time.Millisecond, min(s.options.Timeout, time.Until(s.deadline)))
}

// hopeless tells an address or a key that can never be sent (400) from a failure that may pass (0).
func hopeless(err error) int {
	var network net.Error
	var failure *url.Error
	if errors.As(err, &failure) && !errors.As(failure.Err, &network) &&
		(strings.Contains(err.Error(), "unsupported protocol") || strings.Contains(err.Error(), "no Host") ||
			strings.Contains(err.Error(), "invalid header")) {
		return 400
	}
	return 0
}

type batchAnswer struct {
	Rejected int
	Errors   []struct{ Field, Message string }
	Error    struct{ Message string }
}

func wordsOf(body []byte) string {
	var parsed batchAnswer
	if json.Unmarshal(body, &parsed) == nil && parsed.Error.Message != "" {
		return parsed.Error.Message
	}
	words := []string{}
	for index, each := range parsed.Errors {
		if index < 3 {
			words = append(words, strings.TrimPrefix(each.Field+": "+each.Message, ": "))
		}
	}
	if len(words) > 0 {
		return strings.Join(words, "; ")
	}
	return strings.Join(strings.Fields(cut(string(body), 300)), " ")
}

func (s *sender) reportRefused(got answer, count int) {
	var parsed batchAnswer
	_ = json.Unmarshal(got.body, &parsed)
	refused := max(parsed.Rejected, 0)
	if refused == 0 {
		refused = len(parsed.Errors)
	}
	if got.status >= 300 && refused == 0 {
		refused = count
	}
	if refused == 0 {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.report(fmt.Sprintf("%d of %d log lines were refused: %s", refused, count, got.words), got.words)
}

func retryAfter(header string) time.Duration {
	if header == "" {
		return -1
	}
	if seconds, err := strconv.ParseFloat(strings.TrimSpace(header), 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 3600) * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at), 0), time.Hour)
	}
	return -1
}

func (s *sender) flush(ctx context.Context) error {
	s.mutex.Lock()
	if !s.running {
		s.mutex.Unlock()
		return nil
	}
	idle := s.idle
	s.wait(1)
	s.mutex.Unlock()
	defer func() {
		s.mutex.Lock()
		s.wait(-1)
		s.mutex.Unlock()
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return errNotSent
	}
}

// wait counts who waits for the queue to be empty; called with the mutex.
func (s *sender) wait(change int) {
	s.waiters += change
	if s.waiters == 1 && change > 0 {
		close(s.hurry)
	}
	if s.waiters == 0 {
		s.hurry = make(chan struct{})
	}
}

func (s *sender) close() error {
	s.mutex.Lock()
	s.deadline = time.Now().Add(s.options.CloseTimeout)
	s.mutex.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), s.options.CloseTimeout+200*time.Millisecond)
	defer cancel()
	err := s.flush(ctx)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.dropped > 0 {
		s.print(fmt.Sprintf("%d log lines were dropped, because the queue was full", s.dropped))
		s.dropped = 0
	}
	if err != nil {
		s.print(fmt.Sprintf("%d log lines were not sent before the end: %s", len(s.queue)+s.inFlight, s.lastReason))
		return err
	}
	s.deadline = time.Time{}
	return nil
}

// report prints on stderr; the same complaint once a minute. Called with the mutex.
func (s *sender) report(text, key string) {
	if key == "" {
		key = text
	}
	if key == s.lastReport && time.Since(s.reportedAt) < sameReport {
		return
	}
	s.lastReport, s.reportedAt = key, time.Now()
	s.print(text)
}

func (s *sender) reportNow(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.print(text)
}

func (s *sender) print(text string) { fmt.Fprintln(os.Stderr, "vakt: "+cut(text, 2000)) }
