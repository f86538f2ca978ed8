// Plays scenarios inside Vakt, to Vakt itself: started and stopped by commands, counted in /metrics, cleaned up after a restart.
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createClient, type Fetch } from '../../simulation/client.ts'
import { perform } from '../../simulation/perform.ts'
import type { PlayerEvent } from '../../simulation/player.ts'
import { createProgress, describeFault } from '../../simulation/progress.ts'
import { builtInScenarios, ownScenarios, readNamedScenario } from '../../simulation/read-scenario.ts'
import { type Scenario, withRate } from '../../simulation/scenario.ts'
import { OWNER, SIMULATION } from '../../simulation/stage.ts'
import type { Verdict } from '../../simulation/truth.ts'
import type { State } from '../../state/database.ts'
import { deleteValue, readValue, writeValue } from '../../state/key-value.ts'
import type { Telemetry } from '../../telemetry.ts'
import { errorMessage, truncate } from '../../text.ts'

/** More would slow down the Vakt that is to be watched; `vakt simulate` on another machine has no such limit. */
const MAX_LINES_PER_SECOND = 2_000
const MAX_RUNNING = 3
/** Ended runs that `scenarios status` still shows. */
const MAX_ENDED = 10
const STOP_TIMEOUT_MS = 3_000
/** What runs, for the next start: its checks wait for beats that nobody sends any more. */
const RUNNING_KEY = 'running scenarios'
/** Vakt's own name for itself; no request leaves the process. */
const OWN_URL = 'http://127.0.0.1'

export type ScenarioInfo = { name: string; about: string; durationMs: number; isOwn: boolean; error: string | null }

export type ScenarioRun = {
  name: string
  project: string
  seed: string
  speed: number
  rate: number
  startedAt: number
  startedBy: string
  /** When it ends, or ended. */
  endsAt: number
  state: 'running' | 'ended' | 'stopped' | 'failed'
  error: string | null
  /** The faults that are going on, in words. */
  faults: string[]
  sent: Pick<ReturnType<typeof createProgress>['total'], 'lines' | 'beats' | 'requests' | 'rejected' | 'again' | 'lost'>
  /** How the alerts compare with the faults, once it has ended. */
  verdict: Verdict | null
}

export type StartScenario = {
  name: string
  by: string
  project?: string | undefined
  speed?: number | undefined
  rate?: number | undefined
  seed?: string | undefined
  /** Removes its checks at the end, rather than pausing them. */
  isCleaned?: boolean | undefined
}

export type ScenarioRunnerOptions = {
  state: State
  clock: Clock
  logger: Logger
  telemetry: Telemetry
  /** The data folder; people put scenarios of their own into its folder `scenarios`. */
  folder: string
  adminKey: string
  /** Answers a request as the intake does. */
  answer: Fetch
}

export interface ScenarioRunner {
  /** The folder of people's own scenarios. */
  folder: string
  list(): ScenarioInfo[]
  names(): string[]
  /**
   * Starts a scenario and resolves once its traffic begins. Throws `not_found`, `conflict` when it runs already or too many do,
   * and `invalid` for a scenario that cannot be played here.
   */
  begin(start: StartScenario): Promise<ScenarioRun>
  /** Stops a running scenario and resolves when its checks are paused. Throws `not_found`. */
  end(name: string): Promise<ScenarioRun>
  /** Runs, newest first: those that run, and the latest that ended. */
  runs(): readonly ScenarioRun[]
  start(): void
  stop(): Promise<void>
}

type Active = { run: ScenarioRun; stopping: AbortController; done: Promise<void> }

/** A runner of scenarios. */
export function createScenarioRunner(options: ScenarioRunnerOptions): ScenarioRunner {
  const { state, clock, logger, telemetry, adminKey, answer } = options
  const folder = join(options.folder, 'scenarios')
  const active = new Map<string, Active>()
  let ended: ScenarioRun[] = []

  const remember = () => {
    const running = [...active.values()].map(({ run }) => run.project)
    state.transaction(() => {
      if (running.length === 0) deleteValue(state, RUNNING_KEY)
      else writeValue(state, RUNNING_KEY, JSON.stringify(running))
    })
  }

  const count = (name: string, event: PlayerEvent) => {
    if (event.kind === 'fault') return
    const { step } = event
    telemetry.scenarioRequests.add(1, name, step.source, event.kind === 'again' ? 'retried' : event.kind)
    if (event.kind !== 'sent') return
    if (step.kind === 'beat') telemetry.scenarioBeats.add(1, name, step.source, step.signal)
    else telemetry.scenarioLines.add(step.lines - event.rejected, name, step.source)
  }

  const begin = ({ name, by, project = SIMULATION, speed = 1, rate = 1, seed, isCleaned }: StartScenario) => {
    const found = readNamedScenario(name, folder)
    const scenario = withRate(found.scenario, rate)
    refuseToPlay(scenario, speed, active, name, project)
    const stopping = new AbortController()
    const progress = createProgress(() => {})
    const run: ScenarioRun = {
      ...{ name, project, seed: seed ?? scenario.seed, speed, rate, startedBy: by, error: null, verdict: null },
      ...{ startedAt: clock.now(), endsAt: clock.now() + scenario.duration / speed, state: 'running', faults: [] },
      sent: progress.total,
    }
    const onEvent = (event: PlayerEvent, at: number) => {
      progress.take(event, at)
      count(name, event)
      if (event.kind !== 'fault') return
      const sentence = `${event.step.fault.name}: ${describeFault(event.step.fault)}`
      run.faults =
        event.step.phase === 'begins' ? [...run.faults, sentence] : run.faults.filter(one => one !== sentence)
    }
    const server = { url: OWN_URL, key: adminKey, fetch: answer }
    const begun = Promise.withResolvers<ScenarioRun>()
    const play = async () => {
      try {
        const performing = { speed, project, seed: run.seed, signal: stopping.signal, clock }
        const performance = await perform({ ...found, scenario }, server, performing, {
          onEvent,
          onStart() {
            run.startedAt = clock.now()
            run.endsAt = run.startedAt + scenario.duration / speed
            begun.resolve(run)
          },
        })
        if (isCleaned) await performance.removeChecks()
        run.state = stopping.signal.aborted ? 'stopped' : 'ended'
        run.endsAt = clock.now()
        close()
        if (run.state === 'ended') run.verdict = await performance.verdict()
      } catch (error) {
        run.state = 'failed'
        run.error = errorMessage(error)
        run.endsAt = clock.now()
        close()
        begun.reject(error)
        logger.warn('scenario failed', { scenario: name, error })
      }
    }
    const close = () => {
      active.delete(name)
      run.faults = []
      ended = [run, ...ended.filter(one => one.name !== name)].slice(0, MAX_ENDED)
      remember()
    }
    const entry: Active = { run, stopping, done: Promise.resolve() }
    active.set(name, entry)
    remember()
    entry.done = play()
    return begun.promise
  }

  return {
    folder,
    list: () => listAll(folder),
    names: () => [...new Set([...builtInScenarios(), ...ownScenarios(folder)])],
    begin,
    async end(name) {
      const entry = active.get(name)
      if (!entry) {
        const running = [...active.keys()]
        const hint = running.length === 0 ? 'None runs.' : `Running: ${running.join(', ')}.`
        throw new Problem('not_found', `The scenario "${name}" does not run. ${hint}`, {
          fields: { scenario: 'does not run' },
        })
      }
      entry.stopping.abort()
      await entry.done
      return entry.run
    },
    runs: () => [...[...active.values()].map(({ run }) => run).reverse(), ...ended],
    start() {
      const left = JSON.parse(readValue(state, RUNNING_KEY) ?? '[]') as string[]
      if (left.length === 0) return
      remember()
      const client = createClient(OWN_URL, adminKey, answer)
      for (const project of new Set(left))
        pauseChecks(client, project).catch(error =>
          logger.warn('checks of a scenario could not be paused', {
            project,
            error: truncate(errorMessage(error), 200),
          }),
        )
    },
    async stop() {
      const all = [...active.values()]
      for (const { stopping } of all) stopping.abort()
      const timeout = new Promise(resolve => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
      await Promise.race([Promise.allSettled(all.map(({ done }) => done)), timeout])
    },
  }
}

function refuseToPlay(
  scenario: Scenario,
  speed: number,
  active: ReadonlyMap<string, Active>,
  name: string,
  project: string,
): void {
  if (active.has(name))
    throw new Problem('conflict', `The scenario ${name} runs already. "scenarios stop ${name}" stops it.`)
  if (active.size >= MAX_RUNNING)
    throw new Problem('conflict', `${MAX_RUNNING} scenarios run already. "scenarios stop" stops one.`)
  if (scenario.sources.some(({ kind }) => kind === 'module'))
    throw new Problem('invalid', `The scenario ${name} has a module of its own: play it with "vakt simulate".`)
  // The checks of one would be paused at the end of the other.
  const other = [...active.values()].find(({ run }) => run.project === project)
  if (other)
    throw new Problem(
      'conflict',
      `The scenario ${other.run.name} runs in the project ${project}. Give another --project.`,
    )
  const rate = scenario.sources.reduce((sum, one) => sum + (one.kind === 'beats' ? 0 : one.rate), 0) * speed
  if (rate > MAX_LINES_PER_SECOND)
    throw new Problem(
      'invalid',
      `The scenario ${name} would send ${Math.round(rate)} lines a second; from within Vakt at most ${MAX_LINES_PER_SECOND} are sent. Lower --rate or --speed, or play it with "vakt simulate".`,
    )
}

function listAll(folder: string): ScenarioInfo[] {
  const builtIn = builtInScenarios()
  const own = ownScenarios(folder).filter(name => !builtIn.includes(name))
  return [...builtIn, ...own].map((name): ScenarioInfo => {
    const isOwn = own.includes(name)
    try {
      const { about, duration } = readNamedScenario(name, folder).scenario
      return { name, about, durationMs: duration, isOwn, error: null }
    } catch (error) {
      return { name, about: '', durationMs: 0, isOwn, error: errorMessage(error) }
    }
  })
}

type ListedChecks = { checks: { name: string; owner: string | null; status: string }[] }

async function pauseChecks(client: ReturnType<typeof createClient>, project: string): Promise<void> {
  const { checks } = await client.command<ListedChecks>(['checks', 'list', '--project', project])
  for (const { name, owner, status } of checks)
    if (owner === OWNER && status !== 'paused') await client.command(['checks', 'pause', name, '--project', project])
}
