// The known errors: which there are, one in full, and what people say of them: resolved, muted, open again.
import { z } from 'zod'
import { endAlert } from '../../src/alerts/lifecycle.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { cut, errorKey, lastHour, sampleLines } from '../../src/detectors/logs/error-finding.ts'
import { deleteRuleState } from '../../src/detectors/rules/rule-states.ts'
import { findErrorsByPrefix, type KnownError, listErrors, setErrorState } from '../../src/logs/errors/errors.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, counted, projectName } from '../context.ts'

const PAGE = 10

const fingerprint = () =>
  completes(positional(z.string().trim().min(4).max(100)), 'error').describe('Its fingerprint, or the beginning of it')

const list = command({
  name: 'errors list',
  summary: 'Show the errors that were seen, the latest first',
  examples: ['errors list', 'errors list --state muted'],
  role: 'viewer',
  args: {
    project: projectName().optional().describe('Only of this project'),
    state: z.enum(['open', 'resolved', 'muted']).optional().describe('Only those that somebody said this of'),
    limit: z.number().int().min(1).max(1000).optional().describe('How many, 10 unless said'),
  },
  run({ project, state: said, limit = PAGE }, context) {
    const filter = {
      ...(project === undefined ? {} : { projectId: findProject(context.state, project).id }),
      ...(said === undefined ? {} : { state: said }),
    }
    const found = listErrors(context.state, { ...filter, limit: limit + 1 })
    const shown = found.slice(0, limit)
    return {
      card: {
        title: shown.length === 0 ? 'No errors' : 'Errors, the latest first',
        tone: 'plain',
        lines: shown.length === 0 ? [emptyLine(context, said)] : shown.map(errorLine),
        buttons: [
          ...shown.slice(0, 4).map(one => ({ label: one.fingerprint, line: `errors show ${one.fingerprint}` })),
          ...(found.length > limit && limit < 1000 ? [{ label: 'More', line: moreLine(project, said, limit) }] : []),
        ],
      },
      result: { errors: shown.map(one => errorResult(context, one)) },
    }
  },
})

const show = command({
  name: 'errors show',
  summary: 'Show one error: how often, since when, what it says, who resolved it',
  examples: ['errors show v1:3f2a9c81d4e5b6a7'],
  role: 'viewer',
  args: { fingerprint: fingerprint(), project: projectName().optional().describe('Its project') },
  run({ fingerprint, project }, context) {
    const error = errorOf(context, fingerprint, project)
    return { card: errorCard(error, context), result: { error: errorResult(context, error) } }
  },
})

/** A command that says something of an error and ends its open alert. */
function saying(verb: 'resolve' | 'mute' | 'reopen', to: KnownError['state'], summary: string, examples: string[]) {
  return command({
    name: `errors ${verb}`,
    summary,
    examples,
    role: 'responder',
    args: { fingerprint: fingerprint(), project: projectName().optional().describe('Its project') },
    run({ fingerprint, project }, context) {
      const { state, by, now } = context
      const error = errorOf(context, fingerprint, project)
      if (error.state === to) throw new Problem('conflict', `The error ${error.fingerprint} is ${to} already.`)
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
  saying('resolve', 'resolved', 'Say that an error is fixed; should it come again, it alerts as a regression', [
    'errors resolve v1:3f2a9c81d4e5b6a7',
  ]),
  saying('mute', 'muted', 'Never alert on an error again', ['errors mute v1:3f2a9c81d4e5b6a7']),
  saying('reopen', 'open', 'Take back that an error is resolved or muted', ['errors reopen v1:3f2a9c81d4e5b6a7']),
]

function errorOf({ state }: Context, prefix: string, project: string | undefined): KnownError {
  const projectId = project === undefined ? undefined : findProject(state, project).id
  const found = findErrorsByPrefix(state, prefix, 50).filter(
    one => projectId === undefined || one.projectId === projectId,
  )
  const exact = found.filter(one => one.fingerprint === prefix)
  const [one, another] = exact.length > 0 ? exact : found
  if (!one)
    throw new Problem('not_found', `There is no error "${prefix}". "errors list" shows those there are.`, {
      fields: { fingerprint: 'no such error' },
    })
  if (another)
    throw new Problem('conflict', `"${prefix}" could be several errors. Write more of it, or say --project.`, {
      fields: { fingerprint: 'is not clear' },
    })
  return one
}

function errorCard(error: KnownError, context: Context) {
  const said =
    error.stateBy === null || error.stateAt === null
      ? []
      : [` by ${error.stateBy}, `, { time: error.stateAt, style: 'relative' as const }]
  const quoted = JSON.stringify(`fingerprint:"${error.fingerprint}" last:1d`)
  return {
    title: `${error.source || 'somewhere'}: ${cut(messageOf(error), 80)}`,
    tone:
      error.state === 'open'
        ? ('warning' as const)
        : error.state === 'resolved'
          ? ('good' as const)
          : ('muted' as const),
    lines: [
      [{ bold: error.state }, ...said],
      `${error.why.charAt(0).toUpperCase()}${error.why.slice(1)}`,
      ...sampleLines(error),
    ] as Text[],
    fields: [
      { name: 'Last hour', value: lastHour(context.state, error, context.now) },
      { name: 'Seen', value: counted(error.count, 'time'), inline: true },
      { name: 'First', value: [{ time: error.firstSeenAt, style: 'moment' as const }], inline: true },
      { name: 'Last', value: [{ time: error.lastSeenAt, style: 'moment' as const }], inline: true },
    ],
    buttons: [
      { label: 'Logs', line: `logs search ${quoted}` },
      ...(error.state === 'open'
        ? [
            { label: 'Resolve', line: `errors resolve ${error.fingerprint}` },
            { label: 'Mute', line: `errors mute ${error.fingerprint}` },
          ]
        : [{ label: 'Reopen', line: `errors reopen ${error.fingerprint}` }]),
    ],
    footer: error.fingerprint,
  }
}

function errorLine(error: KnownError): Text {
  const state = error.state === 'open' ? '' : ` · ${error.state}`
  return [
    { bold: error.source || 'somewhere' },
    `: ${cut(messageOf(error), 80)} · ${counted(error.count, 'time')}, last `,
    { time: error.lastSeenAt, style: 'relative' },
    `${state} · `,
    { code: error.fingerprint },
  ]
}

/** Why none is shown, and what to do next. */
function emptyLine({ state }: Context, said: KnownError['state'] | undefined): string {
  if (listErrors(state, { limit: 1 }).length === 0) return 'No line at error or fatal was counted yet.'
  if (said === undefined) return 'None was seen in this project; "errors list" shows those of all.'
  return `None is ${said}; "errors list" shows those there are.`
}

function messageOf(error: KnownError): string {
  return (error.samples.at(-1)?.message ?? '').trim().split('\n', 1)[0]!
}

function moreLine(project: string | undefined, said: string | undefined, limit: number): string {
  const flags = [project === undefined ? '' : ` --project=${project}`, said === undefined ? '' : ` --state=${said}`]
  return `errors list${flags.join('')} --limit=${Math.min(1000, limit * 3)}`
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
