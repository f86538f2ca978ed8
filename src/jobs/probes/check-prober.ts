// Asks the targets of probes when they are due: one timer for all, a limited number at once, and nothing blamed while offline.
import type { BlockList } from 'node:net'
import { applyResults } from '../../alerts/lifecycle.ts'
import type { Check } from '../../checks/check.ts'
import type { Clock } from '../../clock.ts'
import type { Prober } from '../../connectivity/probe.ts'
import { evaluateProbeResult } from '../../detectors/evaluate-probes.ts'
import { evaluateView } from '../../detectors/evaluate-viewpoints.ts'
import { buildActionArgv } from '../../hosts/actions/action.ts'
import type { HostRuntime } from '../../hosts/host-runtime.ts'
import { findHost } from '../../hosts/hosts.ts'
import type { Logger } from '../../logger.ts'
import { describeFailure, failed } from '../../probes/doors/failure.ts'
import type { ProbeHosts, ProbeRequest } from '../../probes/doors/probe-kind.ts'
import { readExpectations } from '../../probes/expectation.ts'
import { nextProbe, type Probe, type ProbeResult, readHeaders, readStatuses, spreadOf } from '../../probes/probe.ts'
import { probeKind } from '../../probes/probe-kinds.ts'
import { listActiveProbes, type ProbedCheck, readProbedCheck } from '../../probes/probes.ts'
import type { Vault } from '../../projects/vault.ts'
import { MAIN_VIEWPOINT } from '../../satellites/satellite.ts'
import type { State } from '../../state/database.ts'
import type { GroupCommit } from '../../state/group-commit.ts'
import type { Telemetry } from '../../telemetry.ts'
import { SECOND } from '../../time.ts'

/** How many probes are under way at once, and how many of one project, so that its slow targets delay no other. */
const MAX_RUNNING = 256
const MAX_RUNNING_PER_PROJECT = 128
/** Probes that are due within this time begin together, so that a thousand of them cost few wake-ups, ms. */
const SLOT_MS = 250
/** Overdue probes begin within this time after a start, ms; a single new one begins within a second. */
const START_SPREAD_MS = 10 * SECOND
const NEW_SPREAD_MS = SECOND
/** While Vakt is offline, a probe looks this often whether it may begin, ms. */
const OFFLINE_INTERVAL_MS = 15 * SECOND
/** A probe that took this much longer than its limit was asleep with the whole machine, ms. */
const ASLEEP_MS = 5 * SECOND

export interface CheckProber {
  start(): void
  stop(): void
  /** Asks the target of a check now and records the result; resolves with it. */
  probeNow(checkId: number): Promise<ProbeResult>
  /** Computes all times again, because the clock moved backwards. */
  rewind(): void
  /** How many probes are under way. */
  running(): number
}

export type CheckProberOptions = {
  state: State
  vault: Vault
  clock: Clock
  logger: Logger
  commit: GroupCommit
  /** Runs commands on hosts; a satellite has none. */
  hostRuntime?: Pick<HostRuntime, 'connections'>
  connectivity: Pick<Prober, 'current' | 'confirm'>
  /** Networks that everybody may probe. */
  allowed: BlockList
  telemetry: Pick<Telemetry, 'probeDurations' | 'probeResults'>
  /** Takes the results, in the running transaction, in place of the evaluation; only a satellite does. */
  onResult?: (probed: ProbedCheck, result: ProbeResult, now: number) => void
  /** Asks a target; only tests change it. */
  ask?: (probe: Probe, request: ProbeRequest) => Promise<ProbeResult>
}

type Entry = { dueAt: number; isRunning: boolean } & Pick<Check, 'lan' | 'every' | 'projectId'>

/** The prober of all checks that look for themselves. Nothing runs before `start`. */
export function createCheckProber(options: CheckProberOptions): CheckProber {
  const { state, clock, logger, commit, connectivity, telemetry } = options
  const { ask = (probe, request) => probeKind(probe.kind).run(request) } = options
  const entries = new Map<number, Entry>()
  const stopping = new AbortController()
  const unknown = new Set<number>()
  let isStarted = false
  let running = 0
  const runningOf = new Map<number, number>()
  let cancelWake = () => {}

  const isOnline = () => connectivity.current().state !== 'offline' && connectivity.current().failedRounds === 0

  /** Reads which probes there are; those that go on keep their time. */
  const load = (spreadMs: number, keepsTimes: boolean) => {
    const now = clock.now()
    const active = new Map(
      listActiveProbes(state, options.onResult ? null : MAIN_VIEWPOINT).map(check => [check.id, check]),
    )
    for (const id of entries.keys()) if (!active.has(id)) entries.delete(id)
    for (const check of active.values()) {
      const entry = entries.get(check.id)
      const isKept = entry && keepsTimes && entry.every === check.every && Number.isFinite(entry.dueAt)
      const dueAt = isKept ? entry.dueAt : (firstDue(check, now, spreadMs) ?? Number.POSITIVE_INFINITY)
      const { lan, every, projectId } = check
      // A probe under way keeps its entry, which it will schedule again.
      entries.set(check.id, Object.assign(entry ?? { isRunning: false }, { dueAt, lan, every, projectId }))
    }
    schedule()
  }

  const schedule = () => {
    cancelWake()
    if (!isStarted) return
    let next = Number.POSITIVE_INFINITY
    for (const entry of entries.values()) if (mayRun(entry) && entry.dueAt < next) next = entry.dueAt
    if (next < Number.POSITIVE_INFINITY) cancelWake = clock.at(Math.max(next, clock.now()), runDue)
  }

  const mayRun = ({ isRunning, projectId }: Entry) =>
    !isRunning && running < MAX_RUNNING && (runningOf.get(projectId) ?? 0) < MAX_RUNNING_PER_PROJECT

  const runDue = () => {
    const now = clock.now()
    for (const [id, entry] of entries) {
      if (entry.dueAt > now + SLOT_MS || !mayRun(entry)) continue
      if (!entry.lan && !isOnline()) entry.dueAt = now + OFFLINE_INTERVAL_MS
      else void run(id, entry)
    }
    schedule()
  }

  const run = async (id: number, entry: Entry) => {
    const { projectId } = entry
    entry.isRunning = true
    running++
    runningOf.set(projectId, (runningOf.get(projectId) ?? 0) + 1)
    try {
      await probeNow(id)
    } catch (error) {
      logger.error('result of a probe could not be stored', { check: id, error })
    } finally {
      running--
      runningOf.set(projectId, runningOf.get(projectId)! - 1)
      entry.isRunning = false
      reschedule(id, entry)
    }
  }

  const reschedule = (id: number, entry: Entry) => {
    const probed = readProbedCheck(state, id)
    // It may have begun a little early, with others; its own time is then still ahead.
    // One that was removed meanwhile leaves with the next `load`.
    const due = probed ? nextDue(probed.check, Math.max(clock.now(), entry.dueAt)) : null
    entry.dueAt = due ?? Number.POSITIVE_INFINITY
    schedule()
  }

  /** When a probe is due next after `after`; null also when that cannot be computed, because its time zone is gone, say. */
  const nextDue = (check: Check, after: number): number | null => {
    try {
      return nextProbe(check, after)
    } catch (error) {
      logger.error('a probe is not made: its next time cannot be computed', { check: check.id, error })
      return null
    }
  }

  /** When a probe that was just loaded is due: at its next time after the last result, soon when that has passed. */
  const firstDue = (check: Check, now: number, spreadMs: number): number | null => {
    const due = check.lastBeatAt === null ? now : nextDue(check, Math.min(check.lastBeatAt, now))
    if (due === null || due > now) return due
    return now + spreadOf(check, Math.min(spreadMs, check.every ?? spreadMs))
  }

  const probeNow = async (id: number): Promise<ProbeResult> => {
    const probed = readProbedCheck(state, id)
    if (!probed) return failed('the check was removed')
    const begunAt = clock.now()
    const result = await askSafely(probed)
    if (stopping.signal.aborted || !(await counts(probed, result, begunAt))) return result
    await commit(() => record(probed, result))
    return result
  }

  const askSafely = async ({ check, probe }: ProbedCheck): Promise<ProbeResult> => {
    const begunAt = clock.now()
    try {
      return count(probe, await ask(probe, requestOf(options, check, probe, stopping.signal)), begunAt)
    } catch (error) {
      return count(probe, failed(describeFailure(error, check.name, probe.timeout)), begunAt)
    }
  }

  const count = (probe: Probe, result: ProbeResult, begunAt: number): ProbeResult => {
    if (stopping.signal.aborted) return result
    telemetry.probeDurations.record(probe.kind, (result.durationMs ?? clock.now() - begunAt) / SECOND)
    telemetry.probeResults.add(1, probe.kind, result.isUnknown ? 'unknown' : result.ok ? 'up' : 'down')
    return result
  }

  /** Whether a result shows something about the target, rather than about this machine and its network. */
  const counts = async ({ check, probe }: ProbedCheck, result: ProbeResult, begunAt: number): Promise<boolean> => {
    if (result.isUnknown) {
      if (!unknown.has(check.id))
        logger.warn('a probe cannot be made here', { check: check.name, reason: result.message })
      unknown.add(check.id)
      return false
    }
    unknown.delete(check.id)
    if (result.ok) return true
    if (clock.now() - begunAt > probe.timeout + ASLEEP_MS) return false
    // The failure that may become an alert waits for a look at the network that began after the probe.
    if (check.lan || check.status === 'down') return check.lan || isOnline()
    await connectivity.confirm(begunAt)
    return isOnline()
  }

  const record = (probed: ProbedCheck, result: ProbeResult) => {
    const current = readProbedCheck(state, probed.check.id)
    // Meanwhile it may have been paused, or asked to look at something else.
    if (!current || current.check.status === 'paused' || current.probe.changedAt !== probed.probe.changedAt) return
    const now = clock.now()
    if (options.onResult) return options.onResult(current, result, now)
    const results =
      current.probe.via === null
        ? evaluateProbeResult(state, current, result, now)
        : evaluateView(state, current, MAIN_VIEWPOINT, result, { at: now, now })
    applyResults(state, results, now)
  }

  state.onCommit(topics => {
    if (topics.has('probes') && isStarted) setImmediate(() => isStarted && load(NEW_SPREAD_MS, true))
  })

  return {
    start() {
      isStarted = true
      load(START_SPREAD_MS, false)
    },
    stop() {
      isStarted = false
      cancelWake()
      stopping.abort()
    },
    probeNow,
    rewind: () => load(START_SPREAD_MS, false),
    running: () => running,
  }
}

function requestOf(options: CheckProberOptions, check: Check, probe: Probe, signal: AbortSignal): ProbeRequest {
  const { vault, allowed } = options
  return {
    target: probe.target,
    command: probe.command,
    expectations: readExpectations(probe.expect),
    acceptsStatus: probe.expectStatus === null ? null : readStatuses(probe.expectStatus),
    headers: probe.headersSealed === null ? [] : readHeaders(vault.open(probe.headersSealed)),
    method: probe.method,
    timeoutMs: probe.timeout,
    insecure: probe.insecure,
    certDays: probe.certDays,
    rules: { reach: probe.reach, allowed },
    hosts: probeHosts(options, check),
    signal,
  }
}

/** Commands run as actions do: the host itself ends them at the time limit, and a shell reads only the admin's command. */
function probeHosts({ state, hostRuntime }: CheckProberOptions, check: Check): ProbeHosts {
  return {
    run(name, command, timeoutMs) {
      if (!hostRuntime) throw new Error('commands run on hosts of the main only')
      const host = findHost(state, name)
      const argv = buildActionArgv({ command, timeLimit: timeoutMs }, host.name, '')
      const machine = hostRuntime.connections.machine(host, { ignoreBackoff: check.status !== 'down' })
      return machine.run(argv, { timeoutMs: timeoutMs + ASLEEP_MS, maxBytes: MAX_OUTPUT_BYTES })
    },
  }
}

const MAX_OUTPUT_BYTES = 256 * 1024
