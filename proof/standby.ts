// Loses the main Vakt for real, by kill -9 and by pauses, and watches a stand-by take over: how long it takes, which acknowledged
// beats are missing, whether anybody is blamed, and whether the old one says or commits anything after the new one began.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOST_LEASE_EXIT_CODE } from '../src/replication/standby/duty.ts'
import { Sqlite } from '../src/state/sqlite.ts'
import { ADMIN_KEY } from '../src/testing/running.ts'
import { startS3 } from '../src/testing/s3/s3-server.ts'
import { startSlack } from '../src/testing/slack/slack.ts'
import { SECOND } from '../src/time.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const NODE = process.execPath
const VAULT_KEY = Buffer.alloc(32, 9).toString('base64')
const MAX_FAILOVER_MS = 60 * SECOND
const MAX_MISSING_MS = SECOND
/** Longer than every check of the proof may be late. */
const QUIET_MS = 40 * SECOND
/** A busy machine takes minutes for a start. */
const [TRY_EVERY_MS, MAX_TRIES] = [20, 30_000]

/**
 * `--tries N` is the number of pauses (default: 20), `--rounds N` that of kills (default: 2), `--busy N` that of main threads that are
 * kept busy (default: 1), `--ttl S` the lease of the pauses, and `--worlds N` how many pairs pause at the same time.
 */
export async function standby(options: Readonly<Record<string, string>>): Promise<boolean> {
  const litestream = options.litestream ?? onPath('litestream')
  const faults: string[] = []
  for (let round = 1; round <= Number(options.rounds ?? 2); round++) {
    if (litestream === null)
      console.log(
        'standby: no litestream on the PATH, so the kills are skipped (go install github.com/benbjohnson/litestream/cmd/litestream@v0.5.18)',
      )
    else faults.push(...(await playKill(litestream, round)))
    if (litestream === null) break
  }
  const tries = Number(options.tries ?? 20)
  for (let round = 1; round <= Number(options.busy ?? 1); round++) faults.push(...(await playBusy(round)))
  const worlds = Math.max(1, Math.min(tries, Number(options.worlds ?? 1)))
  const ttlMs = Number(options.ttl ?? 4) * SECOND
  const shares = Array.from({ length: worlds }, (_, i) => Math.floor((tries + i) / worlds))
  faults.push(...(await Promise.all(shares.map(share => playPauses(share, ttlMs)))).flat())
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
  return faults.length === 0
}

type World = {
  root: string
  slack: Awaited<ReturnType<typeof startSlack>>
  s3: Awaited<ReturnType<typeof startS3>>
}

async function inWorld<T>(play: (world: World) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'vakt-standby-proof-'))
  const slack = await startSlack({ rateLimits: false })
  const s3 = await startS3('leases')
  try {
    return await play({ root, slack, s3 })
  } finally {
    await Promise.all([slack.stop(), s3.stop()])
    rmSync(root, { recursive: true, force: true })
  }
}

type Vakt = {
  name: string
  folder: string
  port: number
  child: ChildProcess
  text(): string
  ended: Promise<number | null>
  isOnDuty(): boolean
}

/** Starts a Vakt, or a stand-by, over its own folder. Both have the same port, as two machines behind one name would. */
function start(
  { root, slack, s3 }: World,
  name: string,
  port: number,
  words: string[],
  more: Record<string, string>,
): Vakt {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  const { endpoint, region, accessKey, secretKey } = s3.bucket
  const env = {
    ...{
      PATH: process.env.PATH,
      HOME: folder,
      TZ: 'UTC',
      PORT: String(port),
      DATA_DIR: folder,
      ADMIN_KEY,
      VAULT_KEY,
    },
    ...{ LOG_LEVEL: 'info', LEASE: 's3://leases/vakt.lease', LEASE_NAME: name },
    ...{ ARCHIVE_S3_ENDPOINT: endpoint, ARCHIVE_S3_REGION: region },
    ...{ ARCHIVE_S3_ACCESS_KEY: accessKey, ARCHIVE_S3_SECRET_KEY: secretKey },
    ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
    ...{ SLACK_CHANNEL_ID: slack.channel, SLACK_API_URL: slack.apiUrl },
    ...more,
  }
  let printed = ''
  const isOnDuty = () => /on duty at/.test(printed)
  let finish: (code: number | null) => void
  const ended = new Promise<number | null>(resolve => {
    finish = resolve
  })
  const vakt: Vakt = { name, folder, port, child: spawnOnce(), text: () => printed, ended, isOnDuty }
  return vakt

  function spawnOnce(): ChildProcess {
    const child = spawn(NODE, ['--max-semi-space-size=4', '--import', BUSY_ON_SIGNAL, MAIN, ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    })
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (printed += String(chunk)))
    child.once('exit', code => {
      // On a busy machine a start may take longer than a shortened lease: whoever supervises it starts it again.
      if (code === LOST_LEASE_EXIT_CODE && !isOnDuty()) vakt.child = spawnOnce()
      else finish(code)
    })
    return child
  }
}

/** A module that keeps the main thread busy, as a long query would, when it gets SIGUSR2: for BUSY_MS. */
const BUSY_ON_SIGNAL = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.env.BUSY_MS)))",
)}`
const BUSY_TTL_MS = 8 * SECOND
/** Some leases, after which the lease is still renewed; and longer than any main thread may be busy. */
const [SHORT_BUSY_MS, LONG_BUSY_MS] = [24 * SECOND, 100 * SECOND]

/** Keeps the main thread busy: for a short time, which must cost it nothing, and for a long one, after which the other takes over. */
function playBusy(round: number): Promise<string[]> {
  return inWorld(async world => {
    const faults: string[] = []
    for (const busyMs of [SHORT_BUSY_MS, LONG_BUSY_MS]) {
      const root = join(world.root, String(busyMs))
      const isShort = busyMs === SHORT_BUSY_MS
      const restore = `cp ${root}/vakt-a/vakt.db "$VAKT_DB" && { test ! -e ${root}/vakt-a/vakt.db-wal || cp ${root}/vakt-a/vakt.db-wal "$VAKT_DB-wal"; }`
      const settings = {
        ...{ LEASE_TTL: `${BUSY_TTL_MS / SECOND}s`, LEASE: `s3://leases/${busyMs}.lease`, BUSY_MS: String(busyMs) },
        ...{ RESTORE_COMMAND: restore, LOG_LEVEL: 'warn' },
      }
      const place = { ...world, root }
      const [port, otherPort] = [await freePort(), await freePort()]
      const a = start(place, 'vakt-a', port, [], settings)
      const running = [a]
      try {
        await waitUntil(a.isOnDuty, 'the main Vakt', () => a.text())
        const pingKey = await prepare(port)
        const b = start(place, 'vakt-b', otherPort, ['standby'], settings)
        running.push(b)
        await waitUntil(
          () => /A rehearsal/.test(b.text()),
          'the rehearsal',
          () => b.text(),
        )
        const traffic = beats(port, pingKey)
        await sleep(SECOND)
        const begunAt = Date.now()
        a.child.kill('SIGUSR2')
        const isAnswering = () => traffic.acknowledged.some(({ at }) => at > begunAt + busyMs)
        await waitUntil(
          () => isAnswering() || b.isOnDuty(),
          'either of them',
          () => a.text() + b.text(),
        )
        const afterMs = Date.now() - begunAt
        if (!isShort) await Promise.race([a.ended, sleep(LONG_BUSY_MS)])
        await sleep(BUSY_TTL_MS)
        await traffic.stop()
        console.log(
          `standby: busy ${round}: the main thread busy for ${busyMs / SECOND} s, lease of ${BUSY_TTL_MS / SECOND} s: ${b.isOnDuty() ? 'taken over' : 'still the main one'} after ${(afterMs / SECOND).toFixed(1)} s`,
        )
        faults.push(...busyFaults(a, b, busyMs))
      } finally {
        await endAll(running)
      }
    }
    return faults
  })
}

function busyFaults(a: Vakt, b: Vakt, busyMs: number): string[] {
  const said = `: ${a.text().slice(-300)}`
  const code = a.child.exitCode
  if (busyMs === SHORT_BUSY_MS)
    return b.isOnDuty() || code !== null ? [`a main thread that was busy for ${busyMs} ms lost its lease${said}`] : []
  return [
    ...(b.isOnDuty() ? [] : [`nobody took over from a main thread that was busy for ${busyMs} ms`]),
    ...(code === LOST_LEASE_EXIT_CODE ? [] : [`the one that was busy for ${busyMs} ms ended with ${code}${said}`]),
  ]
}

/** Beats of four jobs, back to back, until stopped: what was acknowledged, with the instant of the answer. */
function beats(port: number, pingKey: string) {
  const acknowledged: { job: string; at: number; rid: string }[] = []
  let isStopped = false
  const running = (async () => {
    for (let n = 0; !isStopped; n++) {
      const job = `steady-${n % 4}`
      const rid = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
      const url = `http://127.0.0.1:${port}/ping/${pingKey}/${job}?rid=${rid}`
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
      if (response?.ok) acknowledged.push({ job, rid, at: Date.now() })
      else await sleep(200)
      await sleep(20)
    }
  })()
  return {
    acknowledged,
    async stop() {
      isStopped = true
      await running
    },
  }
}

/** kill -9 of the main Vakt and its Litestream at once, under beats; the stand-by restores by Litestream. */
function playKill(litestream: string, round: number): Promise<string[]> {
  return inWorld(async world => {
    const config = join(world.root, 'litestream.yml')
    writeFileSync(config, litestreamConfig(join(world.root, 'replica')))
    const port = await freePort()
    const commands = {
      REPLICATE_COMMAND: `exec ${litestream} replicate -config ${config}`,
      RESTORE_COMMAND: `${litestream} restore -config ${config} -if-replica-exists -o "$VAKT_DB" "$DATA_DIR/vakt.db"`,
    }
    const a = start(world, 'vakt-a', port, [], commands)
    const running = [a]
    try {
      await waitUntil(a.isOnDuty, 'the main Vakt', () => a.text())
      const pingKey = await prepare(port)
      const traffic = beats(port, pingKey)
      await waitUntil(
        () => existsSync(join(world.root, 'replica')),
        'the first copy',
        () => a.text(),
      )
      const b = start(world, 'vakt-b', port, ['standby'], commands)
      running.push(b)
      await waitUntil(
        () => /A rehearsal/.test(b.text()),
        'the rehearsal',
        () => b.text(),
      )
      await sleep(5 * SECOND)
      const killedAt = Date.now()
      const group = pidsOf(config)
      a.child.kill('SIGKILL')
      for (const pid of group) process.kill(pid, 'SIGKILL')
      await waitUntil(
        () => traffic.acknowledged.some(({ at }) => at > killedAt + 500),
        'the take-over',
        () => b.text(),
      )
      const serving = traffic.acknowledged.find(({ at }) => at > killedAt + 500)!.at
      await sleep(QUIET_MS)
      await traffic.stop()
      const missing = missingBeats(
        b.folder,
        traffic.acknowledged.filter(({ at }) => at <= killedAt),
      )
      const missingMs = missing.length === 0 ? 0 : killedAt - Math.min(...missing.map(({ at }) => at))
      const cards = world.slack.messages().map(({ text }) => text)
      console.log(
        `standby: round ${round}: kill -9 of Vakt and ${group.length} processes of Litestream; serving again after ${((serving - killedAt) / 1000).toFixed(1)} s; ${missing.length} of ${traffic.acknowledged.length} acknowledged beats missing (the last ${missingMs} ms); cards: ${cards.join(' | ')}`,
      )
      const faults = []
      if (serving - killedAt > MAX_FAILOVER_MS) faults.push(`the take-over took ${serving - killedAt} ms`)
      if (missingMs > MAX_MISSING_MS) faults.push(`beats of ${missingMs} ms are missing`)
      if (cards.filter(card => /Taken over from vakt-a/.test(card)).length !== 1)
        faults.push('not exactly one card of the take-over')
      return [...faults, ...cards.filter(card => /steady|daily/.test(card)).map(card => `false alarm: ${card}`)]
    } catch (error) {
      throw new Error(`${running.map(({ name, text }) => `${name}: ${text().slice(-400)}`).join('\n')}`, {
        cause: error,
      })
    } finally {
      await endAll(running)
    }
  })
}

/**
 * Pauses the main Vakt (SIGSTOP) at a random instant under beats, lets the stand-by take over, and resumes the old one: it must
 * exit with 75, answer nothing, post nothing and commit nothing.
 */
async function playPauses(tries: number, ttlMs: number): Promise<string[]> {
  if (tries === 0) return []
  return inWorld(async world => {
    const faults: string[] = []
    const notes: string[] = []
    const ports = [await freePort(), await freePort()] as const
    const relays = [await startRelay(world.slack.apiUrl), await startRelay(world.slack.apiUrl)] as const
    const settings = (from: string, i: number) => ({
      SLACK_API_URL: relays[i]!.apiUrl,
      LEASE_TTL: `${ttlMs / SECOND}s`,
      LOG_LEVEL: 'warn',
      RESTORE_COMMAND: `cp ${from}/vakt.db "$VAKT_DB" && { test ! -e ${from}/vakt.db-wal || cp ${from}/vakt.db-wal "$VAKT_DB-wal"; }`,
    })
    const folderOf = (i: number) => join(world.root, `vakt-${i}`)
    let main = start(world, 'vakt-0', ports[0], [], settings(folderOf(1), 0))
    await waitUntil(main.isOnDuty, 'the main Vakt', () => main.text())
    const pingKey = await prepare(ports[0])
    let played = 0
    try {
      for (let n = 1; n <= tries; n++) {
        const i = n % 2
        const next = start(world, `vakt-${i}`, ports[i]!, ['standby'], settings(main.folder, i))
        const found = await playPause(main, next, pingKey, relays[1 - i]!.count, n, notes)
        faults.push(...found.map(fault => `try ${n}: ${fault}`))
        for (const fault of found) console.log(`standby: try ${n}: ${fault}`)
        main = next
        played++
        if (n % 10 === 0) console.log(`standby: ${n} of ${tries} pauses, ${faults.length} faults`)
      }
    } finally {
      await endAll([main])
      for (const relay of relays) relay.close()
    }
    console.log(
      `standby: ${played} pauses, lease of ${ttlMs / SECOND} s, ${relays[0].count() + relays[1].count()} requests to the chat: ${faults.length} faults${notes.length === 0 ? '' : `; ${notes.length} of the old ones ${[...new Set(notes)].join(', or ')}`}`,
    )
    return faults
  })
}

/** One pause: from a stand-by that waits until the old one has ended. Resolves with what it did wrong. */
async function playPause(
  main: Vakt,
  next: Vakt,
  pingKey: string,
  sent: () => number,
  n: number,
  notes: string[],
): Promise<string[]> {
  const faults: string[] = []
  await waitUntil(
    () => /Standing by for/.test(next.text()),
    'the stand-by',
    () => next.text() + main.text(),
  )
  const traffic = beats(main.port, pingKey)
  const alarms = failures(main.port, pingKey, n)
  await sleep(500 + Math.random() * 1_000)
  // Nothing is wrong with that: it could not renew its lease in time, and began nothing more.
  if (main.child.exitCode === LOST_LEASE_EXIT_CODE)
    notes.push('ended by itself before the pause: the machine is too busy')
  else if (main.child.exitCode !== null) faults.push(`the main Vakt ended by itself: ${main.text().slice(-300)}`)
  main.child.kill('SIGSTOP')
  await waitUntil(next.isOnDuty, 'the take-over', () => next.text())
  const begunAt = Date.now()
  const [state, messages] = [marksOf(main.folder), sent()]
  main.child.kill('SIGCONT')
  const code = await Promise.race([main.ended, sleep(20 * SECOND).then(() => 'still running' as const)])
  await Promise.all([traffic.stop(), alarms.stop()])
  const answered = traffic.acknowledged.filter(({ at }) => at > begunAt).length
  if (code !== LOST_LEASE_EXIT_CODE) faults.push(`the old one ended with ${code}: ${main.text().slice(-300)}`)
  if (answered > 0) faults.push(`the old one answered ${answered} beats`)
  const after = marksOf(main.folder)
  const more = after.commits - state.commits
  // A process that is paused inside of a commit finishes that one call: the commit stays in its own folder, and is never answered.
  if (after.main !== state.main || after.log !== state.log || more > 1)
    faults.push(`the old one wrote to its state: ${JSON.stringify(state)} became ${JSON.stringify(after)}`)
  else if (more === 1) notes.push('finished the commit in which it was paused')
  if (sent() !== messages) faults.push('the old one sent a request to the chat')
  if (code === 'still running') main.child.kill('SIGKILL')
  return faults
}

/** Failures and recoveries of one job after the other, so that the main Vakt always has something to post. */
function failures(port: number, pingKey: string, round: number) {
  let isStopped = false
  const running = (async () => {
    for (let n = 0; !isStopped; n++) {
      const url = `http://127.0.0.1:${port}/ping/${pingKey}/round-${round}-${n >> 1}${n % 2 === 0 ? '/fail' : ''}?create=1&period=1d`
      await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
      await sleep(30)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await running
    },
  }
}

/** A way to the simulated Slack for one Vakt, which counts what it sends. */
async function startRelay(apiUrl: string) {
  let count = 0
  const server = createServer((request, response) => {
    count++
    const target = new URL(request.url!.replace(/^\//, ''), apiUrl)
    const onward = httpRequest(target, { method: request.method!, headers: { ...request.headers, host: target.host } })
    onward.on('response', answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    apiUrl: `http://127.0.0.1:${port}/`,
    count: () => count,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What is on disk of a state: its main file, which run of the write-ahead log, and how many commits that has. */
type Marks = { main: string; log: string; commits: number }

/** Reads them (https://sqlite.org/fileformat2.html#the_write_ahead_log). */
function marksOf(folder: string): Marks {
  const { size, mtimeMs } = statSync(join(folder, 'vakt.db'))
  const main = `${size} ${mtimeMs}`
  const file = join(folder, 'vakt.db-wal')
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  if (bytes.length < LOG_HEADER_BYTES) return { main, log: 'none', commits: 0 }
  const log = bytes.toString('hex', 16, 24)
  const frame = FRAME_HEADER_BYTES + bytes.readUInt32BE(8)
  let commits = 0
  for (let at = LOG_HEADER_BYTES; at + frame <= bytes.length; at += frame) {
    if (bytes.toString('hex', at + 8, at + 16) !== log) break
    // The last frame of a commit has the size of the database.
    if (bytes.readUInt32BE(at + 4) > 0) commits++
  }
  return { main, log, commits }
}

const [LOG_HEADER_BYTES, FRAME_HEADER_BYTES] = [32, 24]

async function prepare(port: number): Promise<string> {
  for (let i = 0; i < 4; i++) await command(port, `checks add steady-${i} --every 10s --grace 20s`)
  const { project } = await command<{ project: { ping_key: string } }>(port, 'projects show')
  // Due within the kill: its beat is never sent again.
  await command(port, 'checks add daily --every 1d --grace 1h')
  await fetch(`http://127.0.0.1:${port}/ping/${project.ping_key}/daily`)
  return project.ping_key
}

async function command<T = unknown>(port: number, line: string): Promise<T> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(`http://127.0.0.1:${port}/api/commands`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ line }),
  })
  const answer = (await response.json()) as { ok: boolean; result: T; error?: { message: string } }
  if (!answer.ok) throw new Error(answer.error?.message)
  return answer.result
}

type Beat = { job: string; at: number; rid: string }

/** The beats that the state in a folder does not have, of those before the kill that no retention has removed by now. */
function missingBeats(folder: string, sent: readonly Beat[]): Beat[] {
  const database = new Sqlite(join(folder, 'vakt.db'), { readonly: true })
  const rows = database.prepare<[], { rid: string }>('select rid from beats where rid is not null').all()
  database.close()
  const stored = new Set(rows.map(({ rid }) => rid))
  return sent.slice(sent.findIndex(({ rid }) => stored.has(rid))).filter(({ rid }) => !stored.has(rid))
}

function litestreamConfig(replica: string): string {
  return `dbs:
  - path: \${DATA_DIR}/vakt.db
    replicas:
      - type: file
        path: ${replica}/epoch-\${VAKT_EPOCH}
        sync-interval: 500ms
`
}

/** The processes whose command line names a file. */
function pidsOf(file: string): number[] {
  const found = execFileSync('sh', ['-c', `grep -lF -- "${file}" /proc/[0-9]*/cmdline 2>/dev/null || true`], {
    encoding: 'utf8',
  })
  const pids = [...found.matchAll(/\/proc\/(\d+)\//g)].map(match => Number(match[1]))
  return pids.filter(pid => {
    try {
      return execFileSync('cat', [`/proc/${pid}/cmdline`], { encoding: 'utf8' }).includes('replicate')
    } catch {
      return false
    }
  })
}

function onPath(name: string): string | null {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function endAll(vakts: readonly Vakt[]): Promise<void> {
  for (const { child } of vakts) {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
  }
  await Promise.all(vakts.map(({ ended }) => ended))
  await sleep(500)
}

async function waitUntil(isTrue: () => boolean, what: string, text: () => string): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > MAX_TRIES) throw new Error(`waited in vain for ${what}: ${text().slice(-1_000)}`)
    await sleep(TRY_EVERY_MS)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
