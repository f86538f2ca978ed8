// Probes a name in the DNS: it has records of a type, and they are as expected.
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { invalid } from '../../problem.ts'
import { truncate } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import type { ProbeResult } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import { refuseLiteral } from './guarded-lookup.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'

const EXAMPLE = 'dns:example.org?type=MX&expect=mx1.example.org'
const TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const
const MAX_SHOWN_LENGTH = 200

type Target = { name: string; type: (typeof TYPES)[number]; expect: readonly string[]; server: string | null }

/** Reads `dns:name?type=A&expect=…&server=…`; null for another scheme. Throws `invalid` on the field `probe`. */
function readTarget(text: string): Target | null {
  const rest = /^dns:(?:\/\/)?(.*)$/is.exec(text)?.[1]
  if (rest === undefined) return null
  const [, name = '', queryText = ''] = /^([^\s/?#:@]+)\.?\/?(?:\?([^#]*))?$/.exec(rest) ?? []
  const query = new URLSearchParams(queryText)
  const type = (query.get('type') ?? 'A').toUpperCase() as Target['type']
  const server = query.get('server')
  const unknown = [...query.keys()].find(key => !['type', 'expect', 'server'].includes(key))
  if (name === '' || unknown !== undefined)
    throw invalid('probe', `"${text}" is no target of a dns probe. Write ${EXAMPLE}.`)
  if (!TYPES.includes(type)) throw invalid('probe', `"${type}" is no type of record. It is one of ${TYPES.join(', ')}.`)
  if (server !== null && isIP(server) === 0)
    throw invalid('probe', `The name server "${server}" must be an address such as 9.9.9.9.`)
  return { name, type, expect: query.getAll('expect').filter(Boolean), server }
}

export const dns: ProbeKind = {
  name: 'dns',
  example: EXAMPLE,
  everyMs: MINUTE,
  takes: ['expect'],
  read(text) {
    const target = readTarget(text)
    if (!target) return null
    const query = new URLSearchParams({ type: target.type })
    for (const value of target.expect) query.append('expect', value)
    if (target.server !== null) query.append('server', target.server)
    return `dns:${target.name}?${query}`
  },
  // Only a name server that the target names is connected to; the system's own belong to the owner.
  hostOf: text => readTarget(text)!.server,
  run: request => run(request, readTarget(request.target)!),
}

async function run(request: ProbeRequest, { name, type, expect, server }: Target): Promise<ProbeResult> {
  const begun = performance.now()
  const resolver = new Resolver({ timeout: request.timeoutMs, tries: 1, maxTimeout: request.timeoutMs })
  const cancel = () => resolver.cancel()
  const limit = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)])
  limit.addEventListener('abort', cancel, { once: true })
  try {
    if (server !== null) {
      refuseLiteral(server, request.rules)
      resolver.setServers([server.includes(':') ? `[${server}]` : server])
    }
    const records = writeRecords(await resolver.resolve(name, type))
    const known = { durationMs: performance.now() - begun, address: server, certificateEndsAt: null }
    const shown = truncate(records.join(', '), MAX_SHOWN_LENGTH)
    const missing = expect.filter(wanted => !records.some(record => isMeant(record, wanted)))
    if (missing.length > 0)
      return {
        ok: false,
        ...known,
        message: `the ${type} records of ${name} are ${shown}, without ${missing.join(', ')}`,
      }
    const reasons = request.expectations
      .map(expectation => expectation(records.join('\n')))
      .filter(reason => reason !== null)
    if (reasons.length > 0) return { ok: false, ...known, message: `${reasons.join('; ')}: ${shown}` }
    return { ok: true, ...known, message: `${type} ${shown}` }
  } catch (error) {
    const reason = limit.aborted ? limit.reason : error
    const place = limit.aborted ? `the name server${server === null ? '' : ` ${server}`}` : name
    return failed(describeFailure(reason, place, request.timeoutMs))
  } finally {
    limit.removeEventListener('abort', cancel)
  }
}

/** A record as its zone file would have it. */
function writeRecords(answer: unknown): string[] {
  const list = Array.isArray(answer) ? answer : [answer]
  return list.map(record => {
    if (typeof record === 'string') return record
    // TXT comes in pieces of 255 bytes that belong together.
    if (Array.isArray(record)) return record.join('')
    return Object.entries(record as Record<string, string | number>)
      .filter(([key]) => key !== 'type')
      .map(([, value]) => String(value))
      .join(' ')
  })
}

/** Names are the same in any case, with or without the dot at the end; a record of several values may name the wanted one. */
function isMeant(record: string, wanted: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\.$/, '')
  return (
    plain(record) === plain(wanted) ||
    record.split(' ').some(part => plain(part) === plain(wanted)) ||
    record.includes(wanted)
  )
}
