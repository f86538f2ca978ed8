// Kills a log store in a process of its own at any moment of what it does, and counts what is lost, double or back again.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { LogLine } from '../src/logs/line.ts'
import { ALL, allPages, asStored, batchOf, follow, where, word } from '../src/logs/store.testing.ts'
import {
  openStoreProcess,
  type ServedStore,
  type StoreProcess,
  startStoreProcess,
} from '../src/logs/store-process.testing.ts'
import { Problem } from '../src/problem.ts'
import { errorMessage } from '../src/text.ts'
import { DAY, HOUR, MINUTE } from '../src/time.ts'
import { createRandom } from './random.ts'
import { ExpectedLines, type SentBatch } from './store-kills/expected-lines.ts'
import { writeOldPartitions } from './store-kills/old-partitions.ts'

const PROGRAM = new URL('../src/logs/embedded/store-process.testing.ts', import.meta.url)
/** Small parts, so that a new one is begun, sealed and merged all the time. */
const SETTINGS = JSON.stringify({ partitionLines: 400 })
/** After so many rounds it begins again with old partitions in an empty folder. */
const ROUNDS_PER_FOLDER = 20
const SENDERS = 6
const MAX_LINES = 40
/** One batch in so many is a big one. */
const BIG_EVERY = 25
/** Batches in a row are a group; whole groups are purged later. */
const BATCHES_PER_GROUP = 8
const BIG_LINES = 1_500
/** What is killed while it runs; each is waited for this long at most. A step is that of the cycle of short-lived lines. */
const TARGETS = ['append', 'maintain', 'seal', 'purge', 'step', 'step', 'step'] as const
type Target = (typeof TARGETS)[number]
const MAX_WAIT_MS = 6_000
/** Half of the kills come so soon after the work has begun, the others later: then some of it is completed. */
const MAX_SOON_MS = 60
const MAX_LATER_MS = 1_500
/** Opening takes about this long. */
const MAX_START_MS = 500
const MAX_CLOSING_MS = 60
/** The parts of the rounds that are killed while the store closes, and again while it starts. */
const CLOSING_SHARE = 0.2
const STARTING_SHARE = 0.25
const FIRST_DAY = Date.UTC(2026, 2, 10)
const SHORT_RETENTION_MS = HOUR
const LONG_RETENTION_MS = 90 * DAY
/** A cycle of short-lived lines: stored, archived, dropped, restored, and dropped again. */
const CYCLE_MS = 3 * DAY
const PAGE_SIZE = 5_000
const MAX_FAULTS = 20

type Step = 'fill' | 'archive' | 'drop' | 'restore'
const NEXT_STEP: { [step in Step]: Step } = { fill: 'archive', archive: 'drop', drop: 'restore', restore: 'fill' }

/** What is done with one folder. */
type Story = {
  folder: string
  archives: string
  random: () => number
  expected: ExpectedLines
  /** Batches that were not answered; they are sent again under their keys. */
  unanswered: SentBatch[]
  batches: number
  step: Step
  now: number
  /** The archives of this cycle, with the messages of their lines. */
  files: Map<string, string[]>
  done: { [what: string]: number }
  /** Called when some work begins. */
  onBegin: (work: Target) => void
}

/** Options: `rounds` (default: 200), `seed`. Resolves with whether every acknowledged line was always there exactly once. */
export async function storeKills(options: Readonly<Record<string, string>>): Promise<boolean> {
  const rounds = Number(options.rounds ?? 200)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  const done: Story['done'] = {}
  const faults: string[] = []
  let acknowledged = 0
  console.log(`store-kills: ${rounds} rounds, seed ${seed}`)
  for (let first = 0; first < rounds && faults.length < MAX_FAULTS; first += ROUNDS_PER_FOLDER) {
    const base = mkdtempSync(join(tmpdir(), 'vakt-store-kills-'))
    const story = await begin(base, random, done)
    const before = faults.length
    const last = Math.min(rounds, first + ROUNDS_PER_FOLDER)
    for (let round = first; round <= last; round++) {
      const found = await playRound(story, round < last ? 'kill' : 'close')
      for (const fault of found.slice(0, MAX_FAULTS)) faults.push(`after ${round} rounds: ${fault}`)
      if (found.length > 0) break
    }
    acknowledged += story.expected.acknowledged
    if (faults.length === before) rmSync(base, { recursive: true, force: true })
    else console.log(`  the store with the faults is in ${base}`)
    console.log(
      `store-kills: ${Math.min(rounds, first + ROUNDS_PER_FOLDER)} rounds, ${acknowledged} lines acknowledged`,
    )
  }
  const works = Object.entries(done).map(([what, times]) => `${times} × ${what}`)
  console.log(`store-kills: completed between the kills: ${works.sort().join(', ')}`)
  for (const fault of faults.slice(0, MAX_FAULTS)) console.log(`  ${fault}`)
  return faults.length === 0
}

/** A folder with old partitions, whose lines are read once. */
async function begin(base: string, random: () => number, done: Story['done']): Promise<Story> {
  const folder = join(base, 'logs')
  writeOldPartitions(folder)
  const expected = new ExpectedLines()
  const { store, close } = await open(folder)
  expected.addOld(await allPages(store, ALL, 'newest', PAGE_SIZE))
  await close()
  const now = FIRST_DAY + 12 * HOUR
  const fresh = {
    unanswered: [],
    batches: 0,
    step: 'fill' as const,
    files: new Map(),
    now,
    onBegin: () => {},
  }
  return { folder, archives: join(base, 'archives'), random, expected, done, ...fresh }
}

function open(folder: string): Promise<StoreProcess> {
  return openStoreProcess(PROGRAM, [folder, SETTINGS])
}

/** Opens the store, reads what the last kill has left, does everything at once, and kills it at a random moment. */
async function playRound(story: Story, end: 'kill' | 'close'): Promise<string[]> {
  const { random } = story
  const running = await open(story.folder)
  const { store } = running
  const faults = await findFaults(story, store)
  if (faults.length > 0 || end === 'close') {
    await running.close()
    return faults
  }
  const work = workOn(story, running).then(
    (): string[] => [],
    error => [`the store failed: ${errorMessage(error)}`],
  )
  await untilMoment(story, running)
  if (random() < CLOSING_SHARE) {
    store.close().catch(() => {})
    await sleep(random() * MAX_CLOSING_MS)
    count(story, 'kill while it closes')
  }
  await running.kill()
  const failures = await work
  const complaint = await running.ended
  if (complaint !== '') failures.push(`the store wrote to its error output: ${complaint}`)
  if (random() < STARTING_SHARE) await killWhileItStarts(story)
  return failures
}

/** What the first kill left behind is being mended just now. */
async function killWhileItStarts(story: Story): Promise<void> {
  const starting = startStoreProcess(PROGRAM, [story.folder, SETTINGS])
  await sleep(story.random() * MAX_START_MS)
  await starting.kill()
  count(story, 'kill while it starts')
}

/** Waits for a random moment of a random work. */
async function untilMoment(story: Story, running: StoreProcess): Promise<void> {
  const { random } = story
  const targets = TARGETS.filter(target => target !== 'seal' || running.store.seal)
  const target = targets[Math.floor(random() * targets.length)]!
  // The first batches are stored alone.
  let earlier = target === 'append' ? Math.floor(random() * 10) : 0
  const begun = new Promise<void>(resolve => {
    story.onBegin = work => {
      if (work === target && earlier-- <= 0) resolve()
    }
  })
  await Promise.race([begun, running.ended, sleep(MAX_WAIT_MS)])
  await sleep(random() * (random() < 0.5 ? MAX_SOON_MS : MAX_LATER_MS))
}

/** Runs until the store is gone. */
async function workOn(story: Story, running: StoreProcess): Promise<void> {
  const { store } = running
  const retrying = retry(story, running)
  const exclusive = createMutex()
  const { random } = story
  await Promise.all([
    retrying,
    ...Array.from({ length: SENDERS }, () => untilGone(story, running, () => appendNew(story, store))),
    untilGone(story, running, async () => {
      story.onBegin('maintain')
      await store.maintain(story.now)
      await sleep(20)
    }),
    untilGone(story, running, async () => {
      if (!store.seal) return sleep(50)
      story.onBegin('seal')
      await store.seal()
      count(story, 'seal')
      await sleep(30 * random())
    }),
    untilGone(story, running, async () => {
      await sleep(random() * 50)
      await exclusive(() => purgeGroup(story, store))
    }),
    retrying.then(() =>
      untilGone(story, running, async () => {
        await sleep(random() * 50)
        await exclusive(() => takeStep(story, store))
      }),
    ),
  ])
}

/** Repeats some work until the process has ended; every failure that does not come from that is thrown. */
async function untilGone(story: Story, running: StoreProcess, work: () => Promise<unknown>): Promise<void> {
  while (running.isRunning()) {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'busy')) throw error
      if (/has ended|is closing/.test(error.message)) return
      // A worker that died on its own is none of our kills.
      if (!/queue/.test(error.message)) throw error
      count(story, 'answer that the queue is full')
      await sleep(50)
    }
  }
}

/** Runs works one after the other. */
function createMutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
}

/** Sends what was not answered before, oldest first. */
async function retry(story: Story, running: StoreProcess): Promise<void> {
  const waiting = [...story.unanswered]
  for (const batch of waiting) {
    await untilGone(story, running, async () => {
      if (!story.unanswered.includes(batch)) throw new Problem('busy', 'The sending of this batch has ended.')
      await send(story, running.store, batch)
      story.unanswered.splice(story.unanswered.indexOf(batch), 1)
    })
  }
}

async function appendNew(story: Story, store: ServedStore): Promise<void> {
  const { random, now, step } = story
  const number = story.batches++
  const group = Math.floor(number / BATCHES_PER_GROUP)
  const size = 1 + Math.floor(random() * (number % BIG_EVERY === 0 ? BIG_LINES : MAX_LINES))
  const messages = Array.from({ length: size }, (_, i) => `group${group} line${number}x${i} took ${i * 7} ms`)
  // Short-lived lines are all stored before they are archived.
  const isShort = step === 'fill' && random() < 0.4
  const batch = { key: `batch ${number}`, messages, group, isShort, receivedAt: now }
  story.unanswered.push(batch)
  await send(story, store, batch)
  story.unanswered.splice(story.unanswered.indexOf(batch), 1)
}

async function send(story: Story, store: ServedStore, batch: SentBatch): Promise<void> {
  const { key, messages, isShort, receivedAt } = batch
  const lines = messages.map((message, i) => ({ message, timestamp: receivedAt - i * MINUTE, host: `web-${i % 8}` }))
  const retentionMs = isShort ? SHORT_RETENTION_MS : LONG_RETENTION_MS
  story.expected.sending(batch)
  story.onBegin('append')
  await store.append(batchOf(lines, { idempotencyKey: key, receivedAt, retentionMs }))
  story.expected.stored(batch)
  count(story, 'append')
}

/** Deletes the lines of some earlier batches, found by their word. */
async function purgeGroup(story: Story, store: ServedStore): Promise<void> {
  const { expected, random, batches, step } = story
  const purged = Math.floor(random() * Math.floor(batches / BATCHES_PER_GROUP))
  const isOpen = batches < BATCHES_PER_GROUP || story.unanswered.some(batch => batch.group === purged)
  const messages = expected.of(line => line.group === purged)
  // What a purge deletes while it is archived would come back with the archive.
  const isArchived = step !== 'fill' && expected.of(line => line.group === purged && line.isShort).length > 0
  if (isOpen || messages.length === 0 || isArchived) return
  expected.deleting(messages)
  story.onBegin('purge')
  await store.purge(where(word(`group${purged}`)))
  expected.deleted(messages)
  count(story, 'purge')
}

/** The next step of the cycle of short-lived lines; one that a kill cuts short is done again. */
async function takeStep(story: Story, store: ServedStore): Promise<void> {
  const { step, unanswered } = story
  // Short-lived lines that are still on their way would be in no archive.
  if (step === 'archive' && unanswered.some(({ isShort }) => isShort)) return
  if (step !== 'fill') story.onBegin('step')
  await STEPS[step](story, store)
  story.step = NEXT_STEP[step]
  count(story, step)
}

const STEPS: { [step in Step]: (story: Story, store: ServedStore) => Promise<void> } = {
  fill: async () => {},
  archive: archiveShort,
  drop: dropShort,
  restore: restoreShort,
}

async function archiveShort(story: Story, store: ServedStore): Promise<void> {
  const { partitions } = await store.status()
  const expiring = partitions.filter(({ expiresAt, lines }) => lines > 0 && expiresAt! <= story.now + CYCLE_MS - DAY)
  for (const { name } of expiring) {
    const { file, lines } = await store.archive(name, story.archives)
    const texts = zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n')
    if (texts.length !== lines) throw new Error(`the archive ${file} has ${texts.length} lines, not ${lines}`)
    story.files.set(
      file,
      texts.map(text => (JSON.parse(text) as LogLine).message),
    )
  }
  const archived = new Set([...story.files.values()].flat())
  const missing = story.expected
    .of(({ isShort, state }) => isShort && state === 'must')
    .filter(message => !archived.has(message))
  if (missing.length > 0) throw new Error(`${missing.length} lines are in no archive, such as "${missing[0]}"`)
}

async function dropShort(story: Story, store: ServedStore): Promise<void> {
  const messages = story.expected.of(({ isShort }) => isShort)
  story.expected.deleting(messages)
  story.now = Math.max(story.now, nextCycle(story) - DAY)
  await store.maintain(story.now)
  story.expected.deleted(messages)
}

async function restoreShort(story: Story, store: ServedStore): Promise<void> {
  // What an earlier try restored and a kill kept from being dropped.
  await store.maintain(story.now)
  for (const [file, messages] of story.files) {
    story.expected.restoring(messages)
    await store.restore(file, nextCycle(story)).catch(error => {
      // It was restored before the kill, whose answer did not arrive.
      if (!(error instanceof Problem && error.code === 'conflict')) throw error
    })
    story.expected.restored(messages)
  }
  const messages = [...story.files.values()].flat()
  story.expected.deleting(messages)
  story.now = nextCycle(story)
  await store.maintain(story.now)
  story.expected.deleted(messages)
  story.files.clear()
}

/** The noon on which the next cycle begins. */
function nextCycle({ now }: Story): number {
  const begun = FIRST_DAY + 12 * HOUR
  return begun + (Math.floor((now - begun) / CYCLE_MS) + 1) * CYCLE_MS
}

/** Reads everything in every way. */
async function findFaults(story: Story, store: ServedStore): Promise<string[]> {
  const lines = await allPages(store, ALL, 'newest', PAGE_SIZE)
  const faults = story.expected.faultsOf(lines)
  const fed = (await follow(store, 0, { lines: PAGE_SIZE, bytes: 50_000_000 })).found
  if (idsOf(fed) !== idsOf(asStored(lines)))
    faults.push(`the feed gives ${fed.length} lines, the search ${lines.length}`)
  const status = await store.status()
  if (status.lines !== lines.length) faults.push(`the status counts ${status.lines} lines instead of ${lines.length}`)
  for (const { name, message } of status.partitions.filter(({ state }) => state === 'damaged'))
    faults.push(`${name} is damaged: ${message}`)
  for (const { message } of (await store.missing?.(ALL)) ?? []) faults.push(`lines are missing: ${message}`)
  for (let i = 0; i < 5 && lines.length > 0; i++) {
    const line = lines[Math.floor(story.random() * lines.length)]!
    const unique = /line\d+x\d+/.exec(line.message)?.[0]
    if (unique === undefined) continue
    const found = await allPages(store, where(word(unique)))
    if (idsOf(found) !== line.id) faults.push(`a search for ${unique} finds ${found.length} lines`)
  }
  return faults
}

function idsOf(lines: readonly LogLine[]): string {
  return lines.map(({ id }) => id).join(' ')
}

function count({ done }: Story, what: string): void {
  done[what] = (done[what] ?? 0) + 1
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
