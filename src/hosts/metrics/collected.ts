// Reads what the collecting script says of a host: its figures, its disks, its containers and theirs.

import { parsePercent, parseSizes } from '../../bytes.ts'
import { objectArray, objectLines, parseSeen, type Seen } from '../containers/container-json.ts'
import type { Engine } from '../host.ts'

/** Processor time since the start, in ticks of whatever length. */
export type Ticks = { busy: number; total: number }
export type Disk = { mount: string; size: number; used: number; available: number }

/** What one container uses: CPU in percent of one core, sizes in bytes, traffic since its start. */
export type Usage = {
  name: string
  cpu: number | null
  memory: number | null
  memoryLimit: number | null
  received: number | null
  sent: number | null
  read: number | null
  written: number | null
}

export type Collected = {
  engine: Engine | 'none'
  /** What the engine complained of when it could not list its containers; then `containers` is not all. */
  engineError: string | null
  ticks: Ticks | null
  cores: number | null
  memory: { total: number; used: number } | null
  load: number | null
  disks: Disk[]
  containers: Seen[]
  usage: Usage[]
}

/** A host that makes things up shall not fill the state. */
const MOST_DISKS = 100
const MOST_CONTAINERS = 1_000
const LONGEST_MOUNT = 300

/** Reads the script's output; null when it is none, as when a login shell says something else altogether. */
export function parseCollected(text: string): Collected | null {
  const sections = sectionsOf(text)
  const engine = sections.get('engine')?.trim()
  if (engine === undefined) return null
  const found = engine === 'docker' || engine === 'podman' ? engine : 'none'
  return {
    engine: found,
    engineError: sections.get('failure')?.trim() ?? complaintIn(sections.get('containers') ?? ''),
    ...cpuOf(sections.get('cpu') ?? ''),
    memory: memoryOf(sections.get('memory') ?? ''),
    load: numberOf(/^([\d.]+) /.exec(sections.get('load') ?? '')?.[1]),
    disks: disksOf(sections.get('disks') ?? '').slice(0, MOST_DISKS),
    containers: parseSeen(sections.get('containers') ?? '').slice(0, MOST_CONTAINERS),
    usage: found === 'none' ? [] : parseUsage(found, sections.get('stats') ?? ''),
  }
}

/** `docker stats --no-stream --format '{{json .}}'` (a line each) or `podman stats --no-stream --format json` (an array, or several). */
export function parseUsage(engine: Engine, text: string): Usage[] {
  const rows = engine === 'docker' ? objectLines(text) : text.split(/(?<=^\])/m).flatMap(objectArray)
  return rows.map(row => {
    const say = (docker: string, podman: string) => String(row[docker] ?? row[podman] ?? '')
    const [memory, memoryLimit] = parseSizes(say('MemUsage', 'mem_usage'))
    const [received, sent] = parseSizes(say('NetIO', 'net_io'))
    const [read, written] = parseSizes(say('BlockIO', 'block_io'))
    const cpu = parsePercent(say('CPUPerc', 'cpu_percent'))
    return { name: say('Name', 'name'), cpu, memory, memoryLimit, received, sent, read, written }
  })
}

/** How busy the processors were between two looks, percent of all of them; null when that cannot be told. */
export function cpuBetween(before: Ticks | undefined, after: Ticks | null): number | null {
  if (!before || !after) return null
  const total = after.total - before.total
  const busy = after.busy - before.busy
  return total > 0 && busy >= 0 ? Math.min(100, (busy / total) * 100) : null
}

/** What the engine says instead of containers; that one is gone since it was listed is no complaint. */
function complaintIn(text: string): string | null {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const odd = lines.filter(line => !/no such (?:container|object)/i.test(line))
  return lines.some(line => line.startsWith('{')) ? null : (odd.at(-1)?.trim() ?? null)
}

function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>()
  for (const part of text.split(/^@@/m).slice(1)) {
    const end = part.indexOf('\n')
    sections.set(part.slice(0, end), part.slice(end + 1))
  }
  return sections
}

/** The first line of /proc/stat (proc(5)): user nice system idle iowait irq softirq steal; guests are counted in user. */
function cpuOf(text: string): { ticks: Ticks | null; cores: number | null } {
  const [line = '', cores = ''] = text.split('\n')
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  if (!line.startsWith('cpu ') || times.some(Number.isNaN)) return { ticks: null, cores: numberOf(cores) }
  const total = times.reduce((sum, time) => sum + time, 0)
  const idle = (times[3] ?? 0) + (times[4] ?? 0)
  return { ticks: { busy: total - idle, total }, cores: numberOf(cores) }
}

/** /proc/meminfo in kB; what is available counts caches that can be given up, on kernels from 3.14. */
function memoryOf(text: string): Collected['memory'] {
  const kb = (name: string) => numberOf(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1])
  const total = kb('MemTotal')
  const free = kb('MemAvailable') ?? kb('MemFree')
  return total === null || free === null ? null : { total: total * 1024, used: (total - free) * 1024 }
}

/** `df -P -k` (POSIX): the disks that can fill, each once; what is made of memory or mounted from a file is none. */
function disksOf(text: string): Disk[] {
  const seen = new Set<string>()
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, device, size, used, available, mount] =
        /^(\S+)\s+(\d+)\s+(\d+)\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? []
      if (device === undefined || mount === undefined || Number(size) === 0) return []
      if (mount.length > LONGEST_MOUNT) return []
      const real = device.startsWith('/dev/') && !/^\/dev\/loop/.test(device)
      const root = mount === '/'
      if (!(real || root || device.includes(':')) || seen.has(device) || PSEUDO.test(mount)) return []
      seen.add(device)
      return [{ mount, size: Number(size) * 1024, used: Number(used) * 1024, available: Number(available) * 1024 }]
    })
}

const PSEUDO = /^\/(?:snap|boot\/efi|etc|proc|sys|dev|run)(?:\/|$)/

function numberOf(text: string | undefined): number | null {
  const number = Number(text)
  return text === undefined || text.trim() === '' || Number.isNaN(number) ? null : number
}
