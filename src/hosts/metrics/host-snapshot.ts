// Parses the output of the collect script: CPU, memory, load, disks and containers of a host. Pure.
import { parsePercent, parseSizes } from '../../bytes.ts'
import { isTimeZone } from '../../time-zone.ts'
import { type ObservedContainer, parseJsonArray, parseJsonLines, parseObserved } from '../containers/container-json.ts'
import type { Engine } from '../host.ts'
import { findAnswer } from '../script-answer.ts'

/** CPU time since boot, in clock ticks. */
export type CpuTicks = { busy: number; total: number }
/** A disk by its mount point; sizes in bytes. */
export type DiskUsage = { mount: string; size: number; used: number; available: number }

/** The usage of one container: CPU in percent of one core, sizes in bytes, traffic since its start. */
export type ContainerUsage = {
  name: string
  cpu: number | null
  memory: number | null
  memoryLimit: number | null
  received: number | null
  sent: number | null
  read: number | null
  written: number | null
}

export type HostSnapshot = {
  engine: Engine | 'none'
  /** Why the engine could not list its containers; then `containers` is incomplete. */
  engineError: string | null
  ticks: CpuTicks | null
  cores: number | null
  memory: { total: number; used: number } | null
  load: number | null
  /** The zone of its clock (tz database, or an offset such as `+01:00`); null when an older script does not ask. */
  timeZone: string | null
  disks: DiskUsage[]
  containers: ObservedContainer[]
  usage: ContainerUsage[]
}

/** Limits what a faulty host can write into the state. */
const MAX_DISKS = 100
const MAX_CONTAINERS = 1_000
const MAX_MOUNT_LENGTH = 300

const FIRST_HEADER = /@@engine(?=\r?\n)/

/** Parses the output of the script; null for any other text, such as that of another forced command. */
export function parseHostSnapshot(text: string): HostSnapshot | null {
  const { answer } = findAnswer(Buffer.from(text), FIRST_HEADER)
  if (answer === null) return null
  const sections = splitSections(answer.toString('utf8').replaceAll('\r\n', '\n'))
  const engine = sections.get('engine')?.trim() ?? ''
  const found = engine === 'docker' || engine === 'podman' ? engine : 'none'
  return {
    engine: found,
    engineError: sections.get('failure')?.trim() ?? findEngineError(sections.get('containers') ?? ''),
    ...parseCpu(sections.get('cpu') ?? ''),
    memory: parseMemory(sections.get('memory') ?? ''),
    load: parseNumber(/^([\d.]+) /.exec(sections.get('load') ?? '')?.[1]),
    timeZone: parseZone(sections.get('zone') ?? ''),
    disks: parseDisks(sections.get('disks') ?? '').slice(0, MAX_DISKS),
    containers: parseObserved(sections.get('containers') ?? '').slice(0, MAX_CONTAINERS),
    usage: found === 'none' ? [] : parseUsage(found, sections.get('stats') ?? ''),
  }
}

/** The zone that /etc/localtime links to, else the offset that the clock has now. */
function parseZone(text: string): string | null {
  const name = /\/zoneinfo\/(?:posix\/|right\/)?([\w+-]+(?:\/[\w+-]+){0,2})\s/.exec(text)?.[1]
  if (name !== undefined && isTimeZone(name)) return name
  const offset = /^([+-]\d\d)(\d\d)$/m.exec(text)
  return offset ? `${offset[1]}:${offset[2]}` : null
}

/** Parses `docker stats --format '{{json .}}'` (one object a line) or `podman stats --format json` (one or more arrays). */
export function parseUsage(engine: Engine, text: string): ContainerUsage[] {
  const rows = engine === 'docker' ? parseJsonLines(text) : text.split(/(?<=^\])/m).flatMap(parseJsonArray)
  return rows.map(row => {
    const field = (docker: string, podman: string) => String(row[docker] ?? row[podman] ?? '')
    const [memory, memoryLimit] = parseSizes(field('MemUsage', 'mem_usage'))
    const [received, sent] = parseSizes(field('NetIO', 'net_io'))
    const [read, written] = parseSizes(field('BlockIO', 'block_io'))
    const cpu = parsePercent(field('CPUPerc', 'cpu_percent'))
    return { name: field('Name', 'name'), cpu, memory, memoryLimit, received, sent, read, written }
  })
}

/** CPU usage between two snapshots, in percent of all cores; null without a usable earlier one. */
export function computeCpu(before: CpuTicks | undefined, after: CpuTicks | null): number | null {
  if (!before || !after) return null
  const total = after.total - before.total
  const busy = after.busy - before.busy
  return total > 0 && busy >= 0 ? Math.min(100, (busy / total) * 100) : null
}

/** The error of the engine when no container could be inspected; a container that is gone meanwhile is not an error. */
function findEngineError(text: string): string | null {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const errors = lines.filter(line => !/no such (?:container|object)/i.test(line))
  return lines.some(line => line.startsWith('{')) ? null : (errors.at(-1)?.trim() ?? null)
}

function splitSections(text: string): Map<string, string> {
  const sections = new Map<string, string>()
  for (const part of text.split(/^@@/m).slice(1)) {
    const end = part.indexOf('\n')
    sections.set(part.slice(0, end), part.slice(end + 1))
  }
  return sections
}

/** Parses the first line of /proc/stat (proc(5)): user nice system idle iowait irq softirq steal; user includes guests. */
function parseCpu(text: string): { ticks: CpuTicks | null; cores: number | null } {
  const [line = '', cores = ''] = text.split('\n')
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  if (!line.startsWith('cpu ') || !times.every(Number.isFinite)) return { ticks: null, cores: parseNumber(cores) }
  const total = times.reduce((sum, time) => sum + time, 0)
  const idle = (times[3] ?? 0) + (times[4] ?? 0)
  return { ticks: { busy: total - idle, total }, cores: parseNumber(cores) }
}

/** Parses /proc/meminfo, in kB. MemAvailable counts reclaimable caches; kernels before 3.14 do not have it. */
function parseMemory(text: string): HostSnapshot['memory'] {
  const kb = (name: string) => parseNumber(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1])
  const total = kb('MemTotal')
  const free = kb('MemAvailable') ?? kb('MemFree')
  if (total === null || free === null || ![total, free].every(size => isSafeSize(String(size)))) return null
  return { total: total * 1024, used: (total - free) * 1024 }
}

/** Parses `df -P -k` (POSIX): real and network disks, each once, without memory and loop devices. */
function parseDisks(text: string): DiskUsage[] {
  const seen = new Set<string>()
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, device, size, used, available, mount] =
        /^(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? []
      if (device === undefined || mount === undefined || Number(size) === 0) return []
      if (mount.length > MAX_MOUNT_LENGTH || ![size, used, available].every(isSafeSize)) return []
      const isReal = device.startsWith('/dev/') && !/^\/dev\/loop/.test(device)
      const isRoot = mount === '/'
      if (!(isReal || isRoot || device.includes(':')) || seen.has(device) || PSEUDO_MOUNT.test(mount)) return []
      seen.add(device)
      return [{ mount, size: Number(size) * 1024, used: Number(used) * 1024, available: Number(available) * 1024 }]
    })
}

/** Whether a number of kB can be counted with in bytes. */
function isSafeSize(kb: string | undefined): boolean {
  return Number.isSafeInteger(Number(kb) * 1024)
}

const PSEUDO_MOUNT = /^\/(?:snap|boot\/efi|etc|proc|sys|dev|run)(?:\/|$)/

function parseNumber(text: string | undefined): number | null {
  const number = Number(text)
  return text === undefined || text.trim() === '' || !Number.isFinite(number) ? null : number
}
