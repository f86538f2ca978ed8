#!/bin/sh
# Runs a command and tells Vakt when it starts, how it ends, and the last of what it printed.
# Usage: VAKT=http://127.0.0.1:8080/ping/PING_KEY job.sh <slug> <command> [argument ...]
url="$VAKT/$1"
shift
run=$(cat /proc/sys/kernel/random/uuid)
curl -fsS -m 10 --retry 5 -o /dev/null "$url/start?rid=$run"
said=$("$@" 2>&1)
status=$?
printf '%s' "$said" | tail -c 10000 | curl -fsS -m 10 --retry 5 -o /dev/null --data-binary @- "$url/$status?rid=$run"
exit $status
