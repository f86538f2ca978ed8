#!/usr/bin/env bash
# Sends the output of a program to Vakt in batches, and passes it through unchanged. Bash 4.1 or newer, and curl.
# Usage: VAKT_URL=http://127.0.0.1:8080 VAKT_KEY=... some-program 2>&1 | vakt-log.sh <source>
# Ends with 0 when all lines are stored, with 1 when some are not (stderr has the reason), with 2 when it is called wrongly.
# While Vakt does not answer, the program does not wait for it: lines wait in files, VAKT_MAX_LINES at most, and then are dropped.
set -u
# Bytes are passed through as they are, whatever characters they make.
export LC_ALL=C
if [ -z "${VAKT_URL:-}" ] || [ -z "${VAKT_KEY:-}" ] || [ $# -ne 1 ]; then
  echo 'Usage: VAKT_URL=http://127.0.0.1:8080 VAKT_KEY=... some-program 2>&1 | vakt-log.sh <source>' >&2
  exit 2
fi
if [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -lt 401 ]; then
  echo "vakt-log.sh: bash 4.1 or newer is needed, and this is $BASH_VERSION" >&2
  exit 2
fi
if ! command -v curl >/dev/null; then
  echo 'vakt-log.sh: curl is needed, and it is not installed' >&2
  exit 2
fi
source=$1
case $source in
*[!A-Za-z0-9._-]*)
  echo 'vakt-log.sh: the source may have letters, digits, dots, hyphens and underscores only' >&2
  exit 2
  ;;
esac

number() { case ${1:-} in '' | *[!0-9]*) echo "$2" ;; *) echo "$((10#$1))" ;; esac; }
retry_ms=$(number "${VAKT_RETRY_MS:-}" 500)          # the first pause before a batch is tried again; it doubles
retry_max_ms=$(number "${VAKT_RETRY_MAX_MS:-}" 60000) # the longest such pause
timeout_ms=$(number "${VAKT_TIMEOUT_MS:-}" 10000)     # how long one request may take
close_ms=$(number "${VAKT_CLOSE_MS:-}" 30000)         # how long the rest may take after the program has ended
max_lines=$(number "${VAKT_MAX_LINES:-}" 10000)       # how many lines may wait
batch_lines=500
[ "$max_lines" -ge "$batch_lines" ] || batch_lines=$((max_lines > 0 ? max_lines : 1))
batch_bytes=200000
show_at_try=4

host=${VAKT_HOST:-$(hostname)}
host=${host//[!A-Za-z0-9._-]/-}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
# The key goes into a file that only its owner can read, because everybody can see the arguments of a command.
printf 'header = "X-Api-Key: %s"\n' "${VAKT_KEY//[\"\\$'\n']/}" >"$folder/settings"
mkfifo "$folder/queue" || exit 1
exec 3<>"$folder/queue"

complain() { printf 'vakt-log.sh: %s\n' "$*" >&2; }

# Adds to the number of lines that are not stored; its file is the answer to the other process.
lose() { printf '%s\n' "$1" >>"$folder/lost"; }

milliseconds() {
  if [ -n "${EPOCHREALTIME:-}" ]; then
    local now=${EPOCHREALTIME/[.,]/}
    echo $((10#$now / 1000))
  else
    echo $(($(date +%s) * 1000))
  fi
}

seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

# How long is left until the deadline that the end of the program set, ms; empty while the program runs.
left() {
  if [ ! -s "$folder/deadline" ]; then
    kill -0 $$ 2>/dev/null && return 0
    echo $(($(milliseconds) + close_ms)) >"$folder/deadline"
  fi
  local deadline now
  deadline=$(<"$folder/deadline")
  now=$(milliseconds)
  echo $((deadline > now ? deadline - now : 0))
}

# Waits for $1 ms, until the deadline at most. $2: Vakt asked for it. Else the end of the program cuts it short.
pause() {
  local ms=$1 slice limit was
  was=$(left)
  while [ "$ms" -gt 0 ]; do
    limit=$(left)
    if [ -n "$limit" ]; then
      [ "$limit" -gt 0 ] || return 0
      [ -n "$was" ] || [ -n "$2" ] || return 0
    fi
    slice=$((ms < 250 ? ms : 250))
    sleep "$(seconds "$slice")"
    ms=$((ms - slice))
  done
}

# One request: sets status (000 without an answer), words and after (Retry-After in ms, or empty).
post() {
  local limit=$timeout_ms rest error answer line
  rest=$(left)
  [ -z "$rest" ] || limit=$((rest < limit ? rest : limit))
  [ "$limit" -ge 100 ] || limit=100
  : >"$folder/answer"
  : >"$folder/headers"
  status=$(curl -sS -m "$(seconds "$limit")" -o "$folder/answer" -D "$folder/headers" -w '%{http_code}' -K "$folder/settings" \
    -H 'Content-Type: text/plain' -H 'Expect:' -H "Idempotency-Key: $2" --data-binary "@$1" \
    "${VAKT_URL%/}/api/logs?source=$source&host=$host" 2>"$folder/error")
  curl_status=$?
  error=$(head -n 1 "$folder/error")
  answer=$(head -c 100000 "$folder/answer" | tr -d '\000' | tr '\n' ' ')
  # An answer that broke off is none: the same batch again does no harm.
  if [ "$curl_status" -ne 0 ] && [[ $status == 2* ]]; then status=000; fi
  rejected=0
  if [[ $answer =~ \"rejected\":[[:space:]]*([0-9]+) ]]; then rejected=${BASH_REMATCH[1]}; fi
  if [[ $answer =~ \"message\":[[:space:]]*\"(([^\"\\]|\\.)*)\" ]]; then words=${BASH_REMATCH[1]}; else words=${answer:0:300}; fi
  after=
  while IFS= read -r line; do
    line=${line%$'\r'}
    case ${line,,} in
    retry-after:*) after=$(retry_after "${line#*:}") ;;
    location:*) [[ $status != 3* ]] || words="it redirects to ${line#*: }; use that address" ;;
    esac
  done <"$folder/headers"
  if [ "$status" = 000 ]; then words=${error:-no answer}; else words="$status $words"; fi
}

retry_after() {
  local text=${1//[[:space:]]/} at
  case $text in
  '') ;;
  *[!0-9.]*)
    at=$(date -d "$1" +%s 2>/dev/null) || return 0
    at=$((at * 1000 - $(milliseconds)))
    echo $((at > 0 ? at : 0))
    ;;
  *) echo "$((10#${text%%.*} * 1000))" ;;
  esac
}

# Sends one batch until Vakt has answered for good. Every try has the same key: Vakt stores a batch once.
send() {
  local file=$1 lines=$2 key=$3 try=0 longest ms half
  while true; do
    post "$file" "$key"
    try=$((try + 1))
    case $status in 000 | 408 | 425 | 429 | 5*) ;; *) rm -f "$folder/failing" ;; esac
    case $status in
    2*)
      if [ "$rejected" -gt 0 ]; then
        complain "$rejected of $lines lines of $source were refused: $words"
        lose "$rejected"
      fi
      return 0
      ;;
    413)
      if [ "$lines" -gt 1 ]; then
        half=$((lines / 2))
        head -n "$half" "$file" >"$file.a"
        tail -n +$((half + 1)) "$file" >"$file.b"
        send "$file.a" "$half" "$key-a"
        send "$file.b" $((lines - half)) "$key-b"
        rm -f "$file.a" "$file.b"
        return 0
      fi
      ;;
    esac
    case $status in
    000 | 408 | 425 | 429 | 5*) ;;
    *)
      [ "$rejected" -gt 0 ] || rejected=$lines
      # The same reason is shown once.
      [ "$words" = "$shown" ] || complain "$rejected of $lines lines of $source were refused: $words"
      shown=$words
      lose "$rejected"
      return 0
      ;;
    esac
    case $curl_status in
    1 | 3)
      complain "$lines lines of $source were lost: $words"
      lose "$lines"
      return 0
      ;;
    esac
    printf '%s' "$words" >"$folder/failing"
    if [ "$try" -eq "$show_at_try" ]; then complain "lines of $source wait, trying again: $words"; fi
    longest=$((retry_ms << (try < 16 ? try - 1 : 15)))
    [ "$longest" -le "$retry_max_ms" ] || longest=$retry_max_ms
    ms=$((longest / 2 + longest * (RANDOM % 1000) / 2000))
    pause "${after:-$ms}" "$after"
    if [ "$(left)" = 0 ]; then
      complain "$lines lines of $source were not sent before the end: $words"
      lose "$lines"
      return 0
    fi
  done
}

# The other process: sends the batches in the order in which they were written.
send_all() {
  local name lines shown='' prefix="$host-$$-$RANDOM$RANDOM-$(milliseconds)"
  # Read only, so that this process ends when the other one is killed.
  exec 4<"$folder/queue" 3>&-
  while read -r name lines <&4; do
    [ "$name" != end ] || return 0
    send "$folder/$name" "$lines" "$prefix-$name"
    rm -f "$folder/$name"
  done
  rm -rf "$folder"
}

# The sender ends when it has sent everything, whatever signal the two get. Who reads our output does not wait for it.
trap '' INT TERM HUP
send_all >/dev/null &
sender=$!

count=0
size=0
number=0
dropped=0
unwritten=0

# Gives the lines so far to the sender, or drops them where too many wait. $1: the batch is full, or the program has ended.
hand_over() {
  [ "$count" -gt 0 ] || return 0
  local waiting=("$folder"/*.batch)
  [ -e "${waiting[0]}" ] || waiting=()
  # Where batches wait already, there is time to fill this one.
  [ -n "$1" ] || [ "${#waiting[@]}" -lt 2 ] || return 0
  # While Vakt answers, the program waits for it; while it does not, new lines are dropped.
  while [ $((${#waiting[@]} * batch_lines)) -ge "$max_lines" ] && [ ! -s "$folder/failing" ] && kill -0 "$sender" 2>/dev/null; do
    sleep 0.05
    waiting=("$folder"/*.batch)
    [ -e "${waiting[0]}" ] || waiting=()
  done
  if [ $((${#waiting[@]} * batch_lines)) -ge "$max_lines" ]; then
    [ "$dropped" -gt 0 ] || complain "$max_lines lines of $source wait, so new ones are dropped: $(<"$folder/failing")"
    dropped=$((dropped + count))
    lose "$count"
    : >"$folder/next"
  else
    if [ "$dropped" -gt 0 ]; then
      printf 'WARN vakt-log.sh dropped %s lines, because too many waited\n' "$dropped" >>"$folder/next"
      complain "$dropped lines of $source were dropped, because too many waited"
      dropped=0
      count=$((count + 1))
    fi
    number=$((number + 1))
    mv "$folder/next" "$folder/$number.batch"
    printf '%s.batch %s\n' "$number" "$count" >&3
  fi
  count=0
  size=0
}

# Whether a line can begin an entry; a batch does not end within a stack trace.
begins_entry() {
  case $1 in
  '' | [[:space:]\|}\)]* | 'Caused by:'* | [A-Za-z_]*Error | [A-Za-z_]*Error:* | [A-Za-z_]*Exception | [A-Za-z_]*Exception:*) return 1 ;;
  esac
}

take() {
  if [ "$count" -eq 0 ]; then begun=$SECONDS; fi
  # bash prints why, such as a full disk.
  if ! printf '%s\n' "$1" >>"$folder/next"; then
    unwritten=$((unwritten + 1))
    return 0
  fi
  count=$((count + 1))
  size=$((size + ${#1}))
}

finish=
trap 'finish=143' TERM
trap 'finish=129' HUP
trap 'finish=141' PIPE
begun=$SECONDS
partial=
ended=
while [ -z "$finish" ] && [ -z "$ended" ]; do
  # By bytes: a read of a line may lose its newline, when that arrives just as the time is over.
  IFS= read -r -t 1 -N 1 chunk
  outcome=$?
  if [ "$outcome" -eq 0 ] || [ -n "$chunk" ]; then
    IFS= read -r -t 0.05 -N 8192 rest
    outcome=$?
    chunk=$chunk$rest
  fi
  # More may follow, unless the program has ended.
  [ "$outcome" -eq 0 ] || [ "$outcome" -gt 128 ] || ended=yes
  if [ -z "$chunk" ]; then
    hand_over ''
    continue
  fi
  # A line that is not complete yet, such as a question, is passed through, and sent when it is complete.
  printf '%s' "$chunk" 2>/dev/null
  if [[ $chunk != *$'\n'* ]]; then
    partial=$partial$chunk
    continue
  fi
  chunk=$partial$chunk
  while [[ $chunk == *$'\n'* ]]; do
    line=${chunk%%$'\n'*}
    chunk=${chunk#*$'\n'}
    if [ "$count" -ge "$batch_lines" ] || [ "$size" -ge "$batch_bytes" ]; then
      if begins_entry "$line" || [ "$count" -ge $((2 * batch_lines)) ]; then hand_over full; fi
    elif [ $((SECONDS - begun)) -ge 2 ] && begins_entry "$line"; then
      hand_over ''
    fi
    take "$line"
  done
  partial=$chunk
done
trap '' TERM HUP PIPE
[ -z "$partial" ] || take "$partial"
hand_over full
[ "$dropped" -eq 0 ] || complain "$dropped lines of $source were dropped, because too many waited"
echo $(($(milliseconds) + close_ms)) >"$folder/deadline"
echo 'end 0' >&3
wait "$sender"
[ "$unwritten" -eq 0 ] || complain "$unwritten lines of $source were lost: they could not be written to $folder"
[ -z "$finish" ] || exit "$finish"
[ "$unwritten" -eq 0 ] && [ ! -s "$folder/lost" ]
