// Measures one log store on one file of lines: what taking them in costs, what they take on disk, and each question.
import { setTimeout } from 'node:timers/promises'
import { SECOND } from '../../src/time.ts'
import { median } from '../table.ts'
import type { Engine } from './engine.ts'
import type { Question } from './questions.ts'
import { bodiesOf, type RawFile } from './raw-file.ts'
import { diskBytes, peakMemory, processorSeconds, untilIdle } from './resources.ts'

const SENDERS = 4
/** The times of a start differ by a third. */
const STARTS = 3
const MAX_WAIT_MS = 300 * SECOND
const VISIBLE_TIMEOUT_MS = 60 * SECOND

export type Answer = { medianMs: number; rows: number }

export type Measured = {
  lines: number
  rawBytes: number
  /** Processor seconds from the first body until everything is sealed and the process is idle. */
  processorSeconds: number
  /** Whether it became idle within five minutes after the last line. */
  isIdle: boolean
  sendingSeconds: number
  storedBytes: number
  /** The most memory while lines were taken in and sealed. */
  loadMemoryMb: number
  /** The same with the questions after it. */
  peakMemoryMb: number
  /** A start with these lines, the median of a few. */
  startMs: number
  /** The same before the first line was stored. */
  emptyStartMs: number
  answers: ReadonlyMap<string, Answer>
  /** How long whole answers took, one question after the other, while lines arrived at half the rate of before; null when not asked. */
  busyP95Ms: number | null
}

export type MeasureOptions = {
  /** How often each question is asked. */
  runs: number
  /** How long it waits after the last line, at least, ms. */
  minWaitMs: number
  /** How long questions are asked while lines arrive, ms; those lines are stored twice. */
  busyMs: number
}

/** Sends a file, waits until it is sealed, and asks all questions. `before` is what an earlier part of the same lines had measured. */
export async function measure(
  engine: Engine,
  raw: RawFile,
  questions: readonly Question[],
  { runs, minWaitMs, busyMs }: MeasureOptions,
  before: Measured | null = null,
): Promise<Measured> {
  const emptyStartMs = before?.emptyStartMs ?? (await restarted(engine))
  const secondsBefore = processorSeconds(engine.pid())
  const begunAt = performance.now()
  await sendAll(engine, raw)
  const sendingSeconds = (performance.now() - begunAt) / SECOND
  const waiting = { minMs: minWaitMs, maxMs: Math.max(minWaitMs, MAX_WAIT_MS) }
  const { seconds, isIdle } = await untilIdle(engine.pid(), () => engine.isSealed(), waiting)
  const lines = raw.lines + (before?.lines ?? 0)
  await mustHave(engine, lines)
  const storedBytes = diskBytes(engine.folder)
  const loadMemoryMb = peakMemory(engine.pid())
  const answers = new Map<string, Answer>()
  for (const question of questions) answers.set(question.name, await askRepeatedly(engine, question, runs))
  const peakMemoryMb = peakMemory(engine.pid())
  const startMs = await restarted(engine)
  const bytesPerSecond = raw.bytes / sendingSeconds / 2
  return {
    lines,
    rawBytes: raw.bytes + (before?.rawBytes ?? 0),
    processorSeconds: seconds - secondsBefore + (before?.processorSeconds ?? 0),
    isIdle,
    sendingSeconds: sendingSeconds + (before?.sendingSeconds ?? 0),
    storedBytes,
    loadMemoryMb: Math.max(loadMemoryMb, before?.loadMemoryMb ?? 0),
    peakMemoryMb: Math.max(peakMemoryMb, before?.peakMemoryMb ?? 0),
    startMs,
    emptyStartMs,
    answers,
    busyP95Ms: busyMs > 0 ? await askWhileSending(engine, raw, questions, bytesPerSecond, busyMs) : null,
  }
}

async function restarted(engine: Engine): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < STARTS; i++) times.push(await engine.restart())
  return median(times)
}

async function sendAll(engine: Engine, raw: RawFile): Promise<void> {
  const bodies = bodiesOf(raw)
  const sender = async () => {
    for (const body of bodies) await engine.send(body)
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
}

async function askWhileSending(
  engine: Engine,
  raw: RawFile,
  questions: readonly Question[],
  bytesPerSecond: number,
  forMs: number,
): Promise<number> {
  const begunAt = performance.now()
  const isOver = () => performance.now() - begunAt >= forMs
  const sending = (async () => {
    let sent = 0
    for (const body of bodiesOf(raw)) {
      const dueAt = begunAt + (sent / bytesPerSecond) * SECOND
      await setTimeout(Math.max(0, dueAt - performance.now()))
      if (isOver()) return
      await engine.send(body)
      sent += body.length
    }
  })()
  const times: number[] = []
  for (let i = 0; !isOver(); i++) {
    const askedAt = performance.now()
    await engine.ask(questions[i % questions.length]!)
    times.push(performance.now() - askedAt)
  }
  await sending
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0
}

/** Some stores answer before lines can be found, and drop lines that they do not like without a word. */
async function mustHave(engine: Engine, lines: number): Promise<void> {
  const deadline = performance.now() + VISIBLE_TIMEOUT_MS
  for (;;) {
    const found = await engine.lines()
    if (found === lines) return
    if (performance.now() > deadline) throw new Error(`${engine.name} has ${found} lines of ${lines} that it took.`)
    await setTimeout(SECOND)
  }
}

async function askRepeatedly(engine: Engine, question: Question, runs: number): Promise<Answer> {
  let rows = await engine.ask(question)
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const begunAt = performance.now()
    rows = await engine.ask(question)
    times.push(performance.now() - begunAt)
  }
  return { medianMs: median(times), rows }
}
