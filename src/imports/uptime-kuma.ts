// Monitors of Uptime Kuma: its backup file (version 1), the rows of its table `monitor`, or its database kuma.db.
import { Problem } from '../problem.ts'
import { DAY, formatDuration, SECOND } from '../time.ts'
import { type ForeignCheck, type ForeignProgram, flagAt, numberAt, objectOf, textAt } from './foreign-check.ts'

/** Defaults of its form, s. */
const DEFAULT_INTERVAL = 60
const DEFAULT_RETRY_INTERVAL = 60
/** The least grace that Vakt gives: clocks and networks differ. */
const MIN_GRACE = 10
const MIN_PROBE_INTERVAL = 10
const MAX_PROBE_TIMEOUT = 60
/** As for the checks of other imports; a number may follow it. */
const MAX_NAME_LENGTH = 90
const MAX_RETRIES = 99
/** The longest period of a check, s. */
const MAX_INTERVAL = (365 * DAY) / SECOND

export const uptimeKuma: ForeignProgram = {
  name: 'uptime-kuma',
  title: 'Uptime Kuma',
  howToExport:
    'Give a file: data/kuma.db of Uptime Kuma, its backup (Settings, Backup), or the rows of its table: sqlite3 -json kuma.db "select * from monitor" > monitors.json',
  read(json) {
    const monitors = Array.isArray(json) ? json : (objectOf(json).monitorList ?? objectOf(json).monitors)
    if (!Array.isArray(monitors))
      throw new Problem('invalid', 'That is no export of Uptime Kuma: it has no "monitorList".', {
        fields: { from: 'has no "monitorList"' },
      })
    return monitors.map(readMonitor)
  },
}

function readMonitor(monitor: unknown): ForeignCheck {
  const name = (textAt(monitor, 'name') || `monitor ${textAt(monitor, 'id')}`).slice(0, MAX_NAME_LENGTH)
  const isPaused = !flagAt(monitor, true, 'active')
  const type = textAt(monitor, 'type')
  const interval = numberAt(monitor, 'interval') ?? DEFAULT_INTERVAL
  if (!(interval > 0 && interval <= MAX_INTERVAL))
    return { name, isPaused, about: type, refused: `Its interval of ${interval} s is none from 1 s to 365 days.` }
  const every = formatDuration(interval * SECOND)
  if (flagAt(monitor, false, 'upsideDown', 'upside_down'))
    return {
      name,
      isPaused,
      about: `${type}, upside down`,
      refused: 'It is upside down: Vakt has no check that is up while its target is down.',
    }
  if (type === 'push') return { name, isPaused, about: `a beat every ${every}`, ...readPush(monitor, name, interval) }
  const probe = readProbe(monitor, type)
  if (typeof probe === 'string') return { name, isPaused, about: type, refused: probe }
  const timeout = numberAt(monitor, 'timeout')
  return {
    name,
    isPaused,
    about: `${probe.probe} every ${every}`,
    refused: null,
    probe: {
      settings: {
        ...probe,
        ...(timeout === null || timeout <= 0 ? {} : { timeout: Math.min(timeout, MAX_PROBE_TIMEOUT) * SECOND }),
      },
      everyMs: Math.max(interval, MIN_PROBE_INTERVAL) * SECOND,
      // It is down after its retries, and Vakt after that many failures.
      after: retriesOf(monitor) + 1,
      tags: tagsOf(monitor),
      description: textAt(monitor, 'description'),
    },
  }
}

function readPush(monitor: unknown, name: string, interval: number): Pick<ForeignCheck, 'refused' | 'beats'> {
  const pushToken = textAt(monitor, 'pushToken', 'push_token')
  if (pushToken === '') return { refused: 'It has no push token, so its push URL cannot be kept.' }
  const retries = retriesOf(monitor) * (numberAt(monitor, 'retryInterval', 'retry_interval') ?? DEFAULT_RETRY_INTERVAL)
  const spec = {
    name,
    timeout: interval,
    grace: Math.min(Math.max(retries, MIN_GRACE), MAX_INTERVAL),
    tags: tagsOf(monitor),
    desc: textAt(monitor, 'description'),
  }
  return { refused: null, beats: { uuid: null, spec, pushToken } }
}

/** How often it tries again before it is down. */
function retriesOf(monitor: unknown): number {
  const retries = Math.trunc(numberAt(monitor, 'maxretries') ?? 0)
  return Math.min(Math.max(retries, 0), MAX_RETRIES)
}

type ProbeSettings = NonNullable<ForeignCheck['probe']>['settings']

/** The flags of the probe, or why there is none. */
function readProbe(monitor: unknown, type: string): ProbeSettings | string {
  const url = textAt(monitor, 'url')
  const host = textAt(monitor, 'hostname')
  const port = textAt(monitor, 'port')
  switch (type) {
    case 'http':
    case 'keyword':
    case 'json-query':
      return readHttp(monitor, type, url)
    case 'port':
      return host === '' || port === '' ? 'It has no host or port.' : { probe: `tcp://${bracketed(host)}:${port}` }
    case 'ping':
      return host === '' ? 'It has no host.' : { probe: `icmp:${host}` }
    case 'dns':
      return host === '' ? 'It has no name to look up.' : { probe: `dns:${host}` }
    case 'group':
      return 'It is a group, not a check.'
    default:
      return `Vakt has no probe of the type ${type === '' ? 'that it has' : type}.`
  }
}

function readHttp(monitor: unknown, type: string, url: string): ProbeSettings | string {
  if (!/^https?:\/\//i.test(url)) return 'It has no address that begins with http:// or https://.'
  const method = textAt(monitor, 'method').toUpperCase() || 'GET'
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST' && method !== 'OPTIONS')
    return `Vakt probes with GET, HEAD, POST and OPTIONS, not with ${method}.`
  if (textAt(monitor, 'authMethod', 'auth_method', 'basic_auth_user') !== '')
    return 'It signs in, and the secret is not imported: add it with "checks add --probe … --header".'
  const statuses = statusesOf(objectOf(monitor).accepted_statuscodes ?? objectOf(monitor).accepted_statuscodes_json)
  const keyword = textAt(monitor, 'keyword')
  const isInverted = flagAt(monitor, false, 'invertKeyword', 'invert_keyword')
  const path = textAt(monitor, 'jsonPath', 'json_path').replace(/^\$\.?/, '')
  const value = textAt(monitor, 'expectedValue', 'expected_value')
  const expect =
    type === 'keyword' && keyword !== ''
      ? `${isInverted ? '!' : ''}${keyword}`
      : type === 'json-query' && path !== ''
        ? `json.${path}=${value}`
        : ''
  return {
    probe: url,
    ...(method === 'GET' ? {} : { probeMethod: method }),
    ...(expect === '' ? {} : { expect }),
    ...(statuses === '' ? {} : { expectStatus: statuses }),
    ...(flagAt(monitor, false, 'ignoreTls', 'ignore_tls') ? { insecure: true } : {}),
  }
}

/** `["200-299"]`, as a list or as its JSON, as `200-299`. */
function statusesOf(value: unknown): string {
  const list = typeof value === 'string' ? parsed(value) : value
  return Array.isArray(list) ? list.filter(item => typeof item === 'string').join(',') : ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Its tags have names and values: `env:prod`, each without spaces. */
function tagsOf(monitor: unknown): string {
  const { tags } = objectOf(monitor)
  if (!Array.isArray(tags)) return ''
  return tags
    .map(tag => [textAt(tag, 'name'), textAt(tag, 'value')].filter(part => part !== '').join(':'))
    .map(tag => tag.replace(/\s+/g, '-'))
    .filter(tag => tag !== '')
    .join(' ')
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
