// The command that shows what a job wrote.
import { z } from 'zod'
import { formatBytes } from '../../src/bytes.ts'
import type { Span } from '../../src/card.ts'
import { type Beat, listBeats, readBeat } from '../../src/checks/beats.ts'
import type { Check } from '../../src/checks/check.ts'
import { readCheck } from '../../src/checks/checks.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { truncate } from '../../src/text.ts'
import { type Context, checkName, checkOf, command, projectName } from '../context.ts'
import { beatResult, shownBody } from './check-card.ts'

/** How much of the end of an output a card shows; the rest is in its file. */
const MAX_SHOWN_LENGTH = 3_000
const MAX_END_LENGTH = 120
/** As many beats as are stored. */
const ALL_BEATS = 200

export const checksOutput = command({
  name: 'checks output',
  summary: 'Show what a job wrote: the body of its latest beat that has one, or of one beat',
  examples: ['checks output nightly-backup', 'checks output nightly-backup --beat 42'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    beat: z.number().int().positive().optional().describe('Number of the beat, the id in the result of "checks beats"'),
    project: projectName().optional().describe('Project of the check'),
  },
  run({ name, beat: id, project }, context) {
    const check = checkOfBeat(context, id, name, project) ?? checkOf(context, name, project)
    const beat = id === undefined ? latestOutput(check, context) : beatOf(check, id, context)
    const output = (shownBody(beat, check, context) ?? '').replaceAll('\r\n', '\n').trimEnd()
    const exit = beat.exitStatus === null ? '' : ` with exit status ${beat.exitStatus}`
    const isLong = output.length > MAX_SHOWN_LENGTH
    return {
      card: {
        title: `Output of ${check.name}`,
        tone: 'plain',
        lines: [
          [`${beat.kind}${exit}, `, { time: beat.receivedAt, style: 'moment' }, `, ${formatBytes(beat.bodyBytes)}.`],
          ...(output === '' ? ['This beat has no output that is still stored.'] : []),
          ...(isLong ? ['This is the end; the file has all that is stored.'] : []),
        ],
        ...(output === '' ? {} : { code: { text: isLong ? lastLines(output) : output } }),
        ...(isLong ? { file: { name: `${check.slug || 'output'}-${beat.id}.txt`, content: Buffer.from(output) } } : {}),
      },
      result: { beat: beatResult(beat, check, context) },
    }
  },
})

/** The last line of the output of a beat, for a list. */
export function outputEnd(beat: Beat, check: Check, context: Context): Span[] {
  const end = shownBody(beat, check, context)?.trimEnd().split('\n').at(-1)?.trim()
  return end ? [' · ', { code: truncate(end, MAX_END_LENGTH) }] : []
}

/** The check that a beat belongs to, if it is the one that was named: the button of a card has no project, and several may have its name. */
function checkOfBeat({ state }: Context, id: number | undefined, name: string, project: string | undefined) {
  const beat = id === undefined ? undefined : readBeat(state, id)
  const check = beat && readCheck(state, beat.checkId)
  if (check === undefined || ![check.uuid, check.name, check.slug].includes(name)) return null
  return project === undefined || findProject(state, project).id === check.projectId ? check : null
}

function latestOutput(check: Check, { state }: Context): Beat {
  const beat = listBeats(state, check.id, ALL_BEATS).find(({ body }) => body !== null)
  if (beat) return beat
  throw new Problem(
    'not_found',
    `No beat of "${check.name}" has sent any output. Send it as the body: curl --data-binary @log PING_URL/$?`,
  )
}

function beatOf(check: Check, id: number, { state }: Context): Beat {
  const beat = readBeat(state, id)
  if (beat?.checkId === check.id) return beat
  throw new Problem(
    'not_found',
    `"${check.name}" has no beat ${id} any more. "checks beats" shows those that are stored.`,
    {
      fields: { beat: 'no such beat' },
    },
  )
}

/** The end in whole lines. */
function lastLines(output: string): string {
  const end = output.slice(-MAX_SHOWN_LENGTH)
  const line = end.indexOf('\n')
  return line < 0 ? end : end.slice(line + 1)
}
