#!/usr/bin/env bash
# Sends the output of a program to Vakt in batches, and passes it through unchanged.
# Usage: VAKT_URL=http://127.0.0.1:8080 VAKT_KEY=... some-program 2>&1 | vakt-log.sh <source>
set -u
if [ -z "${VAKT_URL:-}" ] || [ -z "${VAKT_KEY:-}" ] || [ $# -ne 1 ]; then
  echo 'Usage: VAKT_URL=http://127.0.0.1:8080 VAKT_KEY=... some-program 2>&1 | vakt-log.sh <source>' >&2
  exit 2
fi
source=$1
case $source in
*[!A-Za-z0-9._-]*)
  echo 'vakt-log.sh: the source may have letters, digits, dots, hyphens and underscores only' >&2
  exit 2
  ;;
esac
host=$(hostname)
batch=$(mktemp) || exit 1
settings=$(mktemp) || exit 1
trap 'rm -f "$batch" "$settings"' EXIT
# The key goes into a file that only its owner can read, because everybody can see the arguments of a command.
printf 'header = "X-Api-Key: %s"\n' "$VAKT_KEY" >"$settings"
count=0

# Every retry has the same Idempotency-Key: Vakt stores a batch once, however often it arrives.
flush() {
  [ "$count" -gt 0 ] || return 0
  curl -fsS -m 30 --retry 8 --retry-connrefused -o /dev/null -K "$settings" \
    -H 'Content-Type: text/plain' -H "Idempotency-Key: $host-$$-$RANDOM-$SECONDS" \
    --data-binary "@$batch" "$VAKT_URL/api/logs?source=$source&host=$host" ||
    echo "vakt-log.sh: $count lines of $source were lost" >&2
  : >"$batch"
  count=0
}

begun=$SECONDS
while true; do
  if IFS= read -r -t 1 line; then
    printf '%s\n' "$line"
    printf '%s\n' "$line" >>"$batch"
    count=$((count + 1))
  elif [ $? -le 128 ]; then
    # The program has ended; its last line may have no newline.
    if [ -n "$line" ]; then
      printf '%s' "$line"
      printf '%s\n' "$line" >>"$batch"
      count=$((count + 1))
    fi
    break
  fi
  if [ "$count" -ge 500 ] || [ $((SECONDS - begun)) -ge 1 ]; then
    flush
    begun=$SECONDS
  fi
done
flush
