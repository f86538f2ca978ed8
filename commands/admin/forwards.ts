// The commands about forwards: log lines and alerts that are sent on to other systems.
import { z } from 'zod'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import type { Text } from '../../src/card.ts'
import { positional, repeated, secret } from '../../src/command/command.ts'
import { failingForwardKey } from '../../src/detectors/failing-forwards.ts'
import {
  type Forward,
  ForwardError,
  type ForwardKindName,
  plainUrl,
  shownAddress,
  type Target,
} from '../../src/forwards/forward.ts'
import { addForward, findForward, listForwards, removeForward } from '../../src/forwards/forwards.ts'
import { sendAlerts } from '../../src/forwards/kinds/alertmanager.ts'
import { LINE_KINDS } from '../../src/forwards/kinds/line-kinds.ts'
import { isOwnAddress } from '../../src/forwards/own-address.ts'
import type { LogLine } from '../../src/logs/line.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { expandSavedSearch, searchScope } from '../../src/logs/searches.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import type { State } from '../../src/state/database.ts'
import { plural } from '../../src/text.ts'
import { formatRelative, isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, projectName, yes } from '../context.ts'

const ALERTMANAGER_SCHEMES = ['alertmanager+https', 'alertmanager+http']
const WRITTEN = [...LINE_KINDS.map(({ written }) => written), 'alertmanager+https://<host> (alerts)']
const MAX_QUERY_LENGTH = 2000

const add = command({
  name: 'forwards add',
  summary: 'Send log lines or alerts on to another system; a test is sent first',
  details: [
    `An address is one of ${WRITTEN.slice(0, -1).join(', ')} or ${WRITTEN.at(-1)}.`,
    'It may hold a user and a password. Lines are sent at least once, in the order in which they were stored, also after a restart.',
    'An Alertmanager gets the open alerts every minute, and their ends.',
  ].join(' '),
  examples: [
    'forwards add loki+https://user:token@logs.example.org --query "level>=warn"',
    'forwards add syslog+tls://siem.example.org:6514 --name siem',
    'forwards add alertmanager+http://alertmanager:9093',
    'forwards add https://lake.example.org/in --header "X-Api-Key: k1" --from-start',
  ],
  role: 'admin',
  args: {
    // It may hold a key.
    where: secret(positional(z.string().min(1).max(2000))).describe('Address to send to'),
    name: z
      .string()
      .regex(/^[\w.-]{1,60}$/, 'must be letters, digits, dots, - and _')
      .optional()
      .describe('Name (default: the host of the address)'),
    query: z.string().max(MAX_QUERY_LENGTH).optional().describe('Lines to send, as in "logs search" (default: all)'),
    project: projectName().optional().describe('Project of the lines or alerts (default: all projects)'),
    header: secret(repeated(z.string().max(2000)))
      .optional()
      .describe('Header of each request, such as "X-Api-Key: k1"; may be given several times'),
    fromStart: z.boolean().optional().describe('Send the stored lines too (default: only new ones)'),
  },
  async run({ where, name, query = '', project, header, fromStart = false }, context) {
    const { state, vault, now, by, config, store } = context
    const kind = readKind(where)
    const target: Target = { address: where, headers: readHeaders(header) }
    const url = plainUrl(where)
    if (await isOwnAddress(url, config, context.publicUrl))
      throw invalid('where', 'That is the address of Vakt itself: its lines would come back for ever.')
    const projectId = project === undefined ? null : findProject(state, project).id
    // A saved search is read again for each batch.
    const parsed = parseQuery(expandSavedSearch(state, query, searchScope({ projectId })), now, config.timeZone)
    if (parsed.from !== null || parsed.until !== null)
      throw invalid('query', 'The query of a forward must not name a time: it is for all lines to come.')
    if (kind === 'alertmanager' && (query !== '' || fromStart))
      throw invalid(
        query === '' ? 'from_start' : 'query',
        'Alerts are sent as a whole: --query and --from-start are for log lines.',
      )
    if (kind !== 'alertmanager' && !store)
      throw new Problem('conflict', 'There is no log store, so there are no lines to send.')
    await sendTest(kind, target, context)
    const isEverything = fromStart || kind === 'alertmanager'
    const position = isEverything ? 0 : (await store!.linesAfter(0, { lines: 0, bytes: 0 })).committedTo
    const forward = addForward(state, {
      name: name ?? url.hostname.replace(/[^\w.-]+/g, '-').slice(0, 60),
      kind,
      shownAddress: shownAddress(where),
      targetSealed: vault.seal(JSON.stringify(target)),
      projectId,
      query,
      position,
      createdBy: by.name,
      createdAt: now,
    })
    const what = kind === 'alertmanager' ? 'Alerts' : fromStart ? 'Stored and new lines' : 'New lines'
    return {
      card: {
        title: `${what} go to ${forward.name} from now on`,
        tone: 'good',
        lines: [
          kind === 'alertmanager' || url.protocol === 'udp:'
            ? forward.shownAddress
            : `A test line has arrived at ${forward.shownAddress}.`,
          '"forwards list" shows how far it has come.',
        ],
      },
      result: { forward: forwardResult(state, forward) },
    }
  },
})

const list = command({
  name: 'forwards list',
  summary: 'Show what is sent on to other systems, and how far it has come',
  role: 'admin',
  args: {},
  async run(_, { state, store, now }) {
    const all = listForwards(state)
    const newest = all.length > 0 && store ? (await store.linesAfter(0, { lines: 0, bytes: 0 })).committedTo : 0
    return {
      card: {
        title: all.length === 0 ? 'Nothing is sent on' : plural(all.length, 'forward'),
        tone: all.some(({ failingSince }) => failingSince !== null) ? 'warning' : 'plain',
        lines:
          all.length === 0
            ? ['Send lines on: forwards add loki+https://logs.example.org --query "level>=warn"']
            : all.flatMap(forward => forwardLines(state, forward, newest, now)),
      },
      result: { forwards: all.map(forward => forwardResult(state, forward, newest)) },
    }
  },
})

const remove = command({
  name: 'forwards remove',
  summary: 'Stop sending to another system',
  examples: ['forwards remove siem'],
  role: 'admin',
  args: { forward: positional(z.string().min(1).max(100)).describe('Name of the forward'), yes: yes() },
  run({ forward: name, yes }, { state, now, interactive }) {
    const forward = findForward(state, name)
    if (interactive && !yes)
      return confirmation(
        `Stop sending to ${forward.name}?`,
        [
          forward.shownAddress,
          'How far it has come is forgotten: a new forward begins with new lines, or with all that are stored.',
        ],
        { line: `forwards remove ${forward.name}` },
      )
    removeForward(state, forward)
    applyResults(state, [{ kind: 'resolved', key: failingForwardKey(forward.id) }], now)
    return {
      card: { title: `Nothing is sent to ${forward.name} any more`, tone: 'muted' },
      result: { forward: forwardResult(state, forward) },
    }
  },
})

function readKind(where: string): ForwardKindName {
  const scheme = /^([a-z+]+):\/\//i.exec(where)?.[1]?.toLowerCase() ?? ''
  if (ALERTMANAGER_SCHEMES.includes(scheme)) return 'alertmanager'
  const kind = LINE_KINDS.find(({ schemes }) => schemes.includes(scheme))
  if (kind) return kind.name
  // What was mistyped may hold a key, so the error does not repeat it.
  throw invalid(
    'where',
    `That is not an address to send to. Write ${WRITTEN.slice(0, -1).join(', ')} or ${WRITTEN.at(-1)}.`,
  )
}

function readHeaders(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of text?.split('\n') ?? []) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+): *([\x20-\x7e]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw invalid('header', 'A header is written "Name: value".')
    headers[name.toLowerCase()] = value
  }
  return headers
}

async function sendTest(kind: ForwardKindName, target: Target, { now, by, publicUrl }: Context): Promise<void> {
  try {
    if (kind === 'alertmanager') return await sendAlerts([], target, now, publicUrl)
    await LINE_KINDS.find(({ name }) => name === kind)!.send([testLine(now, by.name)], target)
  } catch (error) {
    if (!(error instanceof ForwardError)) throw error
    throw new Problem('conflict', `The test did not arrive, and nothing is set: ${error.message}`, {
      fields: { where: 'not reached' },
    })
  }
}

function testLine(now: number, name: string): LogLine {
  const texts = { host: '', group: '', fingerprint: '', stack: '', traceId: '', spanId: '' }
  return {
    ...texts,
    id: '0',
    timestamp: now,
    receivedAt: now,
    level: 'info',
    message: `A test from Vakt: ${name} has log lines sent here.`,
    project: 'vakt',
    source: 'vakt',
    tags: [],
    attributes: {},
  }
}

function forwardLines(state: State, forward: Forward, newest: number, now: number): Text[] {
  const { name, shownAddress, query, sent, refused, lastSentAt, failingSince, lastError } = forward
  const project = projectText(state, forward)
  const isAlerts = forward.kind === 'alertmanager'
  const what = `${isAlerts ? 'alerts' : query === '' ? 'all lines' : 'lines'}${project === null ? '' : ` of ${project}`}`
  const behind = !isAlerts && newest > forward.position ? ', more are waiting' : ''
  const last =
    lastSentAt === null
      ? 'nothing sent yet'
      : `${plural(sent, isAlerts ? 'alert' : 'line')} sent, the last ${formatRelative(lastSentAt, now)}`
  return [
    [
      { bold: name },
      ' ',
      { code: shownAddress },
      `: ${what}`,
      ...(query === '' ? [] : [' ', { code: query }]),
      `; ${last}${behind}`,
    ],
    ...(refused > 0
      ? [`  ${plural(refused, 'line')} refused by the receiver and left out.${lastError ? ` ${lastError}` : ''}`]
      : []),
    ...(failingSince === null ? [] : [`  Fails since ${formatRelative(failingSince, now)}: ${lastError ?? ''}`]),
  ]
}

function projectText(state: State, { projectId }: Forward): string | null {
  return projectId === null ? null : (readProjectById(state, projectId)?.name ?? 'a removed project')
}

function forwardResult(state: State, forward: Forward, newest?: number) {
  const { id, name, kind, shownAddress, query, sent, refused, position, failures } = forward
  return {
    id,
    name,
    kind,
    address: shownAddress,
    project: projectText(state, forward),
    query,
    sent,
    refused,
    ...(newest === undefined || kind === 'alertmanager' ? {} : { is_behind: newest > position }),
    last_sent_at: optionalTime(forward.lastSentAt),
    failures,
    failing_since: optionalTime(forward.failingSince),
    error: forward.lastError,
    created_by: forward.createdBy,
    created_at: isoTime(forward.createdAt),
  }
}

function optionalTime(at: number | null): string | null {
  return at === null ? null : isoTime(at)
}

export const forwardCommands = [add, list, remove]
