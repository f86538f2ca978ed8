// Backs up a real Vakt under load, kills it, restores the backup elsewhere and starts that: nothing acknowledged before the backup
// may be missing, the cards must be true within ten seconds, and no check may be blamed for the time in between.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Chats, chatSettings, startChats } from '../src/testing/chats.ts'
import { ADMIN_KEY, type Running, startVakt } from '../src/testing/running.ts'
import { SECOND } from '../src/time.ts'

const CHECKS = 6
const WARM_UP_MS = 6 * SECOND
const AFTER_MS = 3 * SECOND
/** Longer than a check of the proof may be late. */
const DEAD_MS = 35 * SECOND
const TRUE_WITHIN_MS = 10 * SECOND
const CLI = join(import.meta.dirname, '../src/cli.ts')
const PASSPHRASE = 'passphrase of the proof'

type Acknowledged = { beats: Map<string, number>; lines: Set<string> }

/** Plays it once, with batches of `--lines` (default: 200). Resolves with whether it holds. */
export async function backup(options: Readonly<Record<string, string>>): Promise<boolean> {
  const batch = Number(options.lines ?? 200)
  const root = mkdtempSync(join(tmpdir(), 'vakt-backup-proof-'))
  const [before, after, place] = ['before', 'after', 'backups'].map(name => join(root, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(before)
  const chats = await startChats()
  const vakt = await startVakt(before, { ...chatSettings(chats), HOME: root })
  const running: Running[] = [vakt]
  try {
    const traffic = await startTraffic(vakt, batch)
    await sleep(WARM_UP_MS)
    for (const name of ['job-a', 'job-b']) await vakt.ping(`${traffic.pingKey}/${name}/fail?create=1&period=1d`)
    await shown(chats, cards => cards.filter(card => /Critical: job-/.test(card)).length === 2)
    const owed: Acknowledged = { beats: new Map(traffic.done.beats), lines: new Set(traffic.done.lines) }
    const begun = performance.now()
    const made = await cli(before, ['backup', place])
    const seconds = (performance.now() - begun) / 1000
    await vakt.ping(`${traffic.pingKey}/job-a`)
    await shown(chats, cards => cards.some(card => /Resolved: job-a/.test(card)))
    await sleep(AFTER_MS)
    await traffic.stop()
    await vakt.kill()
    console.log(
      `backup: ${made.trim()} It took ${seconds.toFixed(1)} s; ${traffic.done.lines.size - owed.lines.size} lines were acknowledged after it began.`,
    )
    await sleep(DEAD_MS)
    await cli(after, ['restore', place])
    const restored = await startVakt(after, { ...chatSettings(chats), HOME: root })
    running.push(restored)
    const started = performance.now()
    const later = await startTraffic(restored, 10, traffic)
    // After the restore the state is that of the backup: both jobs have failed.
    await shown(chats, cards => cards.filter(card => /Critical: job-/.test(card)).length === 2)
    const trueAfterMs = performance.now() - started
    await sleep(DEAD_MS)
    await later.stop()
    const faults = [
      ...(trueAfterMs > TRUE_WITHIN_MS ? [`the cards were true only after ${Math.round(trueAfterMs)} ms`] : []),
      ...(await findFaults(restored, owed)),
      ...Object.entries(cardsOf(chats)).flatMap(([chat, cards]) =>
        cards.filter(card => /steady-\d/.test(card)).map(card => `${chat}: false alarm: ${card}`),
      ),
    ]
    const beats = [...owed.beats.values()].reduce((sum, count) => sum + count, 0)
    console.log(
      `backup: ${owed.lines.size} lines and ${beats} beats were acknowledged before; the cards were true ${Math.round(trueAfterMs)} ms after the start; ${faults.length} faults`,
    )
    for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
    return faults.length === 0
  } finally {
    await Promise.allSettled(running.map(process => process.kill()))
    await Promise.all([chats.discord.close(), chats.slack.stop()])
    rmSync(root, { recursive: true, force: true })
  }
}

async function cli(folder: string, words: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, DATA_DIR: folder, ADMIN_KEY, BACKUP_PASSPHRASE: PASSPHRASE }
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...words], { env })
  return stdout
}

/** Beats every second and sends batches of lines without a pause, until stopped. */
async function startTraffic(vakt: Running, batch: number, earlier?: { key: string; pingKey: string }) {
  const done: Acknowledged = { beats: new Map(), lines: new Set() }
  const { key, pingKey } = earlier ?? (await prepare(vakt))
  let isStopped = false
  const beating = (async () => {
    while (!isStopped) {
      for (let i = 0; i < CHECKS; i++) {
        const response = await vakt.ping(`${pingKey}/steady-${i}`).catch(() => null)
        if (response?.ok) done.beats.set(`steady-${i}`, (done.beats.get(`steady-${i}`) ?? 0) + 1)
      }
      await sleep(SECOND)
    }
  })()
  const logging = (async () => {
    for (let n = 0; !isStopped; n++) {
      const messages = Array.from({ length: batch }, (_, i) => `line-${batch}-${n}-${i}`)
      const response = await fetch(`${vakt.url}/api/logs`, {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json' },
        body: JSON.stringify(messages.map(message => ({ message }))),
      }).catch(() => null)
      if (response?.ok) for (const message of messages) done.lines.add(message)
      await sleep(20)
    }
  })()
  const stop = async () => {
    isStopped = true
    await Promise.all([beating, logging])
  }
  return { key, pingKey, done, stop }
}

async function prepare(vakt: Running): Promise<{ key: string; pingKey: string }> {
  for (let i = 0; i < CHECKS; i++) await vakt.command(`checks add steady-${i} --every 20s --grace 10s`)
  const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
  const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show')
  return { key: key.secret, pingKey: project.ping_key }
}

async function findFaults(vakt: Running, { beats, lines }: Acknowledged): Promise<string[]> {
  const faults: string[] = []
  for (const [name, count] of beats) {
    const { check } = await vakt.command<{ check: { beats: number; status: string } }>(`checks show ${name}`)
    if (check.beats < count) faults.push(`${name}: ${count} beats were acknowledged and ${check.beats} are stored`)
    if (check.status !== 'up') faults.push(`${name} is ${check.status}`)
  }
  const response = await fetch(`${vakt.url}/api/logs?format=ndjson`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  })
  const text = await response.text()
  const stored = new Set(
    text
      .split('\n')
      .filter(Boolean)
      .map(line => (JSON.parse(line) as { message: string }).message),
  )
  const missing = [...lines].filter(line => !stored.has(line))
  if (missing.length > 0) faults.push(`${missing.length} acknowledged lines are missing, such as ${missing[0]}`)
  return faults
}

/** Waits until the cards of both chats are as they should be. */
async function shown(chats: Chats, isTrue: (cards: string[]) => boolean): Promise<void> {
  const deadline = Date.now() + 60 * SECOND
  while (!Object.values(cardsOf(chats)).every(isTrue)) {
    if (Date.now() > deadline) throw new Error(`the chats do not show it: ${JSON.stringify(cardsOf(chats))}`)
    await sleep(50)
  }
}

function cardsOf({ discord, slack }: Chats): { discord: string[]; slack: string[] } {
  const first = slack.messages().filter(message => !message.thread_ts || message.thread_ts === message.ts)
  return {
    discord: discord
      .messages()
      .filter(message => !message.message_reference)
      .map(message => message.content),
    slack: first.map(message => message.text),
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
