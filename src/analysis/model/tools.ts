// The tools of a model: read-only look-ups within the window of the evidence, limited in number and size.
import { z } from 'zod'
import { METRICS } from '../../hosts/metrics/metrics.ts'
import { LEVELS } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import type { LogReader } from '../../logs/store.ts'
import { isoTime, SECOND } from '../../time.ts'
import { toPackLine } from '../evidence/choose-pack.ts'
import type { MetricLookup } from '../evidence/metric-lookup.ts'
import type { Pack } from '../evidence/pack.ts'
import { type Conceal, estimateTokens, writeLine, writeText, writeTimelineEvent } from '../evidence/pack-text.ts'
import { type SampledLine, toSampledLine } from '../evidence/read-logs.ts'
import type { ToolDefinition } from './model.ts'
import type { EvidencePiece } from './verify-citations.ts'

const id = z.string().describe('An id such as L3 or T2')
const moment = z.string().describe('RFC 3339').optional()
const schemas = {
  search_logs: z.object({
    text: z.string().describe('Words that the line holds in this order; empty for every line').optional(),
    level: z.enum(LEVELS).describe('At least this level').optional(),
    source: z.string().optional(),
    host: z.string().optional(),
    from: moment,
    until: moment,
    limit: z.number().optional(),
  }),
  neighbours: z.object({ id, n: z.number().describe('How many before and after, 20 at most').optional() }),
  pattern_lines: z.object({ id, limit: z.number().optional() }),
  histogram: z.object({
    text: z.string().optional(),
    level: z.enum(LEVELS).describe('At least this level').optional(),
    source: z.string().optional(),
    host: z.string().optional(),
  }),
  host: z.object({
    name: z.string().describe('Name of a host: its lines by level, what happened and was measured there'),
  }),
  metrics: z.object({
    host: z.string(),
    container: z.string().describe('A container on that host (default: the host itself)').optional(),
    metric: z.enum(METRICS),
  }),
}

const TOOL_DESCRIPTIONS: Record<keyof typeof schemas, string> = {
  search_logs: 'Find log lines in the time of the evidence, oldest first.',
  neighbours: 'The lines of the same source and host around a line.',
  pattern_lines: 'More lines like those of a pattern.',
  histogram: 'How many lines there were over the time of the evidence.',
  host: 'What is known of one host in the time of the evidence.',
  metrics: 'How one measurement of a host or container went.',
}

/** The tools as the model gets them. */
export const TOOLS: readonly ToolDefinition[] = Object.entries(schemas).map(([name, schema]) => ({
  name,
  description: TOOL_DESCRIPTIONS[name as keyof typeof schemas],
  schema: z.toJSONSchema(schema) as object,
}))

export type ModelTools = { call(name: string, input: unknown): Promise<string> }

export const TOOL_LIMITS = { calls: 6, lines: 200, linesPerCall: 50, tokensPerCall: 3_000, timeoutMs: 3 * SECOND }

/**
 * Creates the tools for the lines that the pack is about. Found lines get ids and are added to `evidence`. Texts of the model
 * are restored from pseudonyms before the search. An invalid call is answered with a sentence and never throws.
 */
export function createModelTools(options: {
  store: LogReader | null
  metricLookup: MetricLookup
  pack: Pack
  evidence: Map<string, EvidencePiece>
  conceal: Conceal
  restore: (text: string) => string
}): ModelTools {
  const { store, metricLookup, pack, evidence, conceal, restore } = options
  const answeredCalls = new Set<string>()
  let calls = 0
  let lines = 0

  const toQuery = (parts: QueryNode[], from = pack.comparedFrom, until = pack.until) => ({
    where: pack.where === null ? joinAnd(parts) : joinAnd([pack.where, ...parts]),
    from: Math.max(from, pack.comparedFrom),
    until: Math.min(until, pack.until),
  })

  const show = (found: readonly SampledLine[], limit: number): string => {
    const shown: string[] = []
    let tokens = 0
    for (const line of found.slice(0, Math.min(limit, TOOL_LIMITS.lines - lines))) {
      const text = writeLine(toPackLine(line, idOf(line), null), conceal)
      tokens += estimateTokens(text)
      if (tokens > TOOL_LIMITS.tokensPerCall) {
        shown.push('There is more than fits; narrow it down.')
        break
      }
      register(line)
      shown.push(text)
      lines++
    }
    return shown.length === 0 ? 'Nothing was found there.' : shown.join('\n')
  }

  const idOf = (line: SampledLine): string => {
    for (const [id, piece] of evidence) if (piece.line === line.id) return id
    return nextId('L')
  }
  const nextId = (kind: 'L' | 'M') => `${kind}${[...evidence.keys()].filter(key => key.startsWith(kind)).length + 1}`
  const register = (line: SampledLine): void => {
    const id = idOf(line)
    if (!evidence.has(id)) evidence.set(id, toPiece(toPackLine(line, id, null), conceal))
  }

  const search = async (parts: QueryNode[], limit: number, from?: number, until?: number) => {
    const query = toQuery(parts, from, until)
    const request = { query, order: 'oldest' as const, limit, cursor: null, timeoutMs: TOOL_LIMITS.timeoutMs }
    return (await store!.search(request)).lines.map(toSampledLine)
  }

  const run = {
    async search_logs(input: z.output<typeof schemas.search_logs>) {
      const limit = clampCount(input.limit, TOOL_LIMITS.linesPerCall)
      return show(
        await search(toConditions(input, restore), limit, parseInstant(input.from), parseInstant(input.until)),
        limit,
      )
    },
    async neighbours(input: z.output<typeof schemas.neighbours>) {
      const line = evidence.get(input.id)?.line
      if (!line) return `There is no line ${input.id}.`
      const n = clampCount(input.n, 20)
      return show(
        (await store!.context(line, n, n)).map(toSampledLine).filter(found => isInWindow(found, pack)),
        n * 2 + 1,
      )
    },
    async pattern_lines(input: z.output<typeof schemas.pattern_lines>) {
      const pattern = pack.patterns.find(({ id }) => id === input.id)
      if (!pattern) return `There is no pattern ${input.id}.`
      // The texts between the wildcards, as phrases.
      const phrases = pattern.template
        .split(/<[^>]*>/)
        .map(text => text.trim())
        .filter(text => /\w{3}/.test(text))
      const parts: QueryNode[] = phrases.map(text => ({ kind: 'word', text, prefix: false }))
      const limit = clampCount(input.limit, TOOL_LIMITS.linesPerCall)
      return show(await search([...parts, { kind: 'level', comparison: '=', level: pattern.level }], limit), limit)
    },
    async histogram(input: z.output<typeof schemas.histogram>) {
      const { where, from, until } = toQuery(toConditions(input, restore))
      const buckets = await store!.histogram({ where, from, until }, from, until, 24, TOOL_LIMITS.timeoutMs)
      return buckets
        .map(({ from, counts }) => {
          const levels = Object.entries(counts).filter(([, count]) => count > 0)
          return `${isoTime(from)} ${levels.map(([level, count]) => `${level} ${count}`).join(', ') || 'none'}`
        })
        .join('\n')
    },
    async host(input: z.output<typeof schemas.host>) {
      const name = restore(input.name)
      const { where, from, until } = toQuery([{ kind: 'field', field: 'host', value: name }])
      const { rows } = await store!.top({ where, from, until }, 'level', 6, TOOL_LIMITS.timeoutMs)
      const events = [...pack.timeline, ...pack.measurements].filter(({ text }) => text.includes(name))
      const levels = rows.map(row => `${row.value} ${row.count}`).join(', ') || 'no lines'
      return [`lines: ${levels}`, ...events.map(event => writeTimelineEvent(event, conceal))].join('\n')
    },
    async metrics({ host, container = '', metric }: z.output<typeof schemas.metrics>) {
      const found = metricLookup({ host: restore(host), container: restore(container), metric }, pack)
      if (typeof found === 'string') return found
      const measurement = { id: nextId('M'), at: found.at, text: found.text }
      const written = writeTimelineEvent(measurement, conceal)
      evidence.set(measurement.id, {
        text: readEventText(written),
        at: measurement.at,
        line: null,
        level: null,
        from: '',
        pattern: null,
      })
      return [written, ...found.steps].join('\n')
    },
  }

  return {
    async call(name, input) {
      const tool = name as keyof typeof schemas
      const schema = Object.hasOwn(schemas, name) ? schemas[tool] : null
      if (!schema) return `There is no tool ${writeText(name, conceal, 50)}.`
      if (!store) return 'This Vakt has no log store; there is nothing more to look up.'
      const key = `${name} ${JSON.stringify(input)}`
      if (answeredCalls.has(key)) return 'You have asked just this before; the answer is above.'
      if (++calls > TOOL_LIMITS.calls || lines >= TOOL_LIMITS.lines)
        return 'No more can be looked up. Answer with what you have.'
      answeredCalls.add(key)
      const parsed = schema.safeParse(input)
      if (!parsed.success) return `That is not how ${name} is asked: ${z.prettifyError(parsed.error)}`
      try {
        return await run[tool](parsed.data as never)
      } catch {
        return 'The logs could not be searched for that.'
      }
    },
  }
}

/** The text of an event or measurement as it was sent; quotes are searched in it. */
export function readEventText(written: string): string {
  return (JSON.parse(written) as { what: string }).what
}

/** A line as a piece of evidence, with its text as it was sent. */
export function toPiece(line: Parameters<typeof writeLine>[0], conceal: Conceal): EvidencePiece {
  const { at, level, from, pattern } = line
  return { text: writeText(line.message, conceal), at, line: line.line, level, from, pattern }
}

function toConditions(
  input: {
    text?: string | undefined
    level?: (typeof LEVELS)[number] | undefined
    source?: string | undefined
    host?: string | undefined
  },
  restore: (text: string) => string,
): QueryNode[] {
  const { text = '', level, source, host } = input
  return [
    ...(/[\p{L}\p{N}]/u.test(text)
      ? [{ kind: 'word' as const, text: restore(text).slice(0, 500), prefix: false }]
      : []),
    ...(level ? [{ kind: 'level' as const, comparison: '>=' as const, level }] : []),
    ...(source ? [{ kind: 'field' as const, field: 'source' as const, value: restore(source) }] : []),
    ...(host ? [{ kind: 'field' as const, field: 'host' as const, value: restore(host) }] : []),
  ]
}

function joinAnd(parts: readonly QueryNode[]): QueryNode | null {
  return parts.length > 1 ? { kind: 'and', parts } : (parts[0] ?? null)
}

function isInWindow(line: SampledLine, pack: Pack): boolean {
  return line.at >= pack.comparedFrom && line.at < pack.until
}

function parseInstant(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function clampCount(count: number | undefined, max: number): number {
  return Math.max(1, Math.min(max, Math.floor(count ?? max)))
}
