// The commands that play scenarios: simulated traffic on purpose, from within Vakt.
import { z } from 'zod'
import type { Row, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import type { ScenarioRun } from '../../src/jobs/scenarios/scenario-runner.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { command, projectName, yes } from '../context.ts'

const scenarioArgument = () => completes(positional(z.string().min(1).max(60)), 'scenario')

const list = command({
  name: 'scenarios list',
  summary: 'List the scenarios of simulated traffic that can be played',
  details: 'A YAML file in the folder scenarios of the data folder adds one; docs/simulation.md describes it.',
  role: 'viewer',
  args: {},
  run(_, { scenarios }) {
    const all = scenarios.list()
    const running = new Set(scenarios.runs().flatMap(run => (run.state === 'running' ? [run.name] : [])))
    return {
      card: {
        title: plural(all.length, 'scenario'),
        tone: 'plain',
        lines: all.map(({ name, about, durationMs, error, isOwn }): Text => {
          const what = error === null ? `${aboutDuration(durationMs)}. ${about}` : `cannot be read: ${error}`
          return [{ bold: name }, ` ${running.has(name) ? 'runs now, ' : ''}${isOwn ? 'own, ' : ''}${what}`]
        }),
        buttons: [{ label: 'Start the demo', line: 'scenarios start demo' }],
      },
      result: {
        scenarios: all.map(({ name, about, durationMs, isOwn, error }) => ({
          ...{ name, about, duration_ms: durationMs, own: isOwn, error, running: running.has(name) },
        })),
      },
    }
  },
})

const times = (what: string) => z.coerce.number().min(0.01).max(1000).optional().describe(what)

const start = command({
  name: 'scenarios start',
  summary: 'Play a scenario of simulated traffic to this Vakt',
  details:
    'Log lines and beats go to a project of their own. Faults of the scenario fire real alerts, with cards in your channels. At the end its checks are paused.',
  examples: ['scenarios start demo', 'scenarios start default --rate 10', 'scenarios start demo --project staging'],
  role: 'admin',
  args: {
    scenario: scenarioArgument().describe('Name of the scenario'),
    rate: times('How many times as many lines (default: 1)'),
    speed: times('How many times faster (default: 1)'),
    project: projectName().optional().describe('Project of the traffic (default: simulation, which is created)'),
    seed: z.string().max(60).optional().describe('Another variant of the same scenario'),
    clean: z.boolean().optional().describe('Remove its checks at the end (default: they stay, paused)'),
    yes: yes(),
  },
  async run({ scenario: name, rate, speed, project, seed, clean, yes }, { scenarios, interactive, by }) {
    if (interactive && !yes) {
      const info = scenarios.list().find(one => one.name === name)
      if (info && info.error === null) {
        const flags = [
          ...(rate === undefined ? [] : [`--rate ${rate}`]),
          ...(speed === undefined ? [] : [`--speed ${speed}`]),
          ...(project === undefined ? [] : [`--project "${project}"`]),
          ...(seed === undefined ? [] : [`--seed "${seed}"`]),
          ...(clean ? ['--clean'] : []),
        ]
        return confirmation(
          `Play the scenario ${name}?`,
          [`${info.about} Its faults fire real alerts, with cards in your channels.`],
          { label: 'Play it', line: ['scenarios start', name, ...flags].join(' ') },
        )
      }
    }
    const run = await scenarios.begin({ name, rate, speed, project, seed, isCleaned: clean, by: by.name })
    return {
      card: {
        title: `The scenario ${name} runs`,
        tone: 'good',
        lines: [
          ['It ends ', { time: run.endsAt, style: 'moment' }, `, and sends to the project ${run.project}.`],
          'Its checks are paused at the end.',
        ],
        buttons: [
          { label: 'Status', line: `scenarios status ${name}` },
          { label: 'Stop', line: `scenarios stop ${name}` },
          { label: 'Its lines', line: `logs search --project ${run.project}` },
        ],
      },
      result: { run: runResult(run) },
    }
  },
})

const stop = command({
  name: 'scenarios stop',
  summary: 'Stop a scenario that runs; its checks are paused',
  examples: ['scenarios stop demo'],
  role: 'admin',
  args: { scenario: scenarioArgument().describe('Name of the scenario') },
  async run({ scenario: name }, { scenarios }) {
    const run = await scenarios.end(name)
    return {
      card: { title: `The scenario ${name} is stopped`, tone: 'muted', lines: [describeSent(run)] },
      result: { run: runResult(run) },
    }
  },
})

const status = command({
  name: 'scenarios status',
  summary: 'Show the scenarios that run, what they sent, and whether their faults were found',
  examples: ['scenarios status', 'scenarios status demo'],
  role: 'viewer',
  args: { scenario: scenarioArgument().optional().describe('Name of the scenario (default: all)') },
  run({ scenario: name }, { scenarios }) {
    const runs = scenarios.runs().filter(run => name === undefined || run.name === name)
    const running = runs.filter(run => run.state === 'running').length
    return {
      card: {
        title: runs.length === 0 ? 'No scenario runs' : `${plural(running, 'scenario')} running`,
        tone: running > 0 ? 'info' : 'plain',
        lines: runs.length === 0 ? ['"scenarios start demo" plays one; "scenarios list" shows all.'] : [],
        rows: runs.map(runRow),
      },
      result: { runs: runs.map(runResult) },
    }
  },
})

export const scenarioCommands = [list, start, stop, status]

function runRow(run: ScenarioRun): Row {
  const { name, state, project, startedBy, faults, verdict, error } = run
  const details = [
    `${state}, project ${project}, started by ${startedBy}. ${describeSent(run)}`,
    ...faults.map(fault => `Now: ${fault}.`),
    ...(verdict === null ? [] : [describeVerdict(verdict)]),
    ...(error === null ? [] : [error]),
  ]
  const action = state === 'running' ? { action: { label: 'Stop', line: `scenarios stop ${name}` } } : {}
  return { name, text: [{ bold: name }, ` ${details.join(' ')}`], ...action }
}

function describeSent({ sent, rate, speed, startedAt, endsAt }: ScenarioRun): string {
  const { lines, beats, rejected, lost } = sent
  const how = [rate === 1 ? '' : ` at rate ${rate}`, speed === 1 ? '' : ` at speed ${speed}`].join('')
  const wrong = rejected + lost === 0 ? '' : `; ${plural(rejected, 'line')} rejected, ${plural(lost, 'request')} lost`
  return `${plural(lines, 'line')} and ${plural(beats, 'beat')}${how} in a run of ${aboutDuration(endsAt - startedAt)}${wrong}.`
}

function describeVerdict({ found, missed, wrong }: NonNullable<ScenarioRun['verdict']>): string {
  const names = missed.map(({ name }) => name).join(', ')
  return `${found.length} of ${found.length + missed.length} faults found${names === '' ? '' : ` (missed: ${names})`}, ${plural(wrong.length, 'other alert')}.`
}

function runResult(run: ScenarioRun) {
  const { verdict, sent } = run
  return {
    ...{ name: run.name, state: run.state, project: run.project, seed: run.seed, speed: run.speed, rate: run.rate },
    ...{ started_at: isoTime(run.startedAt), ends_at: isoTime(run.endsAt), started_by: run.startedBy },
    ...{ error: run.error, faults: run.faults },
    sent: { ...sent, levels: undefined, signals: undefined },
    verdict:
      verdict === null
        ? null
        : {
            found: verdict.found.map(({ fault, alert, after }) => ({
              fault: fault.name,
              alert: alert.id,
              after_ms: Math.round(after),
            })),
            missed: verdict.missed.map(({ name }) => name),
            wrong: verdict.wrong.map(({ id }) => id),
            ...{ precision: verdict.precision, recall: verdict.recall },
          },
  }
}
