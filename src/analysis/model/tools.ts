// What a model may look up by itself: reading only, within the window of the evidence, a few lines at a time.
import { z } from 'zod'
import { METRICS } from '../../hosts/metrics/metrics.ts'
import { LEVELS } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import type { LogStore } from '../../logs/store.ts'
import { isoTime, SECOND } from '../../time.ts'
import { packLine } from '../evidence/evidence.ts'
import type { MetricTools } from '../evidence/metric-tools.ts'
import type { Pack } from '../evidence/pack.ts'
import { type Conceal, lineText, sentText, timelineEventText, tokensOf } from '../evidence/pack-text.ts'
import { type ReadLine, readLine } from '../evidence/read-logs.ts'
import type { Tool } from './model.ts'
import type { Piece } from './verify-citations.ts'

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
    container: z.string().describe('A container on that host; the host itself unless said').optional(),
    metric: z.enum(METRICS),
  }),
}

const SAYS: Record<keyof typeof schemas, string> = {
  search_logs: 'Find log lines in the time of the evidence, oldest first.',
  neighbours: 'The lines of the same source and host around a line.',
  pattern_lines: 'More lines like those of a pattern.',
  histogram: 'How many lines there were over the time of the evidence.',
  host: 'What is known of one host in the time of the evidence.',
  metrics: 'How one measurement of a host or container went.',
}

/** The tools as they are offered. */
export const TOOLS: readonly Tool[] = Object.entries(schemas).map(([name, schema]) => ({
  name,
  description: SAYS[name as keyof typeof schemas],
  schema: z.toJSONSchema(schema) as object,
}))

export type ModelTools = { call(name: string, input: unknown): Promise<string> }

export const TOOL_LIMITS = { calls: 6, lines: 200, linesEach: 50, tokensEach: 3_000, withinMs: 3 * SECOND }

/**
 * The tools over the lines that the pack is about. Lines they find are given ids and put into `evidence`. Texts the model
 * gives are `restore`d before they are looked for. What is asked wrongly is answered with a sentence, never thrown.
 */
export function createModelTools(options: {
  store: LogStore | null
  measures: MetricTools
  pack: Pack
  evidence: Map<string, Piece>
  conceal: Conceal
  restore: (text: string) => string
}): ModelTools {
  const { store, measures, pack, evidence, conceal, restore } = options
  const given = new Set<string>()
  let calls = 0
  let lines = 0

  const within = (parts: QueryNode[], from = pack.comparedFrom, until = pack.until) => ({
    where: pack.where === null ? all(parts) : all([pack.where, ...parts]),
    from: Math.max(from, pack.comparedFrom),
    until: Math.min(until, pack.until),
  })

  const show = (found: readonly ReadLine[], most: number): string => {
    const shown: string[] = []
    let tokens = 0
    for (const line of found.slice(0, Math.min(most, TOOL_LIMITS.lines - lines))) {
      const text = lineText(packLine(line, idOf(line), null), conceal)
      tokens += tokensOf(text)
      if (tokens > TOOL_LIMITS.tokensEach) {
        shown.push('There is more than fits; narrow it down.')
        break
      }
      register(line)
      shown.push(text)
      lines++
    }
    return shown.length === 0 ? 'Nothing was found there.' : shown.join('\n')
  }

  const idOf = (line: ReadLine): string => {
    for (const [id, piece] of evidence) if (piece.line === line.id) return id
    return nextId('L')
  }
  const nextId = (kind: 'L' | 'M') => `${kind}${[...evidence.keys()].filter(key => key.startsWith(kind)).length + 1}`
  const register = (line: ReadLine): void => {
    const id = idOf(line)
    if (!evidence.has(id)) evidence.set(id, pieceOf(packLine(line, id, null), conceal))
  }

  const search = async (parts: QueryNode[], limit: number, from?: number, until?: number) => {
    const query = within(parts, from, until)
    const request = { query, order: 'oldest' as const, limit, cursor: null, timeoutMs: TOOL_LIMITS.withinMs }
    return (await store!.search(request)).lines.map(readLine)
  }

  const run = {
    async search_logs(input: z.output<typeof schemas.search_logs>) {
      const limit = bounded(input.limit, TOOL_LIMITS.linesEach)
      return show(await search(conditions(input, restore), limit, instant(input.from), instant(input.until)), limit)
    },
    async neighbours(input: z.output<typeof schemas.neighbours>) {
      const line = evidence.get(input.id)?.line
      if (!line) return `There is no line ${input.id}.`
      const n = bounded(input.n, 20)
      return show(
        (await store!.context(line, n, n)).map(readLine).filter(one => inside(one, pack)),
        n * 2 + 1,
      )
    },
    async pattern_lines(input: z.output<typeof schemas.pattern_lines>) {
      const pattern = pack.patterns.find(one => one.id === input.id)
      if (!pattern) return `There is no pattern ${input.id}.`
      // What stands between the wildcards, as phrases.
      const phrases = pattern.template
        .split(/<[^>]*>/)
        .map(text => text.trim())
        .filter(text => /\w{3}/.test(text))
      const parts: QueryNode[] = phrases.map(text => ({ kind: 'word', text, prefix: false }))
      const limit = bounded(input.limit, TOOL_LIMITS.linesEach)
      return show(await search([...parts, { kind: 'level', comparison: '=', level: pattern.level }], limit), limit)
    },
    async histogram(input: z.output<typeof schemas.histogram>) {
      const { where, from, until } = within(conditions(input, restore))
      const buckets = await store!.histogram({ where, from, until }, from, until, 24, TOOL_LIMITS.withinMs)
      return buckets
        .map(({ from, counts }) => {
          const levels = Object.entries(counts).filter(([, count]) => count > 0)
          return `${isoTime(from)} ${levels.map(([level, count]) => `${level} ${count}`).join(', ') || 'none'}`
        })
        .join('\n')
    },
    async host(input: z.output<typeof schemas.host>) {
      const name = restore(input.name)
      const { where, from, until } = within([{ kind: 'field', field: 'host', value: name }])
      const { rows } = await store!.top({ where, from, until }, 'level', 6, TOOL_LIMITS.withinMs)
      const beside = [...pack.happenings, ...pack.measured].filter(one => one.text.includes(name))
      const levels = rows.map(row => `${row.value} ${row.count}`).join(', ') || 'no lines'
      return [`lines: ${levels}`, ...beside.map(one => timelineEventText(one, conceal))].join('\n')
    },
    async metrics({ host, container = '', metric }: z.output<typeof schemas.metrics>) {
      const found = measures({ host: restore(host), container: restore(container), metric }, pack)
      if (typeof found === 'string') return found
      const one = { id: nextId('M'), at: found.at, text: found.text }
      const told = timelineEventText(one, conceal)
      evidence.set(one.id, { text: whatOf(told), at: one.at, line: null, level: null, from: '', pattern: null })
      return [told, ...found.steps].join('\n')
    },
  }

  return {
    async call(name, input) {
      const tool = name as keyof typeof schemas
      const schema = Object.hasOwn(schemas, name) ? schemas[tool] : null
      if (!schema) return `There is no tool ${sentText(name, conceal, 50)}.`
      if (!store) return 'This Vakt keeps no logs; there is nothing more to look up.'
      const key = `${name} ${JSON.stringify(input)}`
      if (given.has(key)) return 'You have asked just this before; the answer is above.'
      if (++calls > TOOL_LIMITS.calls || lines >= TOOL_LIMITS.lines)
        return 'No more can be looked up. Answer with what you have.'
      given.add(key)
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

/** The words of a happening or measurement as they were sent, which a quote must be found in. */
export function whatOf(told: string): string {
  return (JSON.parse(told) as { what: string }).what
}

/** What a line is to the verification: its text as it was sent. */
export function pieceOf(line: Parameters<typeof lineText>[0], conceal: Conceal): Piece {
  const { at, level, from, pattern } = line
  return { text: sentText(line.message, conceal), at, line: line.line, level, from, pattern }
}

function conditions(
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

function all(parts: readonly QueryNode[]): QueryNode | null {
  return parts.length > 1 ? { kind: 'and', parts } : (parts[0] ?? null)
}

function inside(line: ReadLine, pack: Pack): boolean {
  return line.at >= pack.comparedFrom && line.at < pack.until
}

function instant(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function bounded(n: number | undefined, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(n ?? most)))
}
