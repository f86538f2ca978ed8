// Containers: what runs where, and one of them in full.
import { z } from 'zod'
import { writeSize } from '../../src/bytes.ts'
import type { Button, Field, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import {
  type ContainerDetails,
  type Listed,
  parseDetails,
  parseListing,
} from '../../src/hosts/containers/container-json.ts'
import { listContainers, readContainer } from '../../src/hosts/containers/containers.ts'
import { containerFailure, engineFailure } from '../../src/hosts/containers/errors.ts'
import type { Host } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { inspectWords, listingWords } from '../../src/hosts/metrics/collect-script.ts'
import { lastSample } from '../../src/hosts/metrics/samples.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { isoTime, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, command, counted } from '../context.ts'
import { containerNames, oneTarget, type Target, writeTarget } from './container-lines.ts'

const PAGE = 20
/** A host that does not answer in so long is shown as it was last seen. */
const PATIENCE = 6 * SECOND

type Row = {
  host: string
  name: string
  state: string
  status: string
  image: string
  health: string | null
  ports: string
  seen_at: string
  current: boolean
}

const list = command({
  name: 'containers list',
  summary: 'Show what runs where, stopped containers too',
  examples: ['containers list', 'containers list --host web-1', 'containers list api --state exited'],
  role: 'viewer',
  args: {
    matching: positional(z.string().max(100).optional()).describe(
      'Only containers with this in their name, image or host',
    ),
    host: completes(z.string().max(63), 'host').optional().describe('Only of this host'),
    state: z.enum(['running', 'exited', 'restarting', 'paused', 'unhealthy']).optional().describe('Only in this state'),
    page: z.number().int().min(1).optional().describe('Which page'),
  },
  async run({ matching, host, state, page = 1 }, context) {
    const hosts =
      host === undefined ? listHosts(context.state).filter(one => one.enabled) : [findHost(context.state, host)]
    const wanted = matching?.toLowerCase()
    const looks = await Promise.all(hosts.map(one => lookAt(one, context)))
    const rows = looks
      .flatMap(look => look.rows)
      .filter(row => wanted === undefined || `${row.host}/${row.name} ${row.image}`.toLowerCase().includes(wanted))
      .filter(row => state === undefined || row.state === state || row.health === state)
    const problems = looks.flatMap(look => (look.problem === null ? [] : [look.problem]))
    const running = rows.filter(row => row.state === 'running').length
    const shown = rows.slice((page - 1) * PAGE, page * PAGE)
    const flags = [
      matching === undefined ? '' : quoteWord(matching),
      host === undefined ? '' : `--host ${host}`,
      state === undefined ? '' : `--state ${state}`,
    ]
    const turn = (label: string, to: number): Button => ({
      label,
      line: ['containers list', ...flags, `--page ${to}`].filter(word => word !== '').join(' '),
    })
    return {
      card: {
        title: `${counted(rows.length, 'container')}, ${running} of them running`,
        tone: problems.length > 0 ? 'warning' : 'plain',
        lines: [
          ...(rows.length > 0
            ? shown.map(row => rowText(row))
            : [
                emptyList(
                  hosts,
                  problems,
                  looks.some(look => look.rows.length > 0),
                ),
              ]),
          ...problems,
        ],
        buttons: [
          ...(page > 1 ? [turn('Previous', page - 1)] : []),
          ...(rows.length > page * PAGE ? [turn('Next', page + 1)] : []),
        ],
      },
      result: { containers: rows, problems },
    }
  },
})

const show = command({
  name: 'containers show',
  summary: 'Show one container: its state, image, limits, and what it uses',
  examples: ['containers show web-1/nginx'],
  role: 'viewer',
  args: { container: containerNames().describe('host/container') },
  async run({ container: text }, context) {
    const target = oneTarget(context, text)
    const details = await detailsOf(context, target)
    const { state, health } = details
    const bad = health === 'unhealthy' || ((state === 'exited' || state === 'dead') && details.exitCode !== 0)
    return {
      card: {
        title: `${writeTarget(target)} is ${state}${health === null ? '' : ` (${health})`}`,
        tone: bad ? 'warning' : state === 'running' ? 'good' : 'muted',
        lines: [
          ...(details.oomKilled ? ['It was killed because it used more memory than it may.'] : []),
          ...(details.error === '' ? [] : [redact(details.error)]),
          ...(health === 'unhealthy' && details.healthLog !== ''
            ? [['Its health check says: ', { code: redact(details.healthLog).slice(0, 300) }] as Text]
            : []),
        ],
        fields: fieldsOf(context, target, details),
        buttons: [
          { label: 'Last lines', line: `containers tail ${writeTarget(target)}` },
          { label: 'Follow', line: `containers tail ${writeTarget(target)} --follow` },
          { label: 'Graph', line: `containers graph ${writeTarget(target)}` },
        ].filter(button => button.line.length <= 90),
      },
      result: {
        container: {
          host: target.host.name,
          name: details.name,
          id: details.id,
          image: details.image,
          command: redact(details.command),
          state,
          health,
          exit_code: details.exitCode,
          oom_killed: details.oomKilled,
          restarts: details.restartCount,
          restart_policy: details.restartPolicy,
          created_at: isoTime(details.createdAt),
          started_at: isoTime(details.startedAt),
          finished_at: isoTime(details.finishedAt),
          memory_limit_bytes: details.memoryLimit,
          networks: details.networks,
          log_driver: details.logDriver,
        },
      },
    }
  },
})

export const containerCommands = [list, show]

/** What a host lists now; what was last seen of it when it cannot be asked. */
async function lookAt(host: Host, context: Context): Promise<{ rows: Row[]; problem: string | null }> {
  try {
    return { rows: (await listed(host, context)).map(one => rowOf(host, one, context.now)), problem: null }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    // A host that is there to show its figures needs no containers.
    if (error.code === 'not_found' && host.engine === 'none') return { rows: [], problem: null }
    return { rows: lastSeen(host, context), problem: error.message }
  }
}

async function listed(host: Host, { fleet }: Context): Promise<Listed[]> {
  const { engine } = await fleet.engine(host)
  const output = await fleet.connections.machine(host).run(listingWords(engine), { timeoutMs: PATIENCE })
  if (output.code !== 0) throw engineFailure(host, engine, output.stderr || output.stdout)
  return parseListing(engine, output.stdout)
}

function rowOf(host: Host, one: Listed, now: number): Row {
  const { name, state, status, image, health, ports } = one
  return { host: host.name, name, state, status, image, health, ports, seen_at: isoTime(now), current: true }
}

function lastSeen(host: Host, { state }: Context): Row[] {
  return listContainers(state, host.id).map(one => ({
    host: host.name,
    name: one.name,
    state: one.state,
    status: one.state,
    image: one.image,
    health: one.health,
    ports: '',
    seen_at: isoTime(one.seenAt),
    current: false,
  }))
}

function iconOf({ state, health }: { state: string; health: string | null }): string {
  if (health === 'unhealthy' || state === 'restarting' || state === 'dead') return '🟠'
  return state === 'running' ? '🟢' : '⚪'
}

function rowText(row: Row): Text {
  const seen: Text = row.current ? [] : [' · last seen ', { time: Date.parse(row.seen_at), style: 'relative' }]
  return [`${iconOf(row)} `, { bold: `${row.host}/${row.name}` }, ` · ${row.status} · ${row.image}`, ...seen]
}

function emptyList(hosts: readonly Host[], problems: readonly string[], others: boolean): string {
  if (hosts.length === 0) return 'No host is registered. Add one: hosts add web-1 deploy@web-1.example.org'
  if (others) return 'No container fits. "containers list" shows all there are.'
  return problems.length > 0 ? 'None could be seen.' : 'There is none.'
}

async function detailsOf({ fleet }: Context, { host, container }: Target): Promise<ContainerDetails> {
  const { engine, machine } = await fleet.engine(host)
  const output = await machine.run(inspectWords(engine, container))
  const details = output.code === 0 ? parseDetails(output.stdout) : null
  if (details) return details
  throw containerFailure(host, engine, container, output)
}

function fieldsOf({ state, now }: Context, { host, container }: Target, details: ContainerDetails): Field[] {
  const known = readContainer(state, host.id, container)
  const sample = lastSample(state, host.id, 'container', container, now - 2 * MINUTE)
  const moment = (name: string, at: number | null): Field[] =>
    at === null ? [] : [{ name, value: [{ time: at, style: 'relative' }], inline: true }]
  const text = (name: string, value: string | null): Field[] => (value === null ? [] : [{ name, value, inline: true }])
  const running = details.state === 'running'
  return [
    ...text('Image', details.image),
    ...text('Command', details.command === '' ? null : redact(details.command).slice(0, 200)),
    ...(running ? moment('Started', details.startedAt) : moment('Ended', details.finishedAt)),
    ...text('Exit status', running ? null : String(details.exitCode ?? 'unknown')),
    ...text('Restarts', String(Math.max(details.restartCount, known?.restarts ?? 0))),
    ...text('Restart policy', details.restartPolicy),
    ...text('CPU', running && sample?.cpu != null ? `${sample.cpu.toFixed(1)} % of a core` : null),
    ...text(
      'Memory',
      running && sample?.memory != null
        ? `${writeSize(sample.memory)}${details.memoryLimit === null ? '' : ` of ${writeSize(details.memoryLimit)}`}`
        : null,
    ),
    ...text('Networks', details.networks.join(', ') || null),
  ]
}
