// The script that collects all metrics of a host, so that each collection costs one round trip.

/** The first line of the script. A forced command recognizes the request by it and runs its own copy. */
export const COLLECT_MARK = '# vakt collect 1'

// The templates of Docker and Podman use different names; Health exists only for images with a health check.
const DOCKER_TEMPLATE = `{"name":{{json .Name}},"id":{{json .Id}},"image":{{json .Config.Image}},${writeSharedFields()}}`
const PODMAN_TEMPLATE = `{"name":{{json .Name}},"id":{{json .ID}},"image":{{json .ImageName}},${writeSharedFields()}}`

/**
 * Only reads. Each section begins with a line of @@ and its name, and contains the errors of its command. An engine that hangs
 * is stopped early enough to report the other sections. The docker command of podman-docker is Podman; where both engines are
 * installed, the first that answers is used.
 */
export const COLLECT_SCRIPT = `${COLLECT_MARK}
LC_ALL=C; export LC_ALL
limited() { s=$1; shift; if command -v timeout >/dev/null 2>&1; then timeout "$s" "$@"; else "$@"; fi; }
engine= failure= answer=
for program in docker podman; do
  command -v "$program" >/dev/null 2>&1 || continue
  case "$("$program" --version 2>/dev/null)" in *odman*) kind=podman ;; *) kind=docker ;; esac
  if answer=$(limited 5 "$program" ps -aq --no-trunc 2>&1); then engine=$kind failure=; break; fi
  engine=\${engine:-$kind} failure=\${failure:-\${answer:-it did not answer within 5 seconds}}
done
# Skip warnings of the engine between the ids.
ids=$(printf '%s\\n' "$answer" | grep -E '^[0-9a-f]{12,64}$')
echo "@@engine"; echo "$engine"
if [ -n "$failure" ]; then echo "@@failure"; echo "$failure"; fi
echo "@@cpu"; head -n 1 /proc/stat; grep -c '^processor' /proc/cpuinfo
echo "@@memory"; head -n 5 /proc/meminfo
echo "@@load"; cat /proc/loadavg
echo "@@zone"; readlink -f /etc/localtime 2>/dev/null; date +%z
echo "@@disks"; limited 3 df -P -k 2>/dev/null
# A network share without its server blocks df: list local disks only.
if [ $? -ge 124 ]; then df -P -k -l 2>/dev/null; fi
case "$engine" in
docker) form='${DOCKER_TEMPLATE}' stats='{{json .}}' ;;
podman) form='${PODMAN_TEMPLATE}' stats=json ;;
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
  # Podman prints nothing when one container has just ended; then query each container alone.
  if [ $? -eq 125 ]; then
    limited 5 sh -c 'for id; do podman stats --no-stream --format json "$id"; done' all $ids 2>/dev/null
  fi
fi
exit 0
`

/** Runs the script in its own shell, independent of the user's login shell. */
export const COLLECT_ARGV: readonly string[] = ['sh', '-c', COLLECT_SCRIPT]

function writeSharedFields(): string {
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
