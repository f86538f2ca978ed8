"""Sends the logs of a Python program to Vakt: a logging.Handler with the standard library only. Python 3.8 or newer.

    import logging, os, vakt_logging
    logging.getLogger().addHandler(
        vakt_logging.VaktHandler("http://127.0.0.1:8080", os.environ["VAKT_KEY"], source="shop"))
    logging.error("payment refused", extra={"order": 7341})

The handler never raises into the program and never waits for the network, except in flush() and close(), which are bounded.
Lines that are still in memory are sent when the program ends. A program that os._exit() or an unhandled signal ends sends
nothing more: a handler for SIGTERM that calls sys.exit() is enough.
"""
import collections
import collections.abc
import dataclasses
import datetime
import decimal
import email.utils
import enum
import json
import logging
import numbers
import os
import queue
import random
import socket
import sys
import threading
import time
import traceback
import types
import urllib.error
import urllib.request
import uuid

__all__ = ["VaktHandler"]

BATCH_LINES = 500
BATCH_BYTES = 256 * 1024
MAX_TEXT = 60_000  # characters of one text; Vakt keeps 64 KiB of a message
MAX_VALUES = 2_000  # values in the fields of one line
MAX_ITEMS = 200  # items of one list; Vakt keeps 256 values of a line
MAX_DEPTH = 20
SAME_REPORT_S = 60  # how long an equal complaint is not printed again
SHOW_AT_TRY = 4  # failed tries after which the program's operator is informed

# The attributes of every record; everything else comes from extra= and is sent as an attribute.
_STANDARD = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
# Names that mean the same in extra= as in a line of Vakt.
_LINE_FIELDS = ("group", "tags", "fingerprint", "trace_id", "span_id")
_LEVELS = ((50, "fatal"), (40, "error"), (30, "warn"), (20, "info"), (10, "debug"), (1, "trace"))
_USUAL_LEVEL_NAMES = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "NOTSET"}


class VaktHandler(logging.Handler):
    """Sends records to Vakt from a thread of its own.

    url, key, source and host default to VAKT_URL, VAKT_KEY, VAKT_SOURCE and VAKT_HOST. Options, in seconds, lines and bytes:
    gather, retry_base, retry_max, timeout, close_timeout, max_lines, max_bytes. Each has a variable, which is read when the
    option is absent: VAKT_GATHER_MS, VAKT_RETRY_MS, VAKT_RETRY_MAX_MS, VAKT_TIMEOUT_MS, VAKT_CLOSE_MS, VAKT_MAX_LINES and
    VAKT_MAX_BYTES.
    """

    def __init__(self, url=None, key=None, source=None, host=None, *, level=logging.NOTSET, gather=None, retry_base=None,
                 retry_max=None, timeout=None, close_timeout=None, max_lines=None, max_bytes=None):
        super().__init__(level)
        self.url = (url or os.environ.get("VAKT_URL") or "").rstrip("/")
        self.key = key or os.environ.get("VAKT_KEY") or ""
        self.source = source or os.environ.get("VAKT_SOURCE") or os.path.basename(sys.argv[0] if sys.argv else "") or "python"
        self.host = host or os.environ.get("VAKT_HOST") or socket.gethostname()
        self.gather = _setting(gather, "VAKT_GATHER_MS", 1.0)
        self.retry_base = _setting(retry_base, "VAKT_RETRY_MS", 0.5)
        self.retry_max = _setting(retry_max, "VAKT_RETRY_MAX_MS", 60.0)
        self.timeout = _setting(timeout, "VAKT_TIMEOUT_MS", 10.0)
        self.close_timeout = _setting(close_timeout, "VAKT_CLOSE_MS", 5.0)
        self.max_lines = int(_setting(max_lines, "VAKT_MAX_LINES", 10_000, 1))
        self.max_bytes = int(_setting(max_bytes, "VAKT_MAX_BYTES", 16 * 1024 * 1024, 1))
        self._sender = None
        self._pid = None
        self._nested = threading.local()
        self._reporter = _Reporter()

    def emit(self, record):
        # A value whose __str__ logs would call this method for ever.
        depth = getattr(self._nested, "depth", 0)
        if depth >= 3:
            return
        self._nested.depth = depth + 1
        try:
            self._current_sender().add(self._encode(record))
        except Exception:  # A logger never raises into the program.
            _quietly(self.handleError, record)
        finally:
            self._nested.depth = depth

    def flush(self, timeout=None):
        """Waits until the lines so far are sent, close_timeout at most. True when they are."""
        if self._sender is None or self._pid != os.getpid():
            return True
        return self._sender.flush(self.close_timeout if timeout is None else timeout)

    def close(self):
        """Sends what is left, within close_timeout. logging calls it when the program ends. Logging goes on to work."""
        self.acquire()
        try:
            sender, self._sender = self._sender, None
        finally:
            self.release()
        try:
            if sender is not None and self._pid == os.getpid():
                sender.close(self.close_timeout)
        except Exception as error:
            self._reporter.report("closing failed: %r" % error)
        super().close()

    def _current_sender(self):
        # A forked child has no thread, and the lines in its memory are its parent's.
        pid = os.getpid()
        if self._sender is None or self._pid != pid:
            self._sender, self._pid = _Sender(self), pid
            util = sys.modules.get("multiprocessing.util")
            if util is not None and getattr(sys.modules.get("multiprocessing.process"), "parent_process", lambda: None)():
                util.Finalize(None, self.close, exitpriority=0)  # Such a child ends without atexit.
        return self._sender

    def _encode(self, record):
        problem = None
        try:
            message = record.getMessage()
        except Exception as error:
            problem = "%s: %s" % (type(error).__name__, _text(error))
            args = record.args if isinstance(record.args, tuple) else (record.args,)
            message = " ".join([_text(record.msg), *map(_text, args)])
            _quietly(self.handleError, record)  # As every handler of logging does: the place of the call is on stderr.
        line = {"timestamp": record.created, "level": _level(record.levelno), "message": _cut(_clean(message)),
                "source": self.source, "host": self.host}
        fields = {"logger": record.name, "caller": "%s:%s" % (record.filename, record.lineno)}
        if record.levelname not in _USUAL_LEVEL_NAMES:
            fields["levelname"] = record.levelname
        if problem:
            fields["format_error"] = problem
        writer = _Values()
        error = None
        for name, value in list(vars(record).items()):
            if name in _STANDARD:
                continue
            if name in _LINE_FIELDS:
                line[name] = writer.plain(value)
                continue
            if error is None and isinstance(value, BaseException):
                error = value
            fields[name if name not in fields else name + "_"] = value
        info = record.exc_info
        if isinstance(info, BaseException):
            error = info
        elif isinstance(info, tuple) and len(info) > 1 and isinstance(info[1], BaseException):
            error = info[1]
        if error is not None:
            line["stack"] = _stack(error)
            if not any(value is error for value in fields.values()):
                fields["error" if "error" not in fields else "exception"] = error
        elif record.exc_text:
            line["stack"] = _cut(_clean(_text(record.exc_text)))
        if record.stack_info:
            fields["stack_info"] = record.stack_info
        line["attributes"] = writer.plain(fields)
        return json.dumps(line, allow_nan=False).encode("ascii")


class _Sender:
    """A queue, and the thread that empties it. SimpleQueue is used because a signal handler may log, too."""

    def __init__(self, handler):
        self.handler, self.report = handler, handler._reporter.report
        self.queue = queue.SimpleQueue()
        self.lines_in = self.lines_out = self.bytes_in = self.bytes_out = self.dropped = 0
        self.deadline = None
        self.last_reason = "Vakt does not answer"
        self.opener = urllib.request.build_opener(_NoRedirect)
        self.thread = None
        self.start()

    def start(self):
        thread = threading.Thread(target=self.work, name="vakt-logs", daemon=True)
        if sys.is_finalizing():  # A new thread would never run, and start() would wait for it for ever.
            self.thread = None
            return
        try:
            thread.start()
            self.thread = thread
        except RuntimeError:  # The interpreter is ending and starts no threads: close() does the work.
            self.thread = None

    def waiting(self):
        """How many lines are neither stored nor given up, those of the request under way included."""
        return self.lines_in - self.lines_out

    def is_working(self):
        return self.thread is not None and self.thread.is_alive() and not sys.is_finalizing()

    def add(self, line):
        waiting = self.waiting()
        if waiting >= self.handler.max_lines or self.bytes_in - self.bytes_out + len(line) > self.handler.max_bytes:
            self.dropped += 1
            if self.dropped == 1:
                self.report("%d log lines wait in memory, so new lines are dropped: %s" % (waiting, self.last_reason))
            return
        self.lines_in += 1
        self.bytes_in += len(line)
        self.queue.put(line)
        if not self.is_working():
            self.start()
            if self.thread is None:
                self.flush(min(2.0, self.handler.close_timeout))

    def flush(self, timeout):
        mark = _Mark()
        self.queue.put(mark)
        until = time.monotonic() + timeout
        if not self.is_working():
            self.deadline = until
            self.queue.put(None)
            self.work()
            self.deadline = None
        while not mark.done and time.monotonic() < until:
            time.sleep(0.002)
        return mark.done

    def close(self, timeout):
        self.deadline = time.monotonic() + timeout
        sent = self.flush(timeout + 0.05)
        left = self.waiting()
        self.queue.put(None)
        if not sent and left > 0:
            self.deadline = 0
            self.report("%d log lines were not sent before the end: %s" % (left, self.last_reason), always=True)
        self.handler._reporter.finish()

    def work(self):
        while True:
            lines, mark, end = self.collect()
            try:
                self.deliver(lines)
            except Exception as error:  # One bad batch must not end the thread.
                self.report("%d log lines were lost: %r" % (len(lines), error))
            self.lines_out += len(lines)
            if mark is not None:
                mark.done = True
            if end:
                return

    def collect(self):
        """Lines for one request, the mark behind them, and whether the sender ends."""
        lines, size, until = [], 0, None
        while len(lines) < BATCH_LINES and size < BATCH_BYTES:
            try:
                item = self.queue.get(timeout=None if until is None else max(0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return lines, None, True
            if isinstance(item, _Mark):
                return lines, item, False
            until = until or time.monotonic() + self.handler.gather
            lines.append(item)
            size += len(item)
            self.bytes_out += len(item)
        return lines, None, False

    def deliver(self, lines):
        if lines and self.send(lines) and self.dropped:
            count, self.dropped = self.dropped, 0
            message = "%d log lines were dropped, because the queue was full" % count
            self.report(message, always=True)
            handler = self.handler
            self.send([json.dumps({"timestamp": time.time(), "level": "warn", "message": message, "source": handler.source,
                                   "host": handler.host, "attributes": {"dropped": count}}).encode()])

    def send(self, lines):
        """Tries until Vakt has answered for good; True when the lines are stored."""
        # Every try has the same key: Vakt stores a batch once, however often it arrives.
        headers = {"X-Api-Key": self.handler.key, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        body = b"[" + b",".join(lines) + b"]"
        tries = 0
        while True:
            if self.deadline is not None and time.monotonic() >= self.deadline:
                if self.deadline:
                    self.report("%d log lines were not sent before the end: %s" % (len(lines), self.last_reason), always=True)
                return False
            status, answer, after = self.post(body, headers)
            tries += 1
            if status is not None and status < 300:
                self.check(answer, len(lines))
                return True
            if status == 413 and len(lines) > 1:
                half = len(lines) // 2
                first = self.send(lines[:half])
                return self.send(lines[half:]) and first
            if status is not None and status < 500 and status not in (408, 425, 429):
                if not self.check(answer, len(lines)):
                    self.report("%d log lines were refused: %s" % (len(lines), answer), count=len(lines), key=answer)
                return True
            self.last_reason = answer
            if tries == SHOW_AT_TRY:
                self.report("%d log lines wait, trying again: %s" % (self.waiting(), answer), key=answer)
            pause = min(self.handler.retry_max, self.handler.retry_base * 2 ** min(tries - 1, 20)) * (0.5 + random.random() / 2)
            self.pause(pause if after is None else after, after is not None)

    def pause(self, seconds, asked):
        """Waits. When the program ends, a pause that Vakt has not asked for is cut short."""
        until = time.monotonic() + seconds
        closing = self.deadline
        while time.monotonic() < until:
            if self.deadline is not None and (time.monotonic() >= self.deadline or (closing is None and not asked)):
                return
            time.sleep(min(0.02, max(0, until - time.monotonic())))

    def post(self, body, headers):
        """One request: its status (None when there is no answer), the server's words, and Retry-After in seconds."""
        timeout = self.handler.timeout
        if self.deadline is not None:
            timeout = max(0.05, min(timeout, self.deadline - time.monotonic()))
        try:
            if not self.handler.url or not self.handler.key:
                return 400, "VaktHandler needs url and key (or VAKT_URL and VAKT_KEY)", None
            request = urllib.request.Request(self.handler.url + "/api/logs", body, headers)
            with self.opener.open(request, timeout=timeout) as response:
                return response.status, response.read(1_000_000).decode(errors="replace"), None
        except urllib.error.HTTPError as error:
            words = ""
            try:
                words = error.read(1_000_000).decode(errors="replace")
            except Exception:
                pass
            if 300 <= error.code < 400:
                words = "it redirects to %s; use that address" % error.headers.get("Location")
            return error.code, _words(error.code, words), _retry_after(error.headers.get("Retry-After"))
        except ValueError as error:  # An address or a key that cannot be sent.
            return 400, "%s: %s" % (self.handler.url, error), None
        except Exception as error:
            return None, _text(getattr(error, "reason", None) or error) or type(error).__name__, None

    def check(self, answer, count):
        """Reports the lines of a batch that Vakt has not stored. True when the answer counts them."""
        try:
            answer = json.loads(answer[answer.index("{"):])
            rejected = answer["rejected"] or len(answer.get("errors", []))
        except Exception:
            return False
        if rejected:
            errors = [": ".join(_text(error[part]) for part in ("field", "message") if error.get(part))
                      for error in answer.get("errors", [])[:3]]
            self.report("%d of %d log lines were refused: %s" % (rejected, count, "; ".join(errors)), key=str(errors),
                        count=rejected)
        return True


class _Mark:
    done = False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None  # urllib would repeat the request without its body.


class _Reporter:
    """Prints on stderr; the same complaint once a minute, with a count of what it left out."""

    def __init__(self):
        self.last, self.at, self.hidden = None, 0.0, 0

    def report(self, text, always=False, key=None, count=0):
        now = time.monotonic()
        if not always:
            if (key or text) == self.last and now - self.at < SAME_REPORT_S:
                self.hidden += count
                return
            self.last, self.at = key or text, now
        _quietly(_print, _cut(text, 2_000))

    def finish(self):
        if self.hidden:
            _quietly(_print, "%d more log lines were refused for the same reason" % self.hidden)
            self.hidden = 0


class _Values:
    """Turns any value into one that JSON has. A value that cannot be read becomes a text; the line is kept."""

    def __init__(self):
        self.left = MAX_VALUES
        self.path = set()

    def plain(self, value, depth=0):
        try:
            return self.convert(value, depth)
        except Exception as error:
            return "<%s cannot be read: %s>" % (type(value).__name__, type(error).__name__)

    def convert(self, value, depth):
        self.left -= 1
        if value is None or value is True or value is False:
            return value
        if isinstance(value, enum.Enum):
            return self.plain(value.value, depth + 1) if isinstance(value, (str, int)) else _text(value)
        if isinstance(value, str):
            return _cut(_clean(str.__str__(value)))
        if isinstance(value, int):
            # Some readers of JSON take a longer number for infinity.
            return int(value) if value.bit_length() <= 1000 else hex(value)
        if isinstance(value, float):
            return _number(float(value))
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _cut(bytes(value).decode("utf-8", "backslashreplace"))
        if isinstance(value, decimal.Decimal):
            number = float(value) if value.is_finite() else None
            return number if number is not None and decimal.Decimal(repr(number)) == value else str(value)
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        if depth >= MAX_DEPTH or self.left <= 0:
            return "…"
        if id(value) in self.path:
            return "[circular]"
        self.path.add(id(value))
        try:
            return self.compound(value, depth + 1)
        finally:
            self.path.discard(id(value))

    def compound(self, value, depth):
        if isinstance(value, BaseException):
            return self.error(value, depth)
        if isinstance(value, collections.abc.Mapping):
            return self.fields(value.items(), depth)
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return self.fields(zip(value._fields, value), depth)
        if isinstance(value, (list, tuple, set, frozenset, collections.deque)):
            items = []
            for item in list(value):
                if self.left <= 0 or len(items) >= MAX_ITEMS:
                    items.append("… %d more" % (len(value) - len(items)))
                    break
                items.append(self.plain(item, depth))
            return items
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.fields([(field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value)], depth)
        if isinstance(value, types.SimpleNamespace):
            return self.fields(vars(value).items(), depth)
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, numbers.Real):
            return _number(float(value))
        return _cut(_clean(_text(value)))

    def fields(self, items, depth):
        fields = {}
        for key, item in list(items):
            if self.left <= 0:
                fields["…"] = "…"
                break
            name = _cut(_clean(key if isinstance(key, str) else _text(key)), 200)
            while name in fields:  # 1 and "1" are two keys here, and one in JSON.
                name += "_"
            fields[name] = self.plain(item, depth)
        return fields

    def error(self, error, depth):
        fields = {"type": type(error).__qualname__, "message": _cut(_clean(_text(error)))}
        notes = getattr(error, "__notes__", None)
        if notes:
            fields["notes"] = self.plain(notes, depth)
        if getattr(error, "__cause__", None) is not None:
            fields["cause"] = self.plain(error.__cause__, depth)
        elif getattr(error, "__context__", None) is not None and not error.__suppress_context__:
            fields["context"] = self.plain(error.__context__, depth)
        if isinstance(getattr(error, "exceptions", None), tuple):
            fields["exceptions"] = self.plain(error.exceptions, depth)
        own = {name: item for name, item in vars(error).items() if name != "__notes__"}
        for name, item in own.items():
            fields[name if name not in fields else name + "_"] = self.plain(item, depth)
        return fields


def _setting(value, variable, default, unit=1000):
    if value is None:
        try:
            value = float(os.environ[variable]) / unit
        except (KeyError, ValueError):
            return default
    return value


def _level(number):
    for least, name in _LEVELS:
        if number >= least:
            return name
    return "info"


def _stack(error):
    try:
        return _cut(_clean("".join(traceback.format_exception(type(error), error, error.__traceback__))))
    except Exception:
        return "%s: %s" % (type(error).__name__, _text(error))


def _number(value):
    if value != value:
        return "NaN"
    return value if abs(value) != float("inf") else "Infinity" if value > 0 else "-Infinity"


def _text(value):
    """The text of any value, of those whose __str__ raises too."""
    for render in (str, repr):
        try:
            return render(value)
        except Exception:
            pass
    return "<unprintable %s>" % type(value).__name__


def _clean(text):
    """The text with lone surrogates, which no UTF-8 has, written as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _cut(text, longest=MAX_TEXT):
    if len(text) <= longest:
        return text
    half = longest // 2
    return "%s… %d characters are cut …%s" % (text[:half], len(text) - 2 * half, text[-half:])


def _words(status, body):
    """What the server said, in one line."""
    try:
        error = json.loads(body)["error"]
        return "%d %s" % (status, error["message"])
    except Exception:
        return ("%d %s" % (status, " ".join(body[:100_000].split()) if "rejected" in body else " ".join(body[:300].split()))).strip()


def _retry_after(header):
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except Exception:
            return None
    return min(max(seconds, 0.0), 3600.0) if seconds == seconds else None


def _print(text):
    print("vakt: " + text, file=sys.stderr, flush=True)


def _quietly(call, *args):
    try:
        call(*args)
    except Exception:
        pass
