// Reads what the command lines of Docker and Podman say of containers, in the JSON of either.
import { type Engine, isContainerName } from '../host.ts'

/** A container in a listing. */
export type Listed = {
  name: string
  id: string
  image: string
  /** running, exited, restarting, paused, created, dead … */
  state: string
  /** In the engine's own words: `Up 2 hours (healthy)`. */
  status: string
  health: string | null
  ports: string
}

/** A container as a round sees it. Instants are epoch ms. */
export type Seen = {
  name: string
  id: string
  image: string
  state: string
  exitCode: number | null
  oomKilled: boolean
  startedAt: number | null
  finishedAt: number | null
  restartCount: number
  health: string | null
}

type Fields = { [name: string]: unknown }

/** The containers of `docker ps -a --format '{{json .}}'` (a line each) or `podman ps -a --format json` (an array). */
export function parseListing(engine: Engine, text: string): Listed[] {
  return (engine === 'docker' ? objectLines(text) : objectArray(text)).map(row => {
    const status = podmanStatus(row) ?? string(row.Status)
    return {
      name: nameOf(row.Names),
      id: string(row.ID) || string(row.Id),
      image: string(row.Image),
      state: (string(row.State) || stateOf(status)).toLowerCase(),
      status,
      health: healthIn(status),
      ports: portsOf(row.Ports),
    }
  })
}

/** Longer words of a host are cut: they go into the state and onto cards with every round. */
const LONGEST = 300

/**
 * The lines of the template of the collecting script, the same for both engines. What is no JSON, or bears a name that no
 * engine gives, is no container.
 */
export function parseSeen(text: string): Seen[] {
  const rows = objectLines(text).map(row => ({
    name: string(row.name).replace(/^\//, ''),
    id: string(row.id).slice(0, LONGEST),
    image: string(row.image).slice(0, LONGEST),
    state: string(row.state).toLowerCase().slice(0, LONGEST),
    exitCode: whole(row.exit),
    oomKilled: row.oom === true,
    startedAt: instant(row.started),
    finishedAt: instant(row.finished),
    restartCount: whole(row.restarts) ?? 0,
    health: string(row.health).slice(0, LONGEST) || null,
  }))
  return rows.filter(row => isContainerName(row.name))
}

/** A number that can be counted with; 1e999 is none. */
function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null
}

/** What `inspect` says of one container, both engines alike; null when it is no such answer. */
export function parseDetails(text: string) {
  const [row] = objectArray(text)
  if (!row) return null
  const state = object(row.State)
  const config = object(row.Config)
  const hostConfig = object(row.HostConfig)
  const policy = object(hostConfig.RestartPolicy)
  const health = object(state.Health ?? state.Healthcheck)
  return {
    name: string(row.Name).replace(/^\//, ''),
    id: string(row.Id),
    image: string(config.Image) || string(row.ImageName),
    command:
      [...strings(config.Entrypoint), ...strings(config.Cmd)].join(' ') ||
      [string(row.Path), ...strings(row.Args)].join(' '),
    state: string(state.Status).toLowerCase(),
    exitCode: typeof state.ExitCode === 'number' ? state.ExitCode : null,
    oomKilled: state.OOMKilled === true,
    error: string(state.Error),
    createdAt: instant(row.Created),
    startedAt: instant(state.StartedAt),
    finishedAt: instant(state.FinishedAt),
    restartCount: typeof row.RestartCount === 'number' ? row.RestartCount : 0,
    restartPolicy: string(policy.Name) || 'no',
    health: string(health.Status) || null,
    healthLog: lastHealth(health.Log),
    memoryLimit: typeof hostConfig.Memory === 'number' && hostConfig.Memory > 0 ? hostConfig.Memory : null,
    networks: Object.keys(object(object(row.NetworkSettings).Networks)),
    logDriver: string(object(hostConfig.LogConfig).Type),
  }
}

export type ContainerDetails = NonNullable<ReturnType<typeof parseDetails>>

/** The objects of a text of one JSON object a line; other lines are complaints and are skipped. */
export function objectLines(text: string): Fields[] {
  return text.split('\n').flatMap(line => {
    if (!line.startsWith('{')) return []
    const value = parse(line)
    return value !== null && typeof value === 'object' ? [value as Fields] : []
  })
}

/** The objects of a JSON array, also when complaints stand before it; `null`, which Podman says for none, is none. */
export function objectArray(text: string): Fields[] {
  const start = text.search(/^\[/m)
  const value = start < 0 ? null : parse(text.slice(start))
  return Array.isArray(value) ? value.filter(one => typeof one === 'object' && one !== null) : []
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// Podman before 4 leaves Status empty or writes the state there.
function podmanStatus(row: Fields): string | null {
  if (!Array.isArray(row.Names) || string(row.Status) !== '') return null
  const state = string(row.State)
  return state === 'exited' ? `Exited (${row.ExitCode ?? 0})` : state
}

function stateOf(status: string): string {
  if (/^Up .*\(Paused\)/.test(status)) return 'paused'
  return (
    { Up: 'running', Exited: 'exited', Restarting: 'restarting', Created: 'created', Dead: 'dead' }[
      status.split(' ')[0]!
    ] ?? status
  )
}

function healthIn(status: string): string | null {
  const [, health] = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status) ?? []
  return health ?? null
}

function portsOf(ports: unknown): string {
  if (typeof ports === 'string') return ports
  if (!Array.isArray(ports)) return ''
  return ports
    .map(port => {
      const { host_ip, host_port, hostPort, container_port, containerPort, protocol } = object(port)
      return `${string(host_ip) || '0.0.0.0'}:${host_port ?? hostPort}->${container_port ?? containerPort}/${string(protocol) || 'tcp'}`
    })
    .join(', ')
}

function nameOf(names: unknown): string {
  // Docker lists names by comma, those of links with a slash in them.
  const all = Array.isArray(names) ? names.map(String) : string(names).split(',')
  return (all.find(name => !name.replace(/^\//, '').includes('/')) ?? all[0] ?? '').replace(/^\//, '')
}

function lastHealth(log: unknown): string {
  const last = Array.isArray(log) ? object(log.at(-1)) : {}
  return string(last.Output).trim()
}

/** Docker writes the year 1 for never. */
function instant(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return at > 0 ? at : null
}

function object(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}
