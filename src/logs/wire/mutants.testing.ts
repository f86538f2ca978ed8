// Bodies of every wire format, mutated: for a small run in the tests and a large one by hand.
import { Problem } from '../../problem.ts'
import { lokiJson, lokiProtobuf, lokiSnappy, otlpProtobuf } from '../../testing/wire.ts'
import { readBatch } from '../intake/read-batch.ts'
import type { Batch } from '../store.ts'

const NS = 1_795_946_400_123_456_789n
const STREAMS = [
  { labels: { app: 'api', level: 'error' }, entries: [[NS, 'no stock', { user: '7' }]] as [bigint, string, object][] },
  { labels: { job: 'j' }, entries: [[NS, '{"level":30,"msg":"paid"}'] as [bigint, string]] },
] as Parameters<typeof lokiJson>[0]
const OTLP = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] },
      scopeLogs: [
        {
          scope: { name: 's' },
          logRecords: [
            {
              ...{ timeUnixNano: String(NS), severityNumber: 17, body: { stringValue: 'no stock' } },
              ...{ traceId: '0af7651916cd43dd8448eb211c80319c' },
              attributes: [
                { key: 'n', value: { intValue: '42' } },
                { key: 'l', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 1.5 }] } } },
              ],
            },
          ],
        },
      ],
    },
  ],
}
const CLEF = '{"@t":"2026-11-29T10:00:00Z","@mt":"Paid {Order}","Order":9}\n{"@t":"2026-11-29T10:00:01Z","@l":"Error"}'
const SEQ =
  '{"Events":[{"Timestamp":"2026-11-29T10:00:00Z","Level":"Error","MessageTemplate":"x","Properties":{"a":1}}]}'
const SPLUNK = '{"time":1795946400.1,"event":{"message":"x","severity":"error"}}{"event":"y","fields":{"a":"b"}}\n'

const BODIES: readonly (readonly [format: Batch['format'], body: Uint8Array])[] = [
  ['wire:loki-json', lokiJson(STREAMS)],
  ['wire:loki-protobuf', lokiProtobuf(STREAMS)],
  ['wire:loki-snappy', lokiSnappy(STREAMS)],
  ['wire:otlp-json', Buffer.from(JSON.stringify(OTLP))],
  ['wire:otlp-protobuf', otlpProtobuf(OTLP)],
  ['wire:splunk-events', Buffer.from(SPLUNK)],
  ['wire:clef', Buffer.from(CLEF)],
  ['wire:seq-events', Buffer.from(SEQ)],
]
const MAX_MS = 2_000

/** Reads `count` mutated bodies of a seed. `faults` are those that threw anything but a `Problem`, or took too long. */
export function attackBodies(count: number, seed: number): { tried: number; stored: number; faults: string[] } {
  const random = createRandom(seed)
  const faults: string[] = []
  let stored = 0
  let tried = 0
  for (; tried < count; tried++) {
    const [format, whole] = BODIES[tried % BODIES.length]!
    const body = mutate(Buffer.from(whole), random)
    const begun = performance.now()
    const hex = body.toString('hex')
    try {
      stored += readBatch({ ...BATCH, format, body: new Uint8Array(body).buffer }).lines.length
    } catch (error) {
      const isRefusal = error instanceof Problem && ['invalid', 'too_large', 'not_a_log'].includes(error.code)
      if (!isRefusal || error.message === '') faults.push(`${format} threw ${String(error)}: ${hex}`)
    }
    if (performance.now() - begun > MAX_MS) faults.push(`${format} took too long: ${hex}`)
  }
  return { tried, stored, faults }
}

const BATCH = {
  ...{ project: 'shop', defaults: {}, receivedAt: 1_795_946_500_000, retentionMs: 1e9, privacy: {} },
  ...{ limits: { lines: 1_000, messageBytes: 65_536, bodyBytes: 1_000_000 }, idempotencyKey: null },
}

/** Some bytes changed, removed, doubled or swapped, or the end cut off. */
function mutate(body: Buffer, random: () => number): Buffer {
  let mutant = body
  const at = () => Math.floor(random() * mutant.length)
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
    const [from, until] = [at(), at()].sort((a, b) => a - b) as [number, number]
    const kind = Math.floor(random() * 6)
    if (kind === 0) mutant = mutant.subarray(0, from)
    else if (kind === 1) mutant = Buffer.concat([mutant.subarray(0, from), mutant.subarray(until)])
    else if (kind === 2) mutant = Buffer.concat([mutant.subarray(0, until), mutant.subarray(from)])
    else if (mutant.length > 0) mutant[from] = kind === 3 ? 255 : Math.floor(random() * 256)
  }
  return mutant
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
