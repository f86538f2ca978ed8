#!/bin/sh
# Runs a command and sends Vakt its start, its exit status and the last 10,000 bytes of its output.
# The check must exist: checks add <slug> --every 1d
# Usage: VAKT=http://127.0.0.1:8080/ping/PING_KEY job.sh <slug> <command> [argument ...]
if [ -z "$VAKT" ] || [ $# -lt 2 ]; then
  echo 'Usage: VAKT=http://127.0.0.1:8080/ping/PING_KEY job.sh <slug> <command> [argument ...]' >&2
  exit 2
fi
slug=$1
url="$VAKT/$slug"
shift
run=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
kept=$(mktemp -d) || exit 1
trap 'rm -rf "$kept"' EXIT

# When Vakt cannot be reached, the job runs all the same, with its own exit status.
tell() {
  curl -fsS -m 10 --retry 5 --retry-connrefused -o /dev/null "$@" && return
  status=$?
  [ $status -eq 22 ] && why='refused a beat' || why='cannot be reached'
  # The ping key is a secret, and this may go into a log.
  echo "job.sh: Vakt $why at ${VAKT%/ping/*}; it misses a beat of $slug" >&2
}

tell "$url/start?rid=$run"
# Output is passed through as it comes; only its last 10,000 bytes are kept for Vakt.
mkfifo "$kept/printed"
tail -c 10000 <"$kept/printed" >"$kept/last" &
{ "$@" 2>&1; echo $? >"$kept/status"; } | tee "$kept/printed"
wait
ended=$(cat "$kept/status" 2>/dev/null || echo 1)
tell --data-binary "@$kept/last" "$url/$ended?rid=$run"
exit "$ended"
