// Lists the containers of all hosts, and shows one in full.
import { z } from 'zod'
import { formatBytes } from '../../src/bytes.ts'
import type { Button, Field, Row, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import {
  type ContainerDetails,
  type ListedContainer,
  parseDetails,
  parseListing,
} from '../../src/hosts/containers/container-json.ts'
import { listContainers, readContainer } from '../../src/hosts/containers/containers.ts'
import { buildInspectArgv, buildListArgv } from '../../src/hosts/containers/engine-argv.ts'
import { containerProblem, engineProblem } from '../../src/hosts/containers/errors.ts'
import type { Host } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { readLastSample } from '../../src/hosts/metrics/samples.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { plural, truncate } from '../../src/text.ts'
import { isoTime, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import {
  type ContainerTarget,
  containerNames,
  MAX_BUTTON_LINE_LENGTH,
  readTarget,
  writeTarget,
} from './container-lines.ts'

const PAGE_SIZE = 20
/** For a host that takes longer, the last known containers are shown. */
const LIST_TIMEOUT_MS = 6 * SECOND
const MAX_OUTPUT_LENGTH = 300
const MAX_COMMAND_LENGTH = 200

type ContainerRow = {
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
  summary: 'List the containers of all hosts, stopped ones too',
  examples: ['containers list', 'containers list --host web-1', 'containers list api --state exited'],
  role: 'viewer',
  args: {
    matching: positional(z.string().max(100).optional()).describe(
      'Only containers with this text in their name, image or host',
    ),
    host: completes(z.string().max(63), 'host').optional().describe('Only containers of this host'),
    state: z
      .enum(['running', 'exited', 'restarting', 'paused', 'unhealthy'])
      .optional()
      .describe('Only containers in this state'),
    page: z.number().int().min(1).optional().describe('Page number'),
  },
  async run({ matching, host, state, page = 1 }, context) {
    const hosts =
      host === undefined ? listHosts(context.state).filter(host => host.enabled) : [findHost(context.state, host)]
    const wanted = matching?.toLowerCase()
    const listings = await Promise.all(hosts.map(host => listOnHost(host, context)))
    const rows = listings
      .flatMap(listing => listing.rows)
      .filter(row => wanted === undefined || `${row.host}/${row.name} ${row.image}`.toLowerCase().includes(wanted))
      .filter(row => state === undefined || row.state === state || row.health === state)
    const problems = listings.flatMap(({ problem }) => (problem === null ? [] : [problem]))
    const running = rows.filter(row => row.state === 'running').length
    const shown = rows.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    const flags = [
      matching === undefined ? '' : quoteWord(matching),
      host === undefined ? '' : `--host ${host}`,
      state === undefined ? '' : `--state ${state}`,
    ]
    const pageButton = (label: string, to: number): Button => ({
      label,
      line: ['containers list', ...flags, `--page ${to}`].filter(word => word !== '').join(' '),
    })
    return {
      card: {
        title: rows.length === 0 ? 'No containers' : `${plural(rows.length, 'container')}, ${running} running`,
        tone: problems.length > 0 ? 'warning' : 'plain',
        lines: [
          ...(rows.length > 0
            ? []
            : [
                describeEmptyList(
                  hosts,
                  problems,
                  listings.some(({ rows }) => rows.length > 0),
                ),
              ]),
          ...problems,
        ],
        rows: shown.map(containerRow),
        page: {
          ...(page > 1 ? { previous: pageButton('Previous', page - 1) } : {}),
          ...(rows.length > page * PAGE_SIZE ? { next: pageButton('Next', page + 1) } : {}),
        },
      },
      result: { containers: rows, problems },
    }
  },
})

const show = command({
  name: 'containers show',
  summary: 'Show one container: state, image, limits and usage',
  examples: ['containers show web-1/nginx'],
  role: 'viewer',
  args: { container: containerNames().describe('host/container') },
  async run({ container: text }, context) {
    const target = readTarget(context, text)
    const details = await fetchDetails(context, target)
    const { state, health } = details
    const isFailing = health === 'unhealthy' || ((state === 'exited' || state === 'dead') && details.exitCode !== 0)
    return {
      card: {
        title: `${writeTarget(target)} is ${state}${health === null ? '' : ` (${health})`}`,
        tone: isFailing ? 'warning' : state === 'running' ? 'good' : 'muted',
        lines: [
          ...(details.oomKilled ? ['It was killed because it exceeded its memory limit.'] : []),
          ...(details.error === '' ? [] : [redact(details.error)]),
          ...(health === 'unhealthy' && details.healthLog !== ''
            ? [
                [
                  'Output of its health check: ',
                  { code: truncate(redact(details.healthLog), MAX_OUTPUT_LENGTH) },
                ] as Text,
              ]
            : []),
        ],
        fields: containerFields(context, target, details),
        buttons: [
          { label: 'Last lines', line: `containers tail ${writeTarget(target)}` },
          { label: 'Follow', line: `containers tail ${writeTarget(target)} --follow` },
          { label: 'Graph', line: `containers graph ${writeTarget(target)}` },
        ].filter(button => button.line.length <= MAX_BUTTON_LINE_LENGTH),
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

/** Lists the containers of a host now, or those last seen when the host fails. */
async function listOnHost(host: Host, context: Context): Promise<{ rows: ContainerRow[]; problem: string | null }> {
  try {
    return {
      rows: (await fetchListing(host, context)).map(container => toRow(host, container, context.now)),
      problem: null,
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    // A host without a container engine is not a failure here.
    if (error.code === 'not_found' && host.engine === 'none') return { rows: [], problem: null }
    return { rows: listLastSeen(host, context), problem: error.message }
  }
}

async function fetchListing(host: Host, { hostRuntime }: Context): Promise<ListedContainer[]> {
  const { engine } = await hostRuntime.engine(host)
  const output = await hostRuntime.connections.machine(host).run(buildListArgv(engine), { timeoutMs: LIST_TIMEOUT_MS })
  if (output.code !== 0) throw engineProblem(host, engine, output.stderr || output.stdout)
  return parseListing(engine, output.stdout)
}

function toRow(host: Host, container: ListedContainer, now: number): ContainerRow {
  const { name, state, status, image, health, ports } = container
  return { host: host.name, name, state, status, image, health, ports, seen_at: isoTime(now), current: true }
}

function listLastSeen(host: Host, { state }: Context): ContainerRow[] {
  return listContainers(state, host.id).map(container => ({
    host: host.name,
    name: container.name,
    state: container.state,
    status: container.state,
    image: container.image,
    health: container.health,
    ports: '',
    seen_at: isoTime(container.seenAt),
    current: false,
  }))
}

function chooseIcon({ state, health }: { state: string; health: string | null }): string {
  if (health === 'unhealthy' || state === 'restarting' || state === 'dead') return '🟠'
  return state === 'running' ? '🟢' : '⚪'
}

function containerRow(row: ContainerRow): Row {
  const name = `${row.host}/${row.name}`
  return {
    name,
    text: rowText(row),
    action: { label: 'Show', line: `containers show ${quoteWord(name)}` },
    more: [
      { label: 'Output', line: `containers tail ${quoteWord(name)}` },
      { label: 'Graph', line: `containers graph ${quoteWord(name)}` },
    ],
  }
}

function rowText(row: ContainerRow): Text {
  const seen: Text = row.current ? [] : [' · last seen ', { time: Date.parse(row.seen_at), style: 'relative' }]
  return [`${chooseIcon(row)} `, { bold: `${row.host}/${row.name}` }, ` · ${row.status} · ${row.image}`, ...seen]
}

function describeEmptyList(hosts: readonly Host[], problems: readonly string[], hasOthers: boolean): string {
  if (hosts.length === 0) return 'Add a host first: "hosts add web-1 deploy@web-1.example.org".'
  if (hasOthers) return 'No container matches. "containers list" shows all containers.'
  return problems.length > 0 ? 'No host could list its containers.' : 'There is no container.'
}

async function fetchDetails({ hostRuntime }: Context, { host, container }: ContainerTarget): Promise<ContainerDetails> {
  const { engine, machine } = await hostRuntime.engine(host)
  const output = await machine.run(buildInspectArgv(engine, container))
  const details = output.code === 0 ? parseDetails(output.stdout) : null
  if (details) return details
  throw containerProblem(host, engine, container, output)
}

function containerFields(
  { state, now }: Context,
  { host, container }: ContainerTarget,
  details: ContainerDetails,
): Field[] {
  const known = readContainer(state, host.id, container)
  const sample = readLastSample(state, host.id, 'container', container, now - 2 * MINUTE)
  const moment = (name: string, at: number | null): Field[] =>
    at === null ? [] : [{ name, value: [{ time: at, style: 'relative' }], inline: true }]
  const text = (name: string, value: string | null): Field[] => (value === null ? [] : [{ name, value, inline: true }])
  const running = details.state === 'running'
  return [
    ...text('Image', details.image),
    ...text('Command', details.command === '' ? null : truncate(redact(details.command), MAX_COMMAND_LENGTH)),
    ...(running ? moment('Started', details.startedAt) : moment('Ended', details.finishedAt)),
    ...text('Exit status', running ? null : String(details.exitCode ?? 'unknown')),
    ...text('Restarts', String(Math.max(details.restartCount, known?.restarts ?? 0))),
    ...text('Restart policy', details.restartPolicy),
    ...text('CPU', running && sample?.cpu != null ? `${sample.cpu.toFixed(1)} % of one core` : null),
    ...text(
      'Memory',
      running && sample?.memory != null
        ? `${formatBytes(sample.memory)}${details.memoryLimit === null ? '' : ` of ${formatBytes(details.memoryLimit)}`}`
        : null,
    ),
    ...text('Networks', details.networks.join(', ') || null),
  ]
}
