// The command `vakt simulate`: plays a scenario to a running server, or prints what it would send.
import { parseArgs } from 'node:util'
import { Problem } from '../problem.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import { debugLine, openEventLog } from './event-log.ts'
import { compareMetrics, readSamples } from './metrics.ts'
import { perform } from './perform.ts'
import { play } from './play.ts'
import type { PlayerEvent } from './player.ts'
import { createProgress, faultLine, stamp } from './progress.ts'
import { builtInScenarios, type ReadScenario, readModules, readScenario } from './read-scenario.ts'
import { withRate } from './scenario.ts'
import { SIMULATION } from './stage.ts'
import { verdictLines } from './truth.ts'

export const SIMULATE_USAGE = `vakt simulate <scenario or file>   send simulated traffic to the running server
  --dry-run      print what would be sent, and send nothing
  --speed N      play N times faster than written (0.1 to 1000)
  --rate N       send N times as many lines in the same time (0.01 to 1000)
  --seed TEXT    play another variant of the same scenario
  --project P    project for the traffic (default: "${SIMULATION}", which is created)
  --url U        address of the server (default: as for every other command)
  --verify       at the end, compare the alerts with the faults and /metrics with what was sent; exit code 1 when they differ
  --clean        remove the checks at the end (default: they stay, paused)
  --log-file F   add what is sent and answered to a file, as NDJSON
  --debug        print every request with the start of its body and its answer
Built-in scenarios: ${builtInScenarios().join(', ')}.`

/** The address of the server and its admin key; called only when something is sent. */
export type FindServer = () => { url: string; key: string }

type SimulateOptions = ReturnType<typeof readOptions>

/** Runs the command; resolves with the exit code 0 or 1. Throws `invalid` for invalid options. */
export async function simulate(
  words: readonly string[],
  findServer: FindServer,
  print: (line: string) => void,
): Promise<number> {
  const options = readOptions(words)
  if (options.help) {
    print(SIMULATE_USAGE)
    return 0
  }
  const found = await readModules(readScenario(options.scenario), options.scenario)
  const read = { ...found, scenario: withRate(found.scenario, options.rate) }
  if (options.dryRun) return dryRun(read, options, print)
  const server = findServer()
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  try {
    return await playToServer(read, options, { ...server, url: options.url ?? server.url }, stopping.signal, print)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop)
  }
}

function readOptions(words: readonly string[]) {
  const { values, positionals } = parseWords(words)
  if (values.help)
    return { ...values, help: true as const, scenario: '', speed: 1, rate: 1, dryRun: false, project: SIMULATION }
  const [scenario, ...more] = positionals
  if (scenario === undefined || more.length > 0)
    throw new Problem('invalid', `The scenario is missing.\n\n${SIMULATE_USAGE}`)
  const speed = Number(values.speed ?? 1)
  if (!(speed >= 0.1 && speed <= 1000))
    throw new Problem('invalid', `--speed must be a number from 0.1 to 1000, but is "${values.speed}".`)
  const rate = Number(values.rate ?? 1)
  if (!(rate >= 0.01 && rate <= 1000))
    throw new Problem('invalid', `--rate must be a number from 0.01 to 1000, but is "${values.rate}".`)
  if (values.url !== undefined && !/^https?:$/.test(URL.parse(values.url)?.protocol ?? ''))
    throw new Problem('invalid', '--url must be a URL such as http://127.0.0.1:8080.')
  return {
    ...values,
    help: false as const,
    scenario,
    speed,
    rate,
    dryRun: values['dry-run'] === true,
    project: values.project ?? SIMULATION,
  }
}

function parseWords(words: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const text = { type: 'string' } as const
  try {
    const options = {
      'dry-run': flag,
      speed: text,
      rate: text,
      'log-file': text,
      debug: flag,
      seed: text,
      project: text,
      url: text,
      verify: flag,
      clean: flag,
      help: flag,
    }
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    throw new Problem('invalid', `${(error as Error).message}\n\n${SIMULATE_USAGE}`)
  }
}

/** Prints what would be sent, without a server. */
function dryRun(
  { scenario, tables, modules = {} }: ReadScenario,
  options: SimulateOptions,
  print: (line: string) => void,
): number {
  const { speed, seed = scenario.seed } = options
  print(
    `Would play "${scenario.name}" for ${formatDuration(Math.round(scenario.duration / speed))}, seed ${seed}. ${scenario.about}`,
  )
  const progress = createProgress(print)
  const shown = new Set<string>()
  for (const step of play(scenario, { seed, speed, begin: Date.now(), tables, modules })) {
    const at = step.at / speed
    if (step.kind === 'fault') print(`${stamp(at)}  ${faultLine(step)}`)
    else progress.take({ kind: 'sent', step, rejected: 0 }, at)
    if (step.kind !== 'lines' || shown.has(step.source)) continue
    shown.add(step.source)
    print(
      `${stamp(at)}  ${step.source} starts, as ${step.contentType}: ${JSON.stringify(step.body.slice(0, 200))}${step.body.length > 200 ? '…' : ''}`,
    )
  }
  for (const line of progress.summary(scenario.duration / speed)) print(line.replace('Sent in', 'Would send in'))
  return 0
}

/** Plays the scenario to the server and prints its progress. */
async function playToServer(
  read: ReadScenario,
  options: SimulateOptions,
  server: { url: string; key: string },
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<number> {
  const { name, about, duration } = read.scenario
  const { speed, project, seed = read.scenario.seed, clean = false, verify = false, debug = false } = options
  const progress = createProgress(print)
  const file = options['log-file'] === undefined ? null : openEventLog(options['log-file'])
  const onEvent = (event: PlayerEvent, at: number) => {
    progress.take(event, at)
    file?.add(event, at, Date.now())
    if (debug) print(debugLine(event, at))
  }
  const before = verify ? await readSamples(server.url) : null
  const performance = await perform(
    read,
    server,
    { speed, project, seed, signal },
    {
      onStart: () =>
        print(
          `Playing "${name}" to ${server.url} for ${aboutDuration(duration / speed)}, project ${project}, seed ${seed}. Ctrl-C stops. ${about}`,
        ),
      onEvent,
      onTick: progress.tick,
    },
  )
  file?.close()
  for (const line of progress.summary(performance.durationMs)) print(line)
  if (signal.aborted) print('Stopped before the end.')
  if (clean) await performance.removeChecks()
  if (read.scenario.sources.some(source => source.kind === 'beats'))
    print(
      clean
        ? 'The checks of the scenario are removed.'
        : 'The checks of the scenario are paused; --clean removes them.',
    )
  const { lost, rejected } = progress.total
  const sent = lost + rejected === 0
  if (!verify || signal.aborted) return sent ? 0 : 1
  print('Waiting for the last alerts …')
  const verdict = await performance.verdict()
  for (const line of verdictLines(verdict)) print(line)
  if (speed > 1 && verdict.missed.length > 0)
    print(`Rules are not sped up: at speed ${speed} a fault may end before it meets the duration of a rule.`)
  const metrics = compareMetrics(before, await readSamples(server.url), progress.total, project)
  for (const line of metrics.lines) print(line)
  return sent && metrics.isRight && verdict.precision === 1 && verdict.recall === 1 ? 0 : 1
}
