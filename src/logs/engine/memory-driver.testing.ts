// An engine that is a list of lines, with clocks and moods that a test sets: what is asked of it is noted.
import type { LineKey } from '../embedded/partitions/line-key.ts'
import { lineId } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import { aLine } from '../query/lines.testing.ts'
import { matches } from '../query/matches.ts'
import type { QueryNode } from '../query/tree.ts'
import type { EngineDriver, EngineFacts, EnginePartition, EngineScope, Timed } from './driver.ts'
import { valuesOf } from './engine-search.ts'
import { comparatorOf, keyOf } from './merge.ts'

export type MemoryEngine = EngineDriver & {
  lines: LogLine[]
  /** Whether filters decide by themselves; otherwise each finds every line. */
  isExact: boolean
  /** Ranges longer than this (ms) take too long. */
  ableMs: number
  /** Called with the name of each question. */
  onAsked: (name: string) => void | Promise<void>
  listed: EnginePartition[]
  facts: EngineFacts
  lost: { partition: string; message: string }[]
  dropped: string[]
  refreshed: string[][]
}

/** A line of an engine, whose id has its place. */
export function placedLine(timestamp: number, position: number, changes: Partial<LogLine> = {}): LogLine {
  return { ...aLine({ timestamp, message: `line ${position}`, ...changes }), id: lineId({ timestamp, position }) }
}

/** An engine with these lines. */
export function memoryEngine(lines: readonly LogLine[] = []): MemoryEngine {
  const find = ({ filter, from, until, upTo }: EngineScope) => {
    const { where } = filter as { where: QueryNode | null }
    return engine.lines
      .filter(line => keyOf(line).position <= upTo && (where === null || matches(where, line)))
      .filter(({ timestamp }) => timestamp >= (from ?? 0) && timestamp < (until ?? Number.POSITIVE_INFINITY))
      .sort((a, b) => comparatorOf('newest')(keyOf(a), keyOf(b)))
  }
  const timed = async <T>(name: string, { from, until }: EngineScope, answer: () => T): Promise<Timed<T>> => {
    await engine.onAsked(name)
    return until! - from! > engine.ableMs ? { isTimedOut: true } : { answer: answer() }
  }
  const remove = (isRemoved: (line: LogLine) => boolean) => {
    const kept = engine.lines.filter(line => !isRemoved(line))
    const removed = engine.lines.length - kept.length
    engine.lines = kept
    return removed
  }
  const engine: MemoryEngine = {
    lines: [...lines],
    isExact: true,
    ableMs: Number.POSITIVE_INFINITY,
    onAsked() {},
    listed: [],
    facts: { identity: 'memory', version: 'Memory 1', nodes: 1, health: 'green', warnings: [] },
    lost: [],
    dropped: [],
    refreshed: [],
    async check() {
      await engine.onAsked('check')
      return engine.facts
    },
    compile: where => ({ filter: { where: engine.isExact ? where : null }, isExact: engine.isExact }),
    async put(shipped) {
      await engine.onAsked('put')
      engine.lines.push(...shipped.map(({ line }) => line))
      return { refused: 0, delayed: null }
    },
    async refresh(partitions) {
      engine.refreshed.push([...partitions])
    },
    page: (scope, order, after: LineKey | null, limit) =>
      timed('page', scope, () => {
        const found = find(scope)
        const compare = comparatorOf(order)
        const ordered = order === 'newest' ? found : found.toReversed()
        return ordered.filter(line => after === null || compare(keyOf(line), after) > 0).slice(0, limit)
      }),
    count: (scope, limit) => timed('count', scope, () => Math.min(limit, find(scope).length)),
    levels: (scope, { from, width }) =>
      timed('levels', scope, () =>
        find(scope).map(({ timestamp, level }) => {
          return { bucket: Math.floor((timestamp - from) / width), level, count: 1 }
        }),
      ),
    top: (scope, field) =>
      timed('top', scope, () => {
        const values = find(scope).flatMap(line => [...valuesOf(line, field)])
        return [...Map.groupBy(values, value => value)].map(([value, own]) => ({ value, count: own.length }))
      }),
    async newestOf(scope, field, values) {
      await engine.onAsked('newestOf')
      return values.map(value => find(scope).find(line => [...valuesOf(line, field)].includes(value)) ?? null)
    },
    async values(field, prefix, upTo) {
      await engine.onAsked('values')
      const found = find({ filter: { where: null }, from: null, until: null, upTo })
      return [...new Set(found.flatMap(line => [...valuesOf(line, field)]))].filter(value => value.startsWith(prefix))
    },
    async read(id) {
      await engine.onAsked('read')
      return engine.lines.find(line => line.id === id) ?? null
    },
    async stored(after, upTo, limit) {
      await engine.onAsked('stored')
      return engine.lines
        .filter(line => keyOf(line).position > after && keyOf(line).position <= upTo)
        .sort((a, b) => keyOf(a).position - keyOf(b).position)
        .slice(0, limit)
    },
    async purge(scope, after) {
      await engine.onAsked('purge')
      const ids = new Set(find(scope).flatMap(line => (keyOf(line).position > after ? line.id : [])))
      return remove(({ id }) => ids.has(id))
    },
    async remove(ids) {
      await engine.onAsked('remove')
      return remove(({ id }) => ids.includes(id))
    },
    async partitions() {
      await engine.onAsked('partitions')
      return engine.listed
    },
    leftOut: () => engine.lost,
    async drop(partition) {
      await engine.onAsked('drop')
      engine.dropped.push(partition)
      engine.listed = engine.listed.filter(({ name }) => name !== partition)
    },
    async restore(_, chunks) {
      let found = 0
      let until = 0
      for await (const chunk of chunks) {
        found += chunk.length
        engine.lines.push(...chunk)
        until = Math.max(until, ...chunk.map(({ timestamp }) => timestamp))
      }
      return { lines: found, until }
    },
    async close() {},
  }
  return engine
}
