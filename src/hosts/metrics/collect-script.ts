// The one command line that asks a host for everything that is measured, so that a round costs each host one round trip.
import type { Engine } from '../host.ts'

/** The first line of the script; a forced command knows the request by it and runs a copy of its own. */
export const MARK = '# vakt collect 1'

// Docker's and Podman's templates name the same things differently; Health is there only for images that say how to check it.
const DOCKER = `{"name":{{json .Name}},"id":{{json .Id}},"image":{{json .Config.Image}},${shared()}}`
const PODMAN = `{"name":{{json .Name}},"id":{{json .ID}},"image":{{json .ImageName}},${shared()}}`

/**
 * Only reads. Sections begin with a line of @@ and their name; a complaint of the engine stands in the section it belongs to.
 * An engine that hangs is given up in time for the rest to be told.
 * What podman-docker installs as docker is Podman; where both
 * are there, the first that answers is asked.
 */
export const COLLECT = `${MARK}
LC_ALL=C; export LC_ALL
limited() { s=$1; shift; if command -v timeout >/dev/null 2>&1; then timeout "$s" "$@"; else "$@"; fi; }
engine= failure= answer=
for program in docker podman; do
  command -v "$program" >/dev/null 2>&1 || continue
  case "$("$program" --version 2>/dev/null)" in *odman*) kind=podman ;; *) kind=docker ;; esac
  if answer=$(limited 5 "$program" ps -aq --no-trunc 2>&1); then engine=$kind failure=; break; fi
  engine=\${engine:-$kind} failure=\${failure:-\${answer:-it did not answer within 5 seconds}}
done
# A warning beside the names is none.
ids=$(printf '%s\\n' "$answer" | grep -E '^[0-9a-f]{12,64}$')
echo "@@engine"; echo "$engine"
if [ -n "$failure" ]; then echo "@@failure"; echo "$failure"; fi
echo "@@cpu"; head -n 1 /proc/stat; grep -c '^processor' /proc/cpuinfo
echo "@@memory"; head -n 5 /proc/meminfo
echo "@@load"; cat /proc/loadavg
echo "@@disks"; limited 3 df -P -k 2>/dev/null
# A share whose server is gone holds up all others.
if [ $? -ge 124 ]; then df -P -k -l 2>/dev/null; fi
case "$engine" in
docker) form='${DOCKER}' stats='{{json .}}' ;;
podman) form='${PODMAN}' stats=json ;;
*) exit 0 ;;
esac
if [ -n "$failure" ]; then exit 0; fi
echo "@@containers"
if [ -n "$ids" ]; then
  limited 6 "$engine" inspect --type container --format "$form" $ids 2>&1
  if [ $? -ge 124 ]; then echo "@@failure"; echo "it did not describe its containers within 6 seconds"; fi
fi
echo "@@stats"
if [ -n "$ids" ]; then
  limited 6 "$engine" stats --no-stream --format "$stats" 2>/dev/null
  # Podman says nothing of any when one has just ended, or its process is gone; then each is asked alone.
  if [ $? -eq 125 ]; then
    limited 5 sh -c 'for id; do podman stats --no-stream --format json "$id"; done' all $ids 2>/dev/null
  fi
fi
exit 0
`

/** The words that run it; in a shell of its own, whatever the user's login shell is. */
export const COLLECT_WORDS: readonly string[] = ['sh', '-c', COLLECT]

/** All containers of a host, as `parseListing` reads them. */
export function listingWords(engine: Engine): readonly string[] {
  return [engine, 'ps', '-a', '--no-trunc', '--format', engine === 'docker' ? '{{json .}}' : 'json']
}

/** One container in full, as `parseDetails` reads it. */
export function inspectWords(engine: Engine, container: string): readonly string[] {
  return [engine, 'inspect', '--type', 'container', container]
}

/** What a container says. `since` is RFC 3339; `lines` counts back from the end. */
export function logWords(
  engine: Engine,
  container: string,
  { since, lines, follow }: { since?: string; lines?: number; follow: boolean },
): readonly string[] {
  return [
    engine,
    'logs',
    '--timestamps',
    ...(since === undefined ? [] : ['--since', since]),
    ...(lines === undefined ? [] : ['--tail', String(lines)]),
    ...(follow ? ['--follow'] : []),
    container,
  ]
}

function shared(): string {
  return [
    '"state":{{json .State.Status}}',
    '"exit":{{json .State.ExitCode}}',
    '"oom":{{json .State.OOMKilled}}',
    '"started":{{json .State.StartedAt}}',
    '"finished":{{json .State.FinishedAt}}',
    '"restarts":{{json .RestartCount}}',
    '"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}}',
  ].join(',')
}
