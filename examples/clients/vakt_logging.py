"""Sends the logs of a Python program to Vakt in batches, with the standard library only. Python 3.8 or newer.

    import logging, os, vakt_logging
    logging.getLogger().addHandler(
        vakt_logging.VaktHandler("http://127.0.0.1:8080", os.environ["VAKT_KEY"], source="shop"))
    logging.error("payment refused", extra={"order": 7341})
"""
import atexit
import json
import logging
import queue
import socket
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
import uuid

BATCH = 500  # lines in one request
GATHER = 1.0  # seconds that a line waits for a batch to fill
WAITING = 10_000  # most lines in the queue, because a logger must not fill the memory
TRIES = 8

# The attributes of every record; everything else comes from extra= and is sent as a field.
_USUAL = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


class VaktHandler(logging.Handler):
    def __init__(self, url, key, source, host=None):
        super().__init__()
        self.url, self.key, self.source = url.rstrip("/"), key, source
        self.host = host or socket.gethostname()
        self.waiting = queue.Queue(WAITING)
        self.dropped = 0
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._work, name="vakt-logs", daemon=True)
        self.thread.start()
        atexit.register(self.close)

    def emit(self, record):
        line = {k: v for k, v in vars(record).items() if k not in _USUAL}
        line.update(
            timestamp=record.created, level=record.levelname, message=record.getMessage(),
            source=self.source, host=self.host, logger=record.name)
        if record.exc_info:
            line["stack"] = "".join(traceback.format_exception(*record.exc_info))
        try:
            self.waiting.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self):
        if not self.closing.is_set():
            self.closing.set()
            self.thread.join(timeout=15)
        super().close()

    def _work(self):
        while not (self.closing.is_set() and self.waiting.empty()):
            lines = self._gather()
            if lines:
                self._send(json.dumps(lines, default=str).encode())

    def _gather(self):
        lines, until = [], time.monotonic() + GATHER
        while len(lines) < BATCH and not (self.closing.is_set() and self.waiting.empty()):
            try:
                lines.append(self.waiting.get(timeout=max(0.01, min(0.1, until - time.monotonic()))))
            except queue.Empty:
                pass
            if time.monotonic() > until:
                break
        if self.dropped:
            lines.append({"level": "warn", "message": f"{self.dropped} log lines were dropped", "source": self.source})
            self.dropped = 0
        return lines

    def _send(self, body):
        # Every attempt has the same key: Vakt stores a batch once, however often it arrives.
        headers = {"X-Api-Key": self.key, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        for tried in range(TRIES):
            pause = 0.5 * 2 ** tried
            try:
                request = urllib.request.Request(self.url + "/api/logs", body, headers)
                with urllib.request.urlopen(request, timeout=10):
                    return
            except urllib.error.HTTPError as error:
                why = f"{error.code} {error.read(500).decode(errors='replace')}"
                if error.code != 429 and error.code < 500:
                    break
                try:
                    pause = float(error.headers.get("Retry-After", pause))
                except ValueError:
                    pass
            except OSError as error:
                why = str(error)
            if self.closing.wait(min(pause, 60)) and tried > 1:
                break
        print(f"vakt: a batch of logs was lost: {why}", file=sys.stderr)
