// Plays a scenario: every request it makes, in order, with its time. Pure: the same scenario and seed give the same bytes.
import { arrivals } from './load.ts'
import { deckOf, type Random, randomFrom } from './random.ts'
import type { Beats, Fault, Level, LineSource, Scenario } from './scenario.ts'
import { sourceKinds } from './sources/index.ts'
import { speech } from './sources/words.ts'

/** Lines that are errors are dealt from so many cards. */
const DEALT = 20

/** One thing that happens, `at` ms after the beginning. */
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

export type Playing = {
  seed?: string
  /** When the scenario begins, epoch ms, and how much faster than written it is played: for the times that lines say. */
  begin?: number
  speed?: number
  /** The rows of the tables that sources read, by the name of the source. */
  tables?: Record<string, readonly Record<string, string>[]>
}

/** The steps of a scenario in the order of their times; faults come before what they change. */
export function* play(scenario: Scenario, playing: Playing = {}): Generator<Step> {
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
  yield* merged(streams)
}

type Spoken = { at: number; level: Level; message: string; record: Record<string, string> | null }

/** The steps of many streams as one, by time; the earlier stream first at the same time. */
function* merged<T extends { at: number }>(streams: readonly Iterator<T>[]): Generator<T> {
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

/** Gathers lines to requests as a client does: when there are enough, or some time after the first. */
function* lineSteps(scenario: Scenario, source: LineSource, random: Random, playing: Playing): Generator<Step> {
  const { begin = 0, speed = 1 } = playing
  const kind = sourceKinds[source.kind]
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
  for (const line of spokenLines(scenario, source, random, playing)) {
    if (batch && batch.until <= line.at) yield request(batch.until)
    batch ??= { texts: [], until: Math.min(line.at + source.gather, scenario.duration), levels: {} }
    const said = { ...line, at: Math.round(begin + line.at / speed), source: source.name, host, number: number++ }
    batch.texts.push(kind.write(said, random))
    batch.levels[line.level] = (batch.levels[line.level] ?? 0) + 1
    const urgent = source.prompt && (line.level === 'error' || line.level === 'fatal')
    if (urgent || batch.texts.length >= source.batch) yield request(line.at)
  }
  if (batch) yield request((batch as { until: number }).until)
}

/** The lines that a source gets to say: its ordinary ones and those of its faults, without those that are lost. */
function* spokenLines(scenario: Scenario, source: LineSource, random: Random, playing: Playing): Generator<Spoken> {
  const happening = faultsOf(scenario, source.name)
  const spikes = scenario.faults.flatMap(fault =>
    fault.kind === 'spike' && fault.source === source.name ? [spikeLines(fault)] : [],
  )
  for (const line of merged<Spoken>([ordinaryLines(scenario, source, random, playing), ...spikes]))
    if (!happening('silence', line.at) && !happening('outage', line.at)) yield line
}

function* ordinaryLines(scenario: Scenario, source: LineSource, random: Random, playing: Playing): Generator<Spoken> {
  const happening = faultsOf(scenario, source.name)
  const table = playing.tables?.[source.name] ?? []
  const level = deckOf<Level>(source.levels, random)
  const speak = speech(random, 'messages' in source ? source.messages : {})
  const bad = new Map<Fault, () => 'bad' | 'good'>()
  let row = 0
  for (const at of arrivals(source, scenario.duration, random.next)) {
    const record = table.length === 0 ? null : table[row++ % table.length]!
    const usual = (record?.level as Level | undefined) ?? level()
    const fault = happening('errors', at)
    if (fault?.kind === 'errors' && !bad.has(fault)) {
      const cards = Math.round(fault.share * DEALT)
      bad.set(fault, deckOf({ bad: cards, good: DEALT - cards }, random))
    }
    if (fault && bad.get(fault)!() === 'bad') yield { at, level: 'error', message: speak('error'), record }
    else yield { at, level: usual, message: record?.message ?? speak(usual), record }
  }
}

function* spikeLines(fault: Extract<Fault, { kind: 'spike' }>): Generator<Spoken> {
  for (let i = 0; i < fault.count; i++)
    yield {
      at: fault.at + Math.floor((i * fault.for) / fault.count),
      level: 'error',
      message: fault.message,
      record: null,
    }
}

/** Which fault of a kind a source suffers at an instant, if any. */
function faultsOf({ faults }: Scenario, source: string) {
  const own = faults.filter(fault => fault.kind === 'outage' || fault.source === source)
  return (kind: Fault['kind'], at: number): Fault | undefined =>
    own.find(fault => fault.kind === kind && fault.at <= at && at < fault.at + fault.for)
}
