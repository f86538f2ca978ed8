// Turns a scenario into requests, in order, with their times. Pure: the same scenario and seed give the same bytes.
import { lineInstants } from './load.ts'
import { deckOf, type Random, randomFrom } from './random.ts'
import type { Beats, Fault, Level, LineSource, Scenario } from './scenario.ts'
import { sourceKinds } from './sources/index.ts'
import type { SourceKind } from './sources/source-kind.ts'
import { createMessages } from './sources/words.ts'

/** The cards of the deck that decides which lines are errors. */
const DECK_SIZE = 20

/** One step, `at` ms after the start. */
export type Step = { at: number } & (
  | {
      kind: 'lines'
      source: string
      contentType: string
      query: Record<string, string>
      body: string
      lines: number
      levels: Partial<Record<Level, number>>
    }
  | { kind: 'beat'; source: string; signal: 'start' | 'success' | 'fail' }
  | { kind: 'fault'; fault: Fault; phase: 'begins' | 'ends' }
)

export type Lines = Extract<Step, { kind: 'lines' }>
export type Beat = Extract<Step, { kind: 'beat' }>

export type PlayOptions = {
  seed?: string
  /** The start (epoch ms) and the speed, for the timestamps in lines. */
  begin?: number
  speed?: number
  /** The rows of the tables that sources read, by the name of the source. */
  tables?: Record<string, readonly Record<string, string>[]>
  /** The kinds that users wrote, by the name of the source. */
  modules?: Record<string, SourceKind>
}

/** The steps of a scenario in the order of their times; a fault comes before the steps it changes. */
export function* play(scenario: Scenario, playing: PlayOptions = {}): Generator<Step> {
  const seed = playing.seed ?? scenario.seed
  const streams = [
    faultSteps(scenario),
    ...scenario.sources.map(source => {
      const random = randomFrom(`${seed}\n${source.name}`)
      return source.kind === 'beats'
        ? beatSteps(scenario, source, random)
        : lineSteps(scenario, source, random, playing)
    }),
  ]
  yield* mergeByTime(streams)
}

type GeneratedLine = { at: number; level: Level; message: string; record: Record<string, string> | null }

/** Merges streams by time; at the same time the earlier stream comes first. */
function* mergeByTime<T extends { at: number }>(streams: readonly Iterator<T>[]): Generator<T> {
  const heads = streams.map(stream => ({ stream, next: stream.next() }))
  for (;;) {
    let first: (typeof heads)[number] | null = null
    for (const head of heads)
      if (!head.next.done && (first === null || head.next.value.at < first.next.value.at)) first = head
    if (first === null) return
    yield first.next.value as T
    first.next = first.stream.next()
  }
}

function* faultSteps({ faults }: Scenario): Generator<Step> {
  const steps = faults.flatMap((fault): Step[] => [
    { at: fault.at, kind: 'fault', fault, phase: 'begins' },
    { at: fault.at + fault.for, kind: 'fault', fault, phase: 'ends' },
  ])
  yield* steps.sort((a, b) => a.at - b.at)
}

function* beatSteps(scenario: Scenario, check: Beats, random: Random): Generator<Step> {
  const happening = faultsOf(scenario, check.name)
  const { run = 0 } = check
  for (let due = 0; due + run < scenario.duration; due += check.every) {
    const begun = due + Math.floor(check.jitter * random.next() * (Math.min(check.grace, check.every) - run))
    const silent = (at: number) => happening('missed-beat', at) || happening('outage', at)
    if (run > 0 && !silent(begun)) yield { at: begun, kind: 'beat', source: check.name, signal: 'start' }
    const signal = happening('failure', begun) ? 'fail' : 'success'
    if (!silent(begun) && !silent(begun + run)) yield { at: begun + run, kind: 'beat', source: check.name, signal }
  }
}

/** Batches lines into requests as a client does: when there are enough, or some time after the first. */
function* lineSteps(scenario: Scenario, source: LineSource, random: Random, playing: PlayOptions): Generator<Step> {
  const { begin = 0, speed = 1 } = playing
  const kind = source.kind === 'module' ? playing.modules![source.name]! : sourceKinds[source.kind]
  const host = source.host ?? 'web-1'
  const named = { name: source.name, host }
  let number = 0
  let batch: { texts: string[]; until: number; levels: Partial<Record<Level, number>> } | null = null
  const request = (at: number): Step => {
    const { texts, levels } = batch!
    batch = null
    const body = kind.contentType === 'application/json' ? `[${texts.join(',')}]` : `${texts.join('\n')}\n`
    const { contentType } = kind
    return {
      at,
      kind: 'lines',
      source: source.name,
      contentType,
      query: kind.query(named),
      body,
      lines: texts.length,
      levels,
    }
  }
  for (const line of generatedLines(scenario, source, random, playing)) {
    if (batch && batch.until <= line.at) yield request(batch.until)
    batch ??= { texts: [], until: Math.min(line.at + source.gather, scenario.duration), levels: {} }
    const toWrite = { ...line, at: Math.round(begin + line.at / speed), source: source.name, host, number: number++ }
    batch.texts.push(kind.write(toWrite, random))
    batch.levels[line.level] = (batch.levels[line.level] ?? 0) + 1
    const urgent = source.prompt && (line.level === 'error' || line.level === 'fatal')
    if (urgent || batch.texts.length >= source.batch) yield request(line.at)
  }
  if (batch) yield request((batch as { until: number }).until)
}

/** The lines that a source sends: ordinary ones and those of its faults, without those lost in an outage. */
function* generatedLines(
  scenario: Scenario,
  source: LineSource,
  random: Random,
  playing: PlayOptions,
): Generator<GeneratedLine> {
  const happening = faultsOf(scenario, source.name)
  const spikes = scenario.faults.flatMap(fault =>
    fault.kind === 'spike' && fault.source === source.name ? [spikeLines(fault)] : [],
  )
  for (const line of mergeByTime<GeneratedLine>([ordinaryLines(scenario, source, random, playing), ...spikes]))
    if (!happening('silence', line.at) && !happening('outage', line.at)) yield line
}

function* ordinaryLines(
  scenario: Scenario,
  source: LineSource,
  random: Random,
  playing: PlayOptions,
): Generator<GeneratedLine> {
  const happening = faultsOf(scenario, source.name)
  const table = playing.tables?.[source.name] ?? []
  const level = deckOf<Level>(source.levels, random)
  const speak = createMessages(random, 'messages' in source ? source.messages : {})
  const bad = new Map<Fault, () => 'bad' | 'good'>()
  let row = 0
  for (const at of lineInstants(source, scenario.duration, random.next)) {
    const record = table.length === 0 ? null : table[row++ % table.length]!
    const usual = (record?.level as Level | undefined) ?? level()
    const fault = happening('errors', at)
    if (fault?.kind === 'errors' && !bad.has(fault)) {
      const cards = Math.round(fault.share * DECK_SIZE)
      bad.set(fault, deckOf({ bad: cards, good: DECK_SIZE - cards }, random))
    }
    if (fault && bad.get(fault)!() === 'bad') yield { at, level: 'error', message: speak('error'), record }
    else yield { at, level: usual, message: record?.message ?? speak(usual), record }
  }
}

function* spikeLines(fault: Extract<Fault, { kind: 'spike' }>): Generator<GeneratedLine> {
  for (let i = 0; i < fault.count; i++)
    yield {
      at: fault.at + Math.floor((i * fault.for) / fault.count),
      level: 'error',
      message: fault.message,
      record: null,
    }
}

/** The fault of a kind that affects a source at an instant, if any. */
function faultsOf({ faults }: Scenario, source: string) {
  const own = faults.filter(fault => fault.kind === 'outage' || fault.source === source)
  return (kind: Fault['kind'], at: number): Fault | undefined =>
    own.find(fault => fault.kind === kind && fault.at <= at && at < fault.at + fault.for)
}
