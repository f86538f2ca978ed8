// The source and the host of lines that a shipper took from files and containers: it names them in objects of its own. Pure.
import type { Fields } from '../formats/format.ts'
import { nameText } from './names.ts'

/** Paths to the name of what wrote the line, best first: Fluent Bit, Vector, Filebeat, OpenTelemetry, then data sets. */
const SOURCE_PATHS = [
  'kubernetes.container_name',
  'kubernetes.container.name',
  'k8s.container.name',
  'container_name',
  'container.name',
  'data_stream.dataset',
  'event.dataset',
]
const HOST_PATHS = [
  'kubernetes.host',
  'kubernetes.node.name',
  'kubernetes.pod_node_name',
  'kubernetes.node_name',
  'k8s.node.name',
  'host.hostname',
  'agent.hostname',
  'agent.name',
]
/** Names of data sets that say nothing. */
const GENERIC = new Set(['generic', 'default', 'logs'])
const FILE_PATH = 'log.file.path'
/** A file of a container, or of one day or process, is named by no program. */
const NUMBERED = /[0-9a-f]{8}|\d{4}/i

/** The names before the first dot: a record without any of them is looked at no further. */
const HEADS = new Set([...SOURCE_PATHS, ...HOST_PATHS, FILE_PATH].map(path => path.split('.')[0]!))

/** Whether a shipper may have written some of these names; without one, it names neither a source nor a host. */
export function hasShipperNames(names: readonly string[]): boolean {
  return names.some(name => HEADS.has(name) || name.includes('.'))
}

/** The source that the shipper of a record names; empty when it names none. */
export function shipperSource(record: Fields): string {
  for (const path of SOURCE_PATHS) {
    const name = nameText(valueAt(record, path)).replace(/^\//, '')
    if (name !== '' && !GENERIC.has(name)) return name
  }
  return fileSource(valueAt(record, FILE_PATH))
}

/** The host that the shipper of a record names; empty when it names none. */
export function shipperHost(record: Fields): string {
  for (const path of HOST_PATHS) {
    const value = valueAt(record, path)
    const name = typeof value === 'string' ? nameText(value) : ''
    if (name !== '') return name
  }
  return ''
}

/**
 * The source of lines that have only the index of Elasticsearch in which they were to be stored: the data set of a data
 * stream (`logs-nginx.access-prod`), or the name without its version, date and number; empty for none.
 */
export function indexSource({ _index: index }: Fields): string {
  if (typeof index !== 'string') return ''
  const stream = /^(?:\.ds-)?(?:logs|metrics|traces|synthetics)-([^-]+)-[^-]+$/.exec(index)
  if (stream) return GENERIC.has(stream[1]!) ? '' : nameText(stream[1])
  return nameText(index.replace(/^\.ds-/, '').replace(/(?:[-_.]v?\d[\d.]*)+$/, ''))
}

/** The value at a path, whose names may be joined by dots at any place. */
function valueAt(record: Fields, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path]
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const inner = record[path.slice(0, dot)]
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue
    const value = valueAt(inner as Fields, path.slice(dot + 1))
    if (value !== undefined) return value
  }
  return undefined
}

/** `/var/log/nginx/access.log.1` is `access`; a file whose name is a number or a hash names nothing. */
function fileSource(path: unknown): string {
  if (typeof path !== 'string') return ''
  const file = path.split(/[/\\]/).at(-1)!
  const name = file.replace(/(?:[._-](?:log|txt|out|err|json|gz|\d{1,3}))+$/i, '')
  return NUMBERED.test(name) ? '' : nameText(name)
}
