// Kills a real Vakt again and again, with chats that refuse, hang and lose answers and with full disks among the rounds, and counts
// what was lost: acknowledged beats and log lines, alerts, cards in a wrong state, and false alarms.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Chats, chatSettings, startChats } from '../src/testing/chats.ts'
import { type Running, startVakt } from '../src/testing/running.ts'
import { SECOND } from '../src/time.ts'
import { createRandom } from './random.ts'

const STEADY_CHECKS = 6
const MAX_ROUND_MS = 2_500
const DISK_BYTES = 48 * 1024 * 1024
/** One round in so many begins with a full disk. */
const FULL_DISK_EVERY = 8
const FULL_DISK_MS = 1_500
const CONVERGE_MS = 120 * SECOND

/** What was acknowledged: beats by check, messages of log lines, and the checks that failed. */
type Acknowledged = { beats: Map<string, number>; lines: Set<string>; failed: Set<string> }

/** Kills Vakt `--rounds` times (default: 200); `--seed` repeats a run as far as clocks allow. Resolves with whether nothing was lost. */
export async function kills(options: Readonly<Record<string, string>>): Promise<boolean> {
  const rounds = Number(options.rounds ?? 200)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  const disk = mountDisk()
  const folder = disk ?? mkdtempSync(join(tmpdir(), 'vakt-kills-'))
  if (disk === null) console.log('kills: no small disk can be mounted here; rounds with a full disk are left out')
  const chats = await startChats()
  const acknowledged: Acknowledged = { beats: new Map(), lines: new Set(), failed: new Set() }
  try {
    const key = await prepare(folder, chats)
    const waiting: Batch[] = []
    for (let round = 0; round < rounds; round++) {
      const isFull = disk !== null && round % FULL_DISK_EVERY === FULL_DISK_EVERY - 1
      await playRound(round, folder, chats, { key, random, isFull, acknowledged, waiting })
      if (round % 20 === 19) console.log(`kills: ${round + 1} rounds`)
    }
    heal(chats)
    const vakt = await startVakt(folder, chatSettings(chats))
    try {
      await send(vakt, key, waiting, acknowledged)
      const faults = await findFaults(vakt, chats, acknowledged)
      const beats = [...acknowledged.beats.values()].reduce((sum, count) => sum + count, 0)
      console.log(
        `kills: ${rounds} rounds, seed ${seed}: ${beats} beats, ${acknowledged.lines.size} log lines and ${acknowledged.failed.size} failures were acknowledged`,
      )
      for (const fault of faults.slice(0, 40)) console.log(`  ${fault}`)
      console.log(`kills: ${faults.length} faults`)
      return faults.length === 0
    } finally {
      await vakt.kill()
    }
  } finally {
    await Promise.all([chats.discord.close(), chats.slack.stop()])
    if (disk !== null) execFileSync('umount', [disk])
    rmSync(folder, { recursive: true, force: true })
  }
}

type Batch = { key: string; messages: string[] }
type Round = {
  key: string
  random: () => number
  isFull: boolean
  acknowledged: Acknowledged
  /** Batches that were not answered; they are sent again under their key. */
  waiting: Batch[]
}

/** Adds the checks that are beaten all the time and must never alert; returns an intake key. */
async function prepare(folder: string, chats: Chats): Promise<string> {
  const vakt = await startVakt(folder, chatSettings(chats))
  for (let i = 0; i < STEADY_CHECKS; i++) await vakt.command(`checks add steady-${i} --every 20s --grace 10s`)
  const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
  const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show')
  // Each failure has a card of its own.
  await vakt.command('suppression set --storm-rate 10000')
  await vakt.stop()
  pingKey = project.ping_key
  return key.secret
}

let pingKey = ''

async function playRound(
  round: number,
  folder: string,
  chats: Chats,
  { key, random, isFull, acknowledged, waiting }: Round,
) {
  heal(chats)
  upset(chats, random)
  const vakt = await startVakt(folder, chatSettings(chats))
  const filler = join(folder, 'filler')
  if (isFull) fill(filler)
  const until = Date.now() + (isFull ? FULL_DISK_MS : 0) + random() * MAX_ROUND_MS
  const steady = beatSteadily(vakt, until, acknowledged)
  const failing = (async () => {
    for (let i = 0; i < 1 + random() * 3; i++) await fail(vakt, `job-${round}-${i}`, acknowledged)
  })()
  const logging = (async () => {
    for (let i = 0; Date.now() < until; i++) {
      const messages = Array.from({ length: 5 + Math.floor(random() * 25) }, (_, n) => `line-${round}-${i}-${n}`)
      waiting.push({ key: `${round}-${i}`, messages })
      await send(vakt, key, waiting, acknowledged)
      await sleep(40)
    }
  })()
  if (isFull) {
    await sleep(FULL_DISK_MS)
    rmSync(filler, { force: true })
  }
  await sleep(Math.max(0, until - Date.now()))
  await vakt.kill()
  rmSync(filler, { force: true })
  await Promise.allSettled([steady, failing, logging])
}

async function beatSteadily(vakt: Running, until: number, { beats }: Acknowledged) {
  while (Date.now() < until) {
    await Promise.all(
      Array.from({ length: STEADY_CHECKS }, async (_, i) => {
        const response = await vakt.ping(`${pingKey}/steady-${i}`).catch(() => null)
        if (response?.ok) beats.set(`steady-${i}`, (beats.get(`steady-${i}`) ?? 0) + 1)
      }),
    )
    await sleep(200)
  }
}

async function fail(vakt: Running, name: string, { failed, beats }: Acknowledged) {
  const response = await vakt.ping(`${pingKey}/${name}/fail?create=1&period=1d`).catch(() => null)
  if (!response?.ok) return
  failed.add(name)
  beats.set(name, 1)
}

/** Sends the batches that wait, oldest first, until one is not answered. */
async function send(vakt: Running, key: string, waiting: Batch[], { lines }: Acknowledged) {
  while (waiting.length > 0) {
    const batch = waiting[0]!
    const response = await fetch(`${vakt.url}/api/logs`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json', 'idempotency-key': batch.key },
      body: JSON.stringify(batch.messages.map(message => ({ message }))),
    }).catch(() => null)
    if (!response?.ok) return
    for (const message of batch.messages) lines.add(message)
    waiting.shift()
  }
}

function upset({ discord, slack }: Chats, random: () => number) {
  const posts = `POST /channels/${discord.channelId}/messages`
  const edits = `PATCH /channels/${discord.channelId}/messages/*`
  for (const route of [posts, edits]) {
    const kind = Math.floor(random() * 8)
    if (kind === 0) discord.hang(route, 2)
    if (kind === 1) discord.acceptThenTimeout(route, 2)
    if (kind === 2) discord.fail(route, 503, 3)
    if (kind === 3) discord.limit(route, { retryAfter: 1, times: 2 })
  }
  for (const method of ['chat.postMessage', 'chat.update']) {
    const kind = Math.floor(random() * 6)
    if (kind === 0) slack.hang(method, 2)
    if (kind === 1) slack.acceptThenTimeout(method, 2)
  }
}

function heal({ discord, slack }: Chats) {
  discord.heal()
  slack.heal()
}

/** Everything that is lost, double, wrong or false, as sentences. */
async function findFaults(vakt: Running, chats: Chats, { beats, lines, failed }: Acknowledged): Promise<string[]> {
  const faults: string[] = []
  await settle(vakt, faults)
  for (const [name, count] of beats) {
    const { check } = await vakt.command<{ check: { beats: number } }>(`checks show ${name}`)
    // A beat that was stored may have lost its answer, so there may be more, never fewer.
    if (check.beats < count) faults.push(`${name}: ${count} beats were acknowledged and ${check.beats} are stored`)
  }
  faults.push(...(await lineFaults(vakt, lines)))
  for (const [chat, cards] of Object.entries(cardsOf(chats))) {
    for (const card of cards.filter(text => /steady-\d/.test(text))) faults.push(`${chat}: false alarm: ${card}`)
    for (const name of failed) {
      const shown = cards.filter(card => card.includes(`: ${name} `))
      if (shown.length !== 1) faults.push(`${chat}: ${shown.length} cards of ${name}`)
      else if (!shown[0]!.includes(`Critical: ${name} `))
        faults.push(`${chat}: the card of ${name} is not critical: ${shown[0]}`)
    }
  }
  for (const violation of [...chats.discord.violations, ...chats.slack.violations])
    faults.push(`protocol: ${violation}`)
  return faults
}

/** Waits until every delivery is shown. */
async function settle(vakt: Running, faults: string[]) {
  const deadline = Date.now() + CONVERGE_MS
  for (;;) {
    const { deliveries } = await vakt.command<{ deliveries: { state: string }[] }>('deliveries --limit 500')
    const open = deliveries.filter(({ state }) => state !== 'shown' && state !== 'skipped')
    if (open.length === 0) return
    if (Date.now() > deadline) {
      faults.push(`${open.length} deliveries are not shown after ${CONVERGE_MS / SECOND} s: ${open[0]!.state}`)
      return
    }
    await sleep(250)
  }
}

async function lineFaults(vakt: Running, lines: ReadonlySet<string>): Promise<string[]> {
  const stored = new Map<string, number>()
  const response = await fetch(`${vakt.url}/api/logs?format=ndjson`, {
    headers: { authorization: 'Bearer admin-key-for-process-tests' },
  })
  for (const text of (await response.text()).split('\n')) {
    if (text === '') continue
    const { message } = JSON.parse(text) as { message: string }
    stored.set(message, (stored.get(message) ?? 0) + 1)
  }
  return [...lines].flatMap(line => {
    const count = stored.get(line) ?? 0
    return count === 1 ? [] : [`${line} was acknowledged and is stored ${count} times`]
  })
}

function cardsOf({ discord, slack }: Chats): { discord: string[]; slack: string[] } {
  return {
    discord: discord
      .messages()
      .filter(message => !message.message_reference)
      .map(message => message.content),
    slack: slack
      .messages()
      .filter(message => !message.thread_ts || message.thread_ts === message.ts)
      .map(message => message.text),
  }
}

/** A small disk of its own, or null where none can be mounted. */
function mountDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true, force: true })
    return null
  }
}

function fill(file: string) {
  for (const size of [4 * 1024 * 1024, 64 * 1024, 4 * 1024]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // The disk has no more room for pieces of this size.
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
