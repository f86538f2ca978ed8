// The commands about known errors: list and show them, and mark them as resolved, muted or open again.
import { z } from 'zod'
import { endAlert } from '../../src/alerts/lifecycle.ts'
import type { Card, Row, Span, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { errorEvidence, errorKey, errorLogsButton } from '../../src/detectors/logs/error-finding.ts'
import { deleteRuleState } from '../../src/detectors/rules/rule-states.ts'
import { findErrorsByPrefix, type KnownError, listErrors, setErrorState } from '../../src/logs/errors/errors.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, listProjects, readProjectById } from '../../src/projects/projects.ts'
import { firstLine, plural, truncate } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'

const PAGE_SIZE = 10
const MAX_PAGE_SIZE = 1_000
const MAX_MATCHES = 50
const MAX_MESSAGE_LENGTH = 80

const TONES = { open: 'warning', resolved: 'good', muted: 'muted' } as const satisfies {
  [state in KnownError['state']]: Card['tone']
}

const fingerprint = () =>
  completes(positional(z.string().trim().min(4).max(100)), 'error').describe('Fingerprint, or its first characters')

const list = command({
  name: 'errors list',
  summary: 'Show known errors, the latest first',
  examples: ['errors list', 'errors list --state muted'],
  role: 'viewer',
  args: {
    project: projectName().optional().describe('Only errors of this project'),
    state: z.enum(['open', 'resolved', 'muted']).optional().describe('Only errors in this state'),
    limit: z.number().int().min(1).max(MAX_PAGE_SIZE).optional().describe(`Number of errors (default: ${PAGE_SIZE})`),
  },
  run({ project, state, limit = PAGE_SIZE }, context) {
    const filter = {
      ...(project === undefined ? {} : { projectId: findProject(context.state, project).id }),
      ...(state === undefined ? {} : { state }),
    }
    const found = listErrors(context.state, { ...filter, limit: limit + 1 })
    const shown = found.slice(0, limit)
    const hasMore = found.length > limit && limit < MAX_PAGE_SIZE
    return {
      card: {
        title: shown.length === 0 ? 'No errors' : 'Errors, the latest first',
        tone: 'plain',
        ...(shown.length === 0
          ? { lines: [emptyLine(context, state)] }
          : { rows: shown.map(error => errorRow(error, context)) }),
        ...(hasMore ? { page: { next: { label: 'More', line: moreLine(project, state, limit) } } } : {}),
      },
      result: { errors: shown.map(error => errorResult(context, error)) },
    }
  },
})

const show = command({
  name: 'errors show',
  summary: 'Show an error: its count, times, messages and state',
  examples: ['errors show v1:3f2a9c81d4e5b6a7'],
  role: 'viewer',
  args: { fingerprint: fingerprint(), project: projectName().optional().describe('Project of the error') },
  run({ fingerprint, project }, context) {
    const error = findError(context, fingerprint, project)
    return { card: errorCard(error, context), result: { error: errorResult(context, error) } }
  },
})

/** A command that sets the state of an error (from one state or any); an error that is not open has no open alert. */
function setStateCommand(
  verb: 'resolve' | 'mute' | 'unmute' | 'reopen',
  { from, to }: { from?: KnownError['state']; to: KnownError['state'] },
  summary: string,
) {
  return command({
    name: `errors ${verb}`,
    summary,
    examples: [`errors ${verb} v1:3f2a9c81d4e5b6a7`],
    role: 'responder',
    args: { fingerprint: fingerprint(), project: projectName().optional().describe('Project of the error') },
    run({ fingerprint, project }, context) {
      const { state, by, now } = context
      const error = findError(context, fingerprint, project)
      if (error.state === to) throw new Problem('conflict', `The error ${error.fingerprint} is already ${to}.`)
      if (from !== undefined && error.state !== from)
        throw new Problem('conflict', `The error ${error.fingerprint} is not ${from}, but ${error.state}.`)
      state.transaction(() => {
        setErrorState(state, error.id, to, by.name, now)
        if (to === 'open') return
        deleteRuleState(state, errorKey(error))
        endAlert(state, errorKey(error), by.name, now)
      })
      const changed = { ...error, state: to, stateBy: by.name, stateAt: now }
      return { card: errorCard(changed, context), result: { error: errorResult(context, changed) } }
    },
  })
}

export const errorCommands = [
  list,
  show,
  setStateCommand(
    'resolve',
    { to: 'resolved' },
    'Mark an error as resolved; if it comes back, it alerts as a regression',
  ),
  setStateCommand('mute', { to: 'muted' }, 'Mute an error: it does not alert any more'),
  setStateCommand('unmute', { from: 'muted', to: 'open' }, 'Unmute an error: it alerts again'),
  setStateCommand('reopen', { to: 'open' }, 'Mark a resolved or muted error as open again'),
]

/** The one error that a fingerprint or its beginning names; throws `not_found` or `conflict`. */
function findError({ state }: Context, prefix: string, project: string | undefined): KnownError {
  const projectId = project === undefined ? undefined : findProject(state, project).id
  const found = findErrorsByPrefix(state, prefix, MAX_MATCHES).filter(
    error => projectId === undefined || error.projectId === projectId,
  )
  const exact = found.filter(error => error.fingerprint === prefix)
  const [error, another] = exact.length > 0 ? exact : found
  if (!error)
    throw new Problem('not_found', `There is no error "${prefix}". "errors list" shows all errors.`, {
      fields: { fingerprint: 'no such error' },
    })
  if (another)
    throw new Problem('conflict', `"${prefix}" matches several errors. Use more of the fingerprint, or --project.`, {
      fields: { fingerprint: 'is ambiguous' },
    })
  return error
}

function errorCard(error: KnownError, context: Context): Card {
  const { state, stateBy, stateAt, fingerprint } = error
  const named = nameInLine(error, context)
  const changed: Span[] = [{ bold: state }]
  if (stateBy !== null && stateAt !== null) changed.push(` by ${stateBy}, `, { time: stateAt, style: 'relative' })
  return {
    title: `${error.source || 'somewhere'}: ${messageOf(error)}`,
    tone: TONES[state],
    lines: [
      [
        ...changed,
        ` · seen ${plural(error.count, 'time')}, last `,
        { time: error.lastSeenAt, style: 'moment' },
        ', first ',
        { time: error.firstSeenAt, style: 'moment' },
        '.',
      ],
      `${error.why.charAt(0).toUpperCase()}${error.why.slice(1)}`,
    ],
    evidence: errorEvidence(context.state, error, context.now),
    buttons: [
      errorLogsButton(context.state, error),
      ...(state === 'open'
        ? [
            { label: 'Resolve', line: `errors resolve ${named}` },
            { label: 'Mute', line: `errors mute ${named}` },
          ]
        : state === 'muted'
          ? [{ label: 'Unmute', line: `errors unmute ${named}` }]
          : [{ label: 'Reopen', line: `errors reopen ${named}` }]),
    ],
    footer: fingerprint,
  }
}

function errorRow(error: KnownError, context: Context): Row {
  return {
    name: error.fingerprint,
    text: errorLine(error),
    action: { label: 'Show', line: `errors show ${nameInLine(error, context)}` },
    more: [errorLogsButton(context.state, error)],
  }
}

/** How the command line of a button names an error: several projects may have the same. */
function nameInLine({ fingerprint, projectId }: KnownError, { state }: Context): string {
  const project = listProjects(state).length > 1 ? readProjectById(state, projectId) : undefined
  return project ? `${fingerprint} --project ${project.name}` : fingerprint
}

function errorLine(error: KnownError): Text {
  const state = error.state === 'open' ? '' : ` · ${error.state}`
  return [
    { bold: error.source || 'somewhere' },
    `: ${messageOf(error)} · ${plural(error.count, 'time')}, last `,
    { time: error.lastSeenAt, style: 'relative' },
    `${state} · `,
    { code: error.fingerprint },
  ]
}

/** Why the list is empty, and what to do next. */
function emptyLine({ state }: Context, filter: KnownError['state'] | undefined): string {
  if (listErrors(state, { limit: 1 }).length === 0) return 'No line of level error or fatal was received yet.'
  if (filter === undefined) return 'There is none in this project; "errors list" shows those of all projects.'
  return `No error is ${filter}; "errors list" shows all errors.`
}

function messageOf(error: KnownError): string {
  return truncate(firstLine((error.samples.at(-1)?.message ?? '').trim()), MAX_MESSAGE_LENGTH)
}

function moreLine(project: string | undefined, state: string | undefined, limit: number): string {
  const flags = [project === undefined ? '' : ` --project=${project}`, state === undefined ? '' : ` --state=${state}`]
  return `errors list${flags.join('')} --limit=${Math.min(MAX_PAGE_SIZE, limit * 3)}`
}

function errorResult({ state }: Context, error: KnownError) {
  return {
    fingerprint: error.fingerprint,
    project: readProjectById(state, error.projectId)?.name ?? null,
    source: error.source,
    state: error.state,
    state_by: error.stateBy,
    state_at: isoTime(error.stateAt),
    count: error.count,
    first_seen_at: isoTime(error.firstSeenAt),
    last_seen_at: isoTime(error.lastSeenAt),
    why: error.why,
    samples: error.samples.map(({ id, message, host, at }) => ({ id, message, host, at: isoTime(at) })),
  }
}
