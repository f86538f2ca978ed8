// The state of a simulated world while it is played: true time, Vakt's lives, what was sent and what must be true.
import type { Chat, ChatMessage } from './chat.ts'
import type { WorldLogs } from './logs/world-logs.ts'
import type { CheckRules } from './model/check-life.ts'
import { type LogBatch, LogLines } from './model/log-lines.ts'
import { type DeafKind, type Deafness, Model } from './model/model.ts'
import type { Routing } from './model/routing.ts'
import { emptyDatabase } from './mortal-database.ts'
import type { Random } from './random.ts'
import { startVakt, type Vakt } from './vakt.ts'
import type { WorldClock } from './world-clock.ts'

/** A check of the world: the flags that create it, and what they mean. */
export type PlannedCheck = { name: string; flags: string; rules: CheckRules }

/** Something that Vakt did not do right; `what` is a sentence for a person. */
export class Violation extends Error {}

const RESTART_MS = 30_000
/** Vakt gives a sign of life at least this often, ms. */
const MAX_SIGN_AGE_MS = 400_000

export type WorldOptions = {
  clock: WorldClock
  random: Random
  checks: readonly PlannedCheck[]
  /** The targets of probes: each is a check of its own. */
  probes: readonly string[]
  hasTargets: boolean
  /** Null where every chat gets everything. */
  routing: Routing | null
  /** Jobs of a project of their own, in which many alerts at once are a storm. */
  storming: readonly PlannedCheck[]
  logs: WorldLogs | null
  /** Whether rules watch how many lines two of the programs send. */
  hasLogRules: boolean
  createChats(world: World): Chat[]
}

/** A request with log lines; `key` is its idempotency key. */
export type LogRequest = { source?: string | undefined; body: string; type: string; key: string | null }

export class World {
  readonly clock: WorldClock
  readonly random: Random
  readonly options: WorldOptions
  readonly chats: Chat[]
  model: Model
  vakt: Vakt | null = null
  isOnline = true
  /** Targets of probes that do not answer. */
  readonly downTargets = new Set<string>()
  /** Why Vakt does not hear now. */
  readonly #deafBy = new Set<DeafKind>()
  #deafness: Deafness | null = null
  disk: Uint8Array = emptyDatabase()
  isDiskCurrent = true
  isAsleep = false
  /** After how long a process comes back that dies at a statement, ms. */
  comesBackAfterMs = 60_000
  #freePages: number | null = null
  /** After how many statements of the next request the process dies; 0 is right after its answer. */
  #killAfter: number | null = null
  #wasReached = false
  /** Messages of a life that a restored backup does not know. */
  orphans: ReadonlySet<ChatMessage> = new Set()
  /** The log lines: what was sent, and where they are stored; null in a world without logs. */
  readonly logs: { lines: LogLines; store: WorldLogs } | null
  /** The secret that programs send logs with. */
  logKey = ''
  /** The address of each check. */
  readonly uuids = new Map<string, string>()
  readonly #later: { at: number; order: number; work: () => Promise<void> }[] = []
  #order = 0

  constructor(options: WorldOptions) {
    this.options = options
    this.clock = options.clock
    this.random = options.random
    this.model = new Model([...options.checks, ...options.storming], options.probes)
    this.logs = options.logs && { lines: new LogLines(), store: options.logs }
    this.chats = options.createChats(this)
  }

  /** Plans work for a later instant of true time. */
  later(at: number, work: () => Promise<void>): void {
    this.#later.push({ at, order: this.#order++, work })
  }

  /** True time passes until `at`; what was planned meanwhile is done. */
  async passUntil(at: number): Promise<void> {
    for (;;) {
      this.#later.sort((a, b) => a.at - b.at || a.order - b.order)
      const next = this.#later[0]
      if (!next || next.at > at) break
      this.#later.shift()
      await this.#advance(next.at)
      await next.work()
      await this.#buryDead()
    }
    await this.#advance(at)
  }

  async #advance(at: number): Promise<void> {
    while (this.clock.trueNow() < at) {
      if (this.isAsleep) this.clock.sleepTo(at)
      else await this.clock.advanceTo(at, () => this.vakt?.isDead() ?? false)
      await this.#buryDead()
    }
  }

  /** What was killed at a statement comes back after a while. */
  async #buryDead(): Promise<void> {
    if (!this.vakt?.isDead()) return
    this.kill()
    this.later(this.clock.trueNow() + this.comesBackAfterMs, () => this.start())
  }

  /** Starts Vakt, unless it runs. */
  async start(): Promise<void> {
    if (this.vakt) return
    const { clock, chats, disk, isDiskCurrent, options } = this
    const vakt = await startVakt({
      ...{ clock, chats, disk, isStateCurrent: isDiskCurrent, freePages: this.#freePages },
      isOnline: () => this.isOnline,
      isUp: target => !this.downTargets.has(target),
      hasTargets: options.hasTargets,
      logs: options.logs,
    })
    // A supervisor starts it again.
    if (!vakt) return this.later(clock.trueNow() + RESTART_MS, () => this.start())
    this.vakt = vakt
    this.isDiskCurrent = true
    this.hearAgain('stopped')
  }

  async stop(): Promise<void> {
    if (!this.vakt) return
    this.becomeDeaf('stopped')
    this.disk = await this.vakt.stop()
    this.vakt = null
  }

  kill(): void {
    if (!this.vakt) return
    this.becomeDeaf('stopped')
    this.disk = this.vakt.kill()
    this.vakt = null
  }

  /** The disk takes at most `pages` more. */
  fillDisk(pages: number): void {
    this.#freePages = pages
    this.vakt?.database.fill(pages)
  }

  emptyDisk(): void {
    this.#freePages = null
    this.vakt?.database.empty()
  }

  fallAsleep(): void {
    this.becomeDeaf('asleep')
    this.isAsleep = true
  }

  async wakeUp(): Promise<void> {
    this.isAsleep = false
    this.hearAgain('asleep')
    // A real scheduler ticks within seconds.
    await this.vakt?.wake()
  }

  /** Sets Vakt's clock forward or back by `ms`. */
  async setClock(ms: number): Promise<void> {
    if (ms > 0) this.becomeDeaf('asleep')
    this.clock.set(ms)
    if (ms > 0) this.hearAgain('asleep')
    else this.model.rewind(this.clock.now(), -ms)
    await this.vakt?.wake()
  }

  /** Copies the state; the function that it returns kills Vakt and starts it on that copy after a while. */
  copyState(): (awayMs: number) => Promise<void> {
    const bytes = this.vakt!.database.copy()
    const model = this.model.clone()
    const { orphans } = this
    const [at, trueAt] = [this.clock.now(), this.clock.trueNow()]
    return async awayMs => {
      const hasOutage = [...this.model.outages.values()].flat().some(({ from, to }) => from >= trueAt || to === null)
      const backMs = at - (this.clock.now() + awayMs)
      // Where Vakt last gave a sign of life is not known so exactly.
      const isUnclear = backMs >= 0 && backMs < MAX_SIGN_AGE_MS
      if (!this.vakt || this.isDeaf() || hasOutage || isUnclear) return
      this.vakt.kill()
      this.vakt = null
      model.continueAfter(this.model)
      this.model = model
      this.logs?.lines.forgetSince(trueAt)
      this.disk = bytes
      this.isDiskCurrent = false
      const later = this.chats.flatMap(chat => chat.messages).filter(({ at: postedAt }) => postedAt > trueAt)
      this.orphans = new Set([...orphans, ...later])
      this.becomeDeaf('stopped', at)
      this.later(this.clock.trueNow() + awayMs, async () => {
        await this.start()
        // The clock was set back since the copy was made: that is all that Vakt can see.
        if (backMs > 0) this.model.rewind(this.clock.now(), backMs)
      })
    }
  }

  /** Ends every fault that is not ended by itself. */
  heal(): void {
    for (const chat of this.chats) chat.fault = null
    this.#killAfter = null
    this.logs?.store.dieInAppend(null)
    this.logs?.store.limit(null)
    this.vakt?.database.dieAfter(Number.POSITIVE_INFINITY)
  }

  /** Vakt does not hear from now on, until every reason has ended. */
  becomeDeaf(kind: DeafKind, now = this.clock.now()): void {
    this.#deafBy.add(kind)
    this.#deafness ??= this.model.beginDeafness(kind, now)
    this.#deafness.kinds.add(kind)
    // A full disk takes some beats still.
    if (kind !== 'storage') this.#deafness.sureFrom ??= now
  }

  hearAgain(kind: DeafKind): void {
    this.#deafBy.delete(kind)
    if (this.#deafBy.size > 0 || !this.#deafness) return
    this.#deafness.to = this.clock.now()
    this.#deafness = null
  }

  /** Whether Vakt does not hear, for a reason of this kind or for any. */
  isDeaf(kind?: DeafKind): boolean {
    return kind ? this.#deafBy.has(kind) : this.#deafBy.size > 0
  }

  /** A ping of a check, known by its attempt; what became of it is noted. */
  async ping(check: string, kind: 'success' | 'start' | 'fail', rid: string | null): Promise<'stored' | 'lost'> {
    const attempt = this.model.attempt(check, kind, rid, this.clock.now())
    const uuid = this.uuids.get(check)
    if (!this.vakt || !this.isOnline || this.isAsleep || uuid === undefined) {
      attempt.outcome = 'unsent'
      return 'lost'
    }
    const suffix = kind === 'success' ? '' : `/${kind}`
    const query = rid === null ? '' : `?rid=${rid}`
    const headers = { 'user-agent': `attempt ${attempt.id}` }
    const { vakt } = this
    const answer = await this.#withKill(() => vakt.request(`/ping/${uuid}${suffix}${query}`, { headers }))
    attempt.outcome = answer === null ? 'unanswered' : answer.status === 200 ? 'stored' : 'refused'
    if (answer && answer.status !== 200 && answer.status !== 503)
      throw new Violation(`A ping of ${check} was answered ${answer.status}: ${answer.text}`)
    return attempt.outcome === 'stored' ? 'stored' : 'lost'
  }

  /** A batch of log lines; what became of it is noted. */
  async sendLogs(batch: LogBatch, { source = 'shop', body, type, key }: LogRequest): Promise<LogBatch['outcome']> {
    const { vakt, logs, clock, model } = this
    if (!vakt || !logs || !this.isOnline || this.isAsleep) return 'unsent'
    const headers = {
      authorization: `Bearer ${this.logKey}`,
      'content-type': type,
      ...(key && { 'idempotency-key': key }),
    }
    if (this.isDeaf('storage')) batch.isCountUncertain = true
    const isFirst = batch.outcome === 'unsent' || batch.outcome === 'refused'
    const answer = await this.#withKill(() =>
      vakt.request(`/api/logs?source=${source}`, { method: 'POST', headers, body }),
    )
    if (answer && answer.status !== 200 && answer.status !== 503)
      throw new Violation(`Lines from ${batch.first} on were answered ${answer.status}: ${answer.text}`)
    const outcome = answer === null ? 'unanswered' : answer.status === 200 ? 'stored' : 'refused'
    if (outcome !== 'refused') {
      const isCertain = outcome === 'stored' && isFirst && !this.isDeaf('storage')
      model.arrivals.push({ source, at: clock.now(), count: batch.count, isCertain })
    }
    logs.lines.attempted(batch, outcome, clock.trueNow())
    return outcome
  }

  /** A command line of a person; null when nobody answers. */
  async command(line: string): Promise<{ ok: boolean; result: unknown; message: string } | null> {
    this.#wasReached = this.vakt !== null && this.isOnline && !this.isAsleep
    const { vakt } = this
    return this.#wasReached ? this.#withKill(() => vakt!.command(line)) : null
  }

  /** The process dies after `statements` of the next ping or command; with 0 right after its answer. */
  killDuringNextRequest(statements: number): void {
    this.#killAfter = statements
  }

  async #withKill<T>(request: () => Promise<T>): Promise<T> {
    const statements = this.#killAfter
    this.#killAfter = null
    if (statements !== null && statements > 0) this.vakt!.database.dieAfter(statements)
    const answer = await request()
    if (statements === 0) this.vakt?.database.die()
    return answer
  }

  /** Whether the last command line reached Vakt, whatever became of its answer. */
  wasReached(): boolean {
    return this.#wasReached
  }
}
