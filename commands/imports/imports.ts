// The commands that move in from another program: they show what would be added, and add it with --yes.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { listChecks, pauseCheck, readCheck, readCheckByUuid } from '../../src/checks/checks.ts'
import { readCheckIdByPushToken, readDetails, saveDetails } from '../../src/checks/healthchecks/check-details.ts'
import { createFromSpec } from '../../src/checks/healthchecks/save-spec.ts'
import { positional, secret } from '../../src/command/command.ts'
import type { ForeignCheck, ForeignProgram } from '../../src/imports/foreign-check.ts'
import { FOREIGN_PROGRAMS } from '../../src/imports/list.ts'
import { listProbes, type ProbedCheck } from '../../src/probes/probes.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { errorMessage, plural } from '../../src/text.ts'
import { SECOND } from '../../src/time.ts'
import { probeDraft } from '../checks/probe-settings.ts'
import { addProbedCheck } from '../checks/probed-checks.ts'
import { type Context, command, projectName, yes } from '../context.ts'

const API_TIMEOUT_MS = 10 * SECOND
const MAX_API_BYTES = 8 * 1024 * 1024
const MAX_EXPORT_LENGTH = 1_000_000
const MAX_SHOWN = 25

/** What becomes of one check: it is new, it is there already, or it cannot be taken over. */
type Outcome = { check: ForeignCheck; state: 'new' | 'present' | 'refused'; message: string | null }

const createImport = (program: ForeignProgram) =>
  command({
    name: `import ${program.name}`,
    summary: `Take over the checks of ${program.title}`,
    details: `It shows what it would add; --yes adds it. ${program.howToExport}. In a terminal, the name of a file is enough.`,
    examples: [
      ...(program.api ? [`import ${program.name} https://hc.example.org --key hcw_abc`] : []),
      `import ${program.name} ${program.api ? 'checks.json' : 'kuma.db'} --yes`,
    ],
    role: 'admin',
    args: {
      from: secret(positional(z.string().trim().min(1).max(MAX_EXPORT_LENGTH))).describe(
        program.api ? 'Address of the server, or an export (JSON)' : 'Export (JSON)',
      ),
      ...(program.api ? { key: secret(z.string().trim().min(1).max(200)).optional().describe('Key of its API') } : {}),
      project: projectName().optional().describe('Project of the checks (default: the project "default")'),
      yes: yes(),
    },
    async run(args, context) {
      const { from, project: projectName, yes } = args
      const key = (args as { key?: string }).key
      const project = findProject(context.state, projectName)
      const json = /^https?:\/\//i.test(from) ? await askApi(program, from, key, context) : readJson(program, from)
      const outcomes = outcomesOf(program.read(json), project.id, context)
      const added = yes ? await addAll(outcomes, project.id, context) : null
      return answer(program, outcomes, added)
    },
  })

/** What becomes of each check. Two with one ping or push URL cannot both have it: the first of them gets it. */
function outcomesOf(checks: readonly ForeignCheck[], projectId: number, context: Context): Outcome[] {
  const asked = listProbes(context.state, projectId)
  const takers = new Map<string, string>()
  return checks.map(check => {
    const outcome = check.probe
      ? probeOutcome(check, check.probe, asked, context)
      : outcomeOf(check, projectId, context)
    if (outcome.state !== 'new' || !check.beats) return outcome
    const url = check.beats.uuid ?? check.beats.pushToken!
    const taker = takers.get(url)
    if (taker !== undefined) return { check, state: 'refused', message: `Its URL is that of ${taker}, too.` }
    takers.set(url, check.name)
    return outcome
  })
}

function outcomeOf(check: ForeignCheck, projectId: number, { state, by }: Context): Outcome {
  if (check.refused !== null) return { check, state: 'refused', message: check.refused }
  const { uuid = null, pushToken = null } = check.beats ?? {}
  const id = pushToken === null ? undefined : readCheckIdByPushToken(state, pushToken)
  const present = uuid === null ? (id === undefined ? undefined : readCheck(state, id)) : readCheckByUuid(state, uuid)
  if (!present) return { check, state: 'new', message: null }
  // The key of a project must not learn how the checks of another one are called.
  const isElsewhere = present.projectId !== projectId
  const where = isElsewhere
    ? by.keyId === undefined
      ? `, as ${present.name} of another project`
      : ''
    : `, as ${present.name}`
  return { check, state: 'present', message: `It is there already${where}.` }
}

/** A probe has no URL of its own to be known by: it is there already when the project asks the same and expects the same. */
function probeOutcome(
  check: ForeignCheck,
  { settings }: NonNullable<ForeignCheck['probe']>,
  asked: readonly ProbedCheck[],
  context: Context,
): Outcome {
  try {
    const { kind, target, method, expect, expectStatus } = probeDraft(settings, context)!
    const present = asked.find(
      ({ probe }) =>
        probe.kind === kind &&
        probe.target === target &&
        probe.method === method &&
        probe.expect === expect &&
        probe.expectStatus === expectStatus,
    )
    if (present) return { check, state: 'present', message: `It is there already, as ${present.check.name}.` }
    return { check, state: 'new', message: null }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { check, state: 'refused', message: error.message }
  }
}

/** Adds those that are new, and returns them; one that the rules of checks refuse is marked so. */
async function addAll(outcomes: readonly Outcome[], projectId: number, context: Context): Promise<Outcome[]> {
  const added: Outcome[] = []
  for (const outcome of outcomes.filter(({ state }) => state === 'new')) {
    try {
      await add(outcome.check, projectId, context)
      added.push(outcome)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      Object.assign(outcome, { state: 'refused', message: error.message })
    }
  }
  return added
}

/** Adds a check with its details; what was paused is paused. */
async function add({ name, beats, probe, isPaused }: ForeignCheck, projectId: number, context: Context): Promise<void> {
  const { state, now, config } = context
  if (beats) {
    const target = { projectId, version: 3, timeZone: config.timeZone, channels: [], now }
    state.transaction(() => {
      const check = createFromSpec(state, beats.spec, target, beats.uuid ?? undefined)
      if (beats.pushToken !== null) saveDetails(state, { ...readDetails(state, check), pushToken: beats.pushToken })
      if (isPaused) pauseCheck(state, check, now)
    })
    return
  }
  const { settings, everyMs, after, tags, description } = probe!
  const draft = probeDraft(settings, context)!
  const freeName = unusedName(name, projectId, context)
  const checkSettings = { every: { days: 0, ms: everyMs }, after }
  await addProbedCheck({ name: freeName, projectId, timeZone: null, settings: checkSettings, probe: draft }, context)
  const check = listChecks(state, { projectId }).find(candidate => candidate.name === freeName)!
  saveDetails(state, { ...readDetails(state, check), apiName: freeName, tags, description })
  if (isPaused) pauseCheck(state, check, now)
}

function unusedName(name: string, projectId: number, { state }: Context): string {
  const taken = new Set(listChecks(state, { projectId }).map(check => check.name))
  const wanted = name.slice(0, 90)
  if (!taken.has(wanted)) return wanted
  for (let number = 2; ; number++) if (!taken.has(`${wanted} ${number}`)) return `${wanted} ${number}`
}

function answer(program: ForeignProgram, outcomes: readonly Outcome[], added: readonly Outcome[] | null) {
  const fresh = outcomes.filter(({ state }) => state === 'new').length
  const counts = [
    `${plural(fresh, 'check')} ${added === null ? 'would be added' : 'added'}`,
    `${outcomes.filter(({ state }) => state === 'present').length} there already`,
    `${outcomes.filter(({ state }) => state === 'refused').length} not imported`,
  ]
  const icons = { new: '➕', present: '✔️', refused: '✖️' }
  const lines = outcomes
    .slice(0, MAX_SHOWN)
    .map(
      ({ check, state, message }): Text => [
        `${icons[state]} `,
        { bold: check.name },
        ` · ${check.about}${check.isPaused ? ', paused' : ''}${message === null ? '' : ` · ${message}`}`,
      ],
    )
  const more = outcomes.length - lines.length
  return {
    card: {
      title: added === null ? `Import from ${program.title}: nothing is added yet` : `Imported from ${program.title}`,
      tone: added === null ? ('warning' as const) : ('good' as const),
      lines: [
        `${counts.join(', ')}.`,
        ...lines,
        ...(more > 0 ? [`… and ${more} more.`] : []),
        ...(added === null && fresh > 0 ? ['Run it again with --yes to add them.'] : []),
        ...(added !== null && fresh > 0 ? [NEXT_STEP[program.name] ?? ''] : []),
      ],
    },
    result: {
      added: added?.length ?? 0,
      preview: added === null,
      checks: outcomes.map(({ check, state, message }) => ({ name: check.name, about: check.about, state, message })),
    },
    ...(added === null ? {} : { audit: { count: added.length } }),
  }
}

/** What people do next. */
const NEXT_STEP: { readonly [program: string]: string } = {
  healthchecks:
    'Ping URLs keep their uuids: change only the host name in the jobs. Alerts go where the routes of Vakt send them.',
  'uptime-kuma':
    'Push URLs keep their tokens: change only the host name in the jobs. Alerts go where the routes of Vakt send them.',
}

/** What is meant as the name of a file, though none was found in its place. */
const FILE_NAME = /^[\w ./\\:~-]{1,200}\.[a-z]\w{1,9}$/i

function readJson(program: ForeignProgram, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (FILE_NAME.test(text))
      throw invalid(
        'from',
        `There is no file "${text}" in the folder of this terminal, and no other door reads files. ${program.howToExport}.`,
      )
    throw invalid('from', `The export is not JSON (${errorMessage(error)}). ${program.howToExport}.`)
  }
}

async function askApi(
  program: ForeignProgram,
  base: string,
  key: string | undefined,
  { by }: Context,
): Promise<unknown> {
  if (!program.api) throw invalid('from', `${program.title} has no API for this. ${program.howToExport}.`)
  if (by.keyId !== undefined)
    throw new Problem('forbidden', 'A key of a project cannot make Vakt ask another server. Import a file instead.')
  if (key === undefined) throw invalid('key', `The API of ${program.title} needs a key: --key KEY.`)
  const url = `${base.replace(/\/+$/, '').replace(/\/api\/v\d.*$/, '')}${program.api.path}`
  const response = await fetch(url, {
    headers: { [program.api.keyHeader]: key },
    redirect: 'error',
    signal: AbortSignal.timeout(API_TIMEOUT_MS),
  }).catch(error => {
    throw new Problem(
      'invalid',
      `${program.title} at ${url} did not answer: ${errorMessage(error.cause ?? error)}. Check the address.`,
    )
  })
  const text = await readLimited(response)
  if (!response.ok)
    throw new Problem(
      'invalid',
      `${program.title} at ${url} answered ${response.status}: ${text.slice(0, 200)}. Check the key.`,
    )
  return readJson(program, text)
}

async function readLimited(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    length += piece.length
    if (length > MAX_API_BYTES)
      throw new Problem('too_large', 'The list of checks is larger than 8 MB. Import a file instead.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

export const importCommands = FOREIGN_PROGRAMS.map(createImport)
