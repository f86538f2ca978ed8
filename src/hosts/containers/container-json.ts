// Parses the JSON that the command lines of Docker and Podman print about containers. Pure.
import { type Engine, isContainerName } from '../host.ts'

/** A container in a listing. */
export type ListedContainer = {
  name: string
  id: string
  image: string
  /** running, exited, restarting, paused, created, dead … */
  state: string
  /** As the engine writes it: `Up 2 hours (healthy)`. */
  status: string
  health: string | null
  ports: string
}

/** A container as the collect script reports it. Instants are epoch ms. */
export type ObservedContainer = {
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

type JsonObject = { [name: string]: unknown }

/** Parses `docker ps -a --format '{{json .}}'` (one object a line) or `podman ps -a --format json` (an array). */
export function parseListing(engine: Engine, text: string): ListedContainer[] {
  return (engine === 'docker' ? parseJsonLines(text) : parseJsonArray(text)).map(row => {
    const status = readPodmanStatus(row) ?? toText(row.Status)
    return {
      name: parseName(row.Names),
      id: toText(row.ID) || toText(row.Id),
      image: toText(row.Image),
      state: (toText(row.State) || parseState(status)).toLowerCase(),
      status,
      health: parseHealth(status),
      ports: writePorts(row.Ports),
    }
  })
}

/** Longer texts are cut: each snapshot stores them, and cards show them. */
const MAX_TEXT_LENGTH = 300

/**
 * Parses the container lines of the collect script, which are the same for both engines. Skips lines that are not JSON and
 * names that no engine accepts.
 */
export function parseObserved(text: string): ObservedContainer[] {
  const rows = parseJsonLines(text).map(row => ({
    name: toText(row.name).replace(/^\//, ''),
    id: toText(row.id).slice(0, MAX_TEXT_LENGTH),
    image: toText(row.image).slice(0, MAX_TEXT_LENGTH),
    state: toText(row.state).toLowerCase().slice(0, MAX_TEXT_LENGTH),
    exitCode: toSafeInteger(row.exit),
    oomKilled: row.oom === true,
    startedAt: parseInstant(row.started),
    finishedAt: parseInstant(row.finished),
    restartCount: toSafeInteger(row.restarts) ?? 0,
    health: toText(row.health).slice(0, MAX_TEXT_LENGTH) || null,
  }))
  return rows.filter(row => isContainerName(row.name))
}

/** A number that is safe to add to; null for others, such as 1e999. */
function toSafeInteger(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null
}

/** Parses `inspect` of one container, which is the same for both engines; null for any other text. */
export function parseDetails(text: string) {
  const [row] = parseJsonArray(text)
  if (!row) return null
  const state = toObject(row.State)
  const config = toObject(row.Config)
  const hostConfig = toObject(row.HostConfig)
  const policy = toObject(hostConfig.RestartPolicy)
  const health = toObject(state.Health ?? state.Healthcheck)
  return {
    name: toText(row.Name).replace(/^\//, ''),
    id: toText(row.Id),
    image: toText(config.Image) || toText(row.ImageName),
    command:
      [...toTexts(config.Entrypoint), ...toTexts(config.Cmd)].join(' ') ||
      [toText(row.Path), ...toTexts(row.Args)].join(' '),
    state: toText(state.Status).toLowerCase(),
    exitCode: typeof state.ExitCode === 'number' ? state.ExitCode : null,
    oomKilled: state.OOMKilled === true,
    error: toText(state.Error),
    createdAt: parseInstant(row.Created),
    startedAt: parseInstant(state.StartedAt),
    finishedAt: parseInstant(state.FinishedAt),
    restartCount: typeof row.RestartCount === 'number' ? row.RestartCount : 0,
    restartPolicy: toText(policy.Name) || 'no',
    health: toText(health.Status) || null,
    healthLog: readHealthOutput(health.Log),
    memoryLimit: typeof hostConfig.Memory === 'number' && hostConfig.Memory > 0 ? hostConfig.Memory : null,
    networks: Object.keys(toObject(toObject(row.NetworkSettings).Networks)),
    logDriver: toText(toObject(hostConfig.LogConfig).Type),
  }
}

export type ContainerDetails = NonNullable<ReturnType<typeof parseDetails>>

/** The objects of a text with one JSON object a line; skips other lines, which are warnings of the engine. */
export function parseJsonLines(text: string): JsonObject[] {
  return text.split('\n').flatMap(line => {
    if (!line.startsWith('{')) return []
    const value = parse(line)
    return value !== null && typeof value === 'object' ? [value as JsonObject] : []
  })
}

/** The objects of a JSON array, also after warnings of the engine; empty for `null`, which Podman prints for no container. */
export function parseJsonArray(text: string): JsonObject[] {
  const start = text.search(/^\[/m)
  const value = start < 0 ? null : parse(text.slice(start))
  return Array.isArray(value) ? value.filter(item => typeof item === 'object' && item !== null) : []
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

// Podman before version 4 leaves Status empty or writes the state there.
function readPodmanStatus(row: JsonObject): string | null {
  if (!Array.isArray(row.Names) || toText(row.Status) !== '') return null
  const state = toText(row.State)
  return state === 'exited' ? `Exited (${row.ExitCode ?? 0})` : state
}

function parseState(status: string): string {
  if (/^Up .*\(Paused\)/.test(status)) return 'paused'
  return (
    { Up: 'running', Exited: 'exited', Restarting: 'restarting', Created: 'created', Dead: 'dead' }[
      status.split(' ')[0]!
    ] ?? status
  )
}

function parseHealth(status: string): string | null {
  const [, health] = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status) ?? []
  return health ?? null
}

function writePorts(ports: unknown): string {
  if (typeof ports === 'string') return ports
  if (!Array.isArray(ports)) return ''
  return ports
    .map(port => {
      const { host_ip, host_port, hostPort, container_port, containerPort, protocol } = toObject(port)
      return `${toText(host_ip) || '0.0.0.0'}:${host_port ?? hostPort}->${container_port ?? containerPort}/${toText(protocol) || 'tcp'}`
    })
    .join(', ')
}

function parseName(names: unknown): string {
  // Docker separates names by commas; the names of links contain a slash.
  const all = Array.isArray(names) ? names.map(String) : toText(names).split(',')
  return (all.find(name => !name.replace(/^\//, '').includes('/')) ?? all[0] ?? '').replace(/^\//, '')
}

function readHealthOutput(log: unknown): string {
  const last = Array.isArray(log) ? toObject(log.at(-1)) : {}
  return toText(last.Output).trim()
}

/** An instant in epoch ms, null for none: Docker writes the year 1 for never. */
function parseInstant(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return at > 0 ? at : null
}

function toObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function toTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}
