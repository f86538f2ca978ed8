// The scripts that read a log file or a journal on a host from the last position; they only read.
import { KIBIBYTE } from '../../bytes.ts'
import type { FilePosition } from '../../state/schema/index.ts'

/** The first lines of the scripts. A forced command recognizes the request by them. */
export const FILE_MARK = '# vakt log file 1'
export const JOURNAL_MARK = '# vakt log journal 1'

/** How far back a new log is read: bytes of a file, lines of a journal. */
export const FIRST_READ_BYTES = 256 * KIBIBYTE
export const FIRST_READ_LINES = 200

/**
 * Identifies a file by its inode, and after it was copied or compressed by a checksum of its first bytes. Reads rotated files
 * to their end first, oldest first, and the current file last.
 */
const FILE_SCRIPT = `${FILE_MARK}
LC_ALL=C; export LC_ALL
path=$1 inode=$2 offset=$3 head=$4 sum=$5 most=$6 first=$7
plain() {
  case $1 in
    *.gz) gzip -dc "$1" ;;
    *.xz) xz -dc "$1" ;;
    *.zst) zstd -dcq "$1" ;;
    *.bz2) bzip2 -dc "$1" ;;
  esac 2>/dev/null
}
size() { case $1 in *.gz|*.xz|*.zst|*.bz2) plain "$1" | wc -c ;; *) stat -Lc %s "$1" ;; esac; }
from() { case $1 in *.gz|*.xz|*.zst|*.bz2) plain "$1" | tail -c "+$2" ;; *) tail -c "+$2" "$1" ;; esac; }
digest=$(command -v cksum || command -v md5sum || echo :)
sum() { from "$1" 1 | head -c "$2" | "$digest" | cut -d ' ' -f 1; }
same() { [ "$head" -eq 0 ] || [ "$(sum "$1" "$head")" = "$sum" ]; }
give() {
  bytes=$(size "$1"); bytes=$((bytes))
  n=$((bytes < 1024 ? bytes : 1024)); [ "$digest" != : ] || n=0
  echo "@@file $(stat -Lc %i "$1") $bytes $2 $n $(sum "$1" "$n") $3"
  from "$1" $(($2 + 1)) | head -c "$most"
  exit 0
}
if ! seen=$(stat -Lc '%i %s' "$path" 2>&1); then echo "@@problem $seen"; exit 0; fi
[ -f "$path" ] || { echo "@@problem not a regular file"; exit 0; }
[ -r "$path" ] || { echo "@@problem permission denied"; exit 0; }
now=\${seen%% *} bytes=\${seen#* }
if [ -z "$inode" ]; then
  start=$((bytes > first ? bytes - first : 0)) most=0
  if [ "$start" -gt 0 ]; then start=$((start + $(from "$path" $((start + 1)) | head -n 1 | wc -c))); fi
  give "$path" "$start" now
fi
if [ "$now" = "$inode" ] && [ "$bytes" -ge "$offset" ] && same "$path"; then give "$path" "$offset" now; fi
old= next=
list=$(ls -1dtr "$path" "$path".[0-9]* "$path"-[0-9]* 2>/dev/null | tail -n 16)
set -f; IFS='
'
for file in $list; do
  [ -f "$file" ] && [ -r "$file" ] || continue
  [ "$file" = "$path" ] || [ ! -L "$file" ] || continue
  # Skip the halves of a name with a line break.
  case $file in "$path"*) ;; *) continue ;; esac
  case \${file#"$path"} in */*) continue ;; esac
  if [ -n "$old" ]; then next=$file; break; fi
  [ "$(stat -Lc %i "$file")" = "$inode" ] || [ "$head" -gt 0 ] || continue
  same "$file" && [ "$(size "$file")" -ge "$offset" ] && old=$file
done
[ -n "$old" ] || give "$path" 0 lost
[ "$(size "$old")" -eq "$offset" ] || give "$old" "$offset" old
next=\${next:-$path}
if [ "$next" = "$path" ]; then give "$path" 0 now; fi
give "$next" 0 old
`

const JOURNAL_SCRIPT = `${JOURNAL_MARK}
LC_ALL=C; export LC_ALL
unit=$1 cursor=$2 lines=$3 most=$4
if ! command -v journalctl >/dev/null 2>&1; then echo "@@problem no journalctl"; exit 0; fi
echo "@@journal"
set -- --no-pager --all -o json
if [ "$unit" != '*' ]; then set -- "$@" -u "$unit"; fi
if [ -n "$cursor" ]; then set -- "$@" --after-cursor="$cursor"; else set -- "$@" -n "$lines"; fi
journalctl "$@" | head -n 1000 | head -c "$most"
exit 0
`

/** Reads at most `maxBytes` of a file after a position; without one, only finds where the first reading begins. */
export function buildFileArgv(path: string, position: FilePosition | null, maxBytes: number): readonly string[] {
  const { inode = '', offset = 0, head = 0, sum = '' } = position ?? {}
  return [
    'sh',
    '-c',
    FILE_SCRIPT,
    'vakt-log',
    path,
    inode,
    ...[offset, head].map(String),
    sum,
    String(maxBytes),
    String(FIRST_READ_BYTES),
  ]
}

/** Reads at most `maxBytes` of the journal of a unit (`*` for all) after a cursor; without one, its last lines. */
export function buildJournalArgv(unit: string, cursor: string | null, maxBytes: number): readonly string[] {
  return ['sh', '-c', JOURNAL_SCRIPT, 'vakt-log', unit, cursor ?? '', String(FIRST_READ_LINES), String(maxBytes)]
}
