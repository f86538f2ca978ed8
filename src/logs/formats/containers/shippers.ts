// What shippers write around the line of a container: Docker's drivers, Vector, Fluent Bit, Fluentd, Filebeat; and GELF.
import type { Fields, RecordFormat } from '../format.ts'

export const SHIPPERS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'gelf',
    title: 'GELF 1.0 and 1.1 (Graylog), as its libraries and drivers of Docker send it',
    names: ['short_message'],
    isEnvelope: true,
    read: readGelf,
    examples: [
      {
        text: '{"version":"1.1","host":"web-1","short_message":"no stock","timestamp":1795946401.123,"level":3,"_user_id":7,"_app":"cart","facility":"shop"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        host: 'web-1',
        source: 'cart',
        message: 'no stock',
        attributes: { user_id: 7, facility: 'shop' },
      },
      {
        text: '{"version":"1.1","host":"web-1","short_message":"{\\"level\\":\\"warn\\",\\"msg\\":\\"slow\\"}","timestamp":1795946401.123,"level":6,"_container_name":"cart","_container_id":"a1b2"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        host: 'web-1',
        source: 'cart',
        message: 'slow',
        attributes: { container_name: 'cart', container_id: 'a1b2' },
      },
      {
        text: '{"version":"1.1","host":"web-1","short_message":"Error: no stock","full_message":"Error: no stock\\n    at pay (cart.js:7:1)","level":3}',
        level: 'error',
        time: null,
        host: 'web-1',
        message: 'Error: no stock',
        stack: 'Error: no stock\n    at pay (cart.js:7:1)',
      },
      {
        text: '{"version":"1.1","host":"web-1","short_message":"a text that was c","full_message":"a text that was cut","level":4}',
        level: 'warn',
        time: null,
        host: 'web-1',
        message: 'a text that was cut',
      },
    ],
  },
  {
    kind: 'record',
    name: 'kubernetes-shipper',
    title: 'lines of Kubernetes as Fluent Bit, Fluentd, Vector and Filebeat send them',
    names: ['kubernetes'],
    read: readKubernetes,
    examples: [
      {
        text: '{"stream":"stderr","log":"ERROR no stock","kubernetes":{"container_name":"cart","pod_name":"cart-7d9f4b5c6-x2x4z","namespace_name":"shop","host":"node-1"}}',
        level: 'error',
        time: null,
        source: 'cart',
        host: 'node-1',
        message: 'ERROR no stock',
      },
      {
        text: '{"message":"{\\"level\\":\\"warn\\",\\"msg\\":\\"slow\\"}","kubernetes":{"container":{"name":"cart"},"pod":{"name":"cart-1"},"node":{"name":"node-1"}}}',
        level: 'warn',
        time: null,
        source: 'cart',
        host: 'node-1',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'record',
    name: 'container-shipper',
    title: 'lines of containers as Vector and the Fluentd driver of Docker send them',
    names: ['container_name'],
    read: readContainer,
    examples: [
      {
        text: '{"container_id":"a1b2","container_name":"/cart","source":"stderr","log":"ERROR no stock"}',
        level: 'error',
        time: null,
        source: 'cart',
        message: 'ERROR no stock',
        attributes: { stream: 'stderr', container_id: 'a1b2', container_name: '/cart' },
      },
      {
        text: '{"container_name":"cart","host":"web-1","source_type":"docker_logs","message":"ERROR no stock","timestamp":"2026-11-29T10:00:01Z"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'cart',
        host: 'web-1',
        message: 'ERROR no stock',
      },
    ],
  },
]

/** Additional fields that name the program, best first. */
const PROGRAM_NAMES = [
  '_container_name',
  '_service',
  '_application',
  '_app',
  '_appname',
  '_application_name',
  '_logger',
  '_tag',
]
/** A trace of any language: an indented place, or Python's first line. */
const TRACE = /\n\s+at |\n\s+File "|Traceback \(most recent|\nCaused by: |\n\s+from |\n#\d+ /

/** https://go2docs.graylog.org/current/getting_in_log_data/gelf.html */
function readGelf({ short_message, full_message, version, level, ...rest }: Fields): Fields | null {
  if (typeof short_message !== 'string') return null
  const fields: { [name: string]: unknown } = {}
  for (const [name, value] of Object.entries(rest)) fields[plainName(name, rest)] = value
  const program = PROGRAM_NAMES.map(name => rest[name]).find(value => typeof value === 'string' && value !== '')
  const hasSource = ['source', 'service', 'app'].some(name => typeof fields[name] === 'string')
  // Docker sends all output of a container at info.
  const isUnsaid = level === 6 && rest._container_name !== undefined
  return {
    ...fields,
    ...textOf(short_message, full_message),
    ...(level === undefined || isUnsaid ? {} : { level }),
    ...(program === undefined || (hasSource && rest._container_name === undefined)
      ? {}
      : { source: containerName(program) }),
  }
}

/** Additional fields are written with an underscore in front; a name that is taken keeps it. */
function plainName(name: string, fields: Fields): string {
  const plain = name.startsWith('_') ? name.slice(1) : name
  return plain === '' || (plain !== name && (Object.hasOwn(fields, plain) || GELF_NAMES.has(plain))) ? name : plain
}

const GELF_NAMES = new Set(['message', 'level', 'stack', 'host', 'timestamp'])

/** The long text is the trace, the text that the short one is the start of, or a field of its own. */
function textOf(short: string, full: unknown): Fields {
  if (typeof full !== 'string' || full.trim() === short.trim() || full === '') return { message: short }
  if (TRACE.test(full)) return { message: short, stack: full }
  const start = short.replace(/(?:…|\.{3})$/, '').trimEnd()
  return full.startsWith(start) ? { message: full } : { message: short, full_message: full }
}

/** The names of the container and the node are read by `shipperSource` and `shipperHost`. */
function readKubernetes({ kubernetes, ...rest }: Fields): Fields | null {
  if (typeof kubernetes !== 'object' || kubernetes === null || Array.isArray(kubernetes)) return null
  return { ...streamOf(rest), kubernetes }
}

function readContainer(record: Fields): Fields | null {
  return typeof record.container_name === 'string' ? streamOf(record) : null
}

/** Docker's driver calls the stream of the output `source`. */
function streamOf({ source, ...rest }: Fields): Fields {
  if (isNamed(source)) return { ...rest, source }
  return source === undefined ? rest : { ...rest, stream: source }
}

function isNamed(source: unknown): boolean {
  return typeof source === 'string' && source !== 'stdout' && source !== 'stderr' && source !== ''
}

/** Docker writes names with a slash in front. */
function containerName(name: unknown): string {
  return String(name).replace(/^\//, '')
}
