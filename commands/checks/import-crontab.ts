// The command that makes checks of the jobs in a crontab.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import type { Check } from '../../src/checks/check.ts'
import { addCheck, countChecks } from '../../src/checks/checks.ts'
import { type CrontabJob, nameOfJob, pingingLine, readCrontab, type SkippedLine } from '../../src/checks/crontab.ts'
import { completes, positional } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { plural, truncate } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { type Context, command, projectName, readable, refusePublicSecret } from '../context.ts'
import { checkResult } from './check-card.ts'
import { checkSettings, draftOf } from './check-settings.ts'

const MAX_JOBS = 500
const MAX_LISTED = 30
const MAX_SHOWN_COMMAND = 60

/** A job with the check that is proposed for it. */
type Proposal = { job: CrontabJob; name: string; draft: ReturnType<typeof draftOf> }

const importCrontab = command({
  name: 'checks import crontab',
  summary: 'Propose checks for the jobs of a crontab, add them with --yes, and print the new crontab lines',
  details:
    'In a shell: crontab -l | npx vakt checks import crontab - (a lone hyphen stands for standard input). Without --yes nothing is added. A job that sends a beat already is left as it is.',
  examples: ['checks import crontab "0 2 * * * /usr/local/bin/backup --full"'],
  role: 'responder',
  args: {
    crontab: positional(z.string().min(1).max(200_000)).describe('The crontab: one job a line'),
    system: z
      .boolean()
      .optional()
      .describe('A user stands before each command, as in /etc/crontab (default: when that looks so)'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone of jobs without CRON_TZ (default: that of the project)'),
    host: checkSettings().host.describe('Host that the jobs run on'),
    owner: checkSettings().owner,
    project: projectName().optional().describe('Project of the checks (default: the project "default")'),
    yes: z.boolean().optional().describe('Add the checks'),
  },
  run({ crontab, system, tz, host, owner, project, yes }, context) {
    if (yes) refusePublicSecret(context, 'ping URLs')
    const { jobs, skipped } = readCrontab(crontab, system)
    if (jobs.length === 0 && skipped.length === 0) {
      throw invalid('crontab', 'There is no job in this text. A job is a line such as: 0 2 * * * /usr/local/bin/backup')
    }
    if (jobs.length > MAX_JOBS) throw invalid('crontab', `A crontab may have at most ${MAX_JOBS} jobs.`)
    const { id: projectId, timeZone } = findProject(context.state, project)
    const zone = tz ?? timeZone ?? undefined
    const taken = new Set<string>()
    const proposals = jobs.map((job): Proposal => {
      const cron = { expressions: job.expression, timeZone: job.timeZone, rest: [] }
      const draft = draftOf({ cron, ...(host ? { host } : {}), ...(owner ? { owner } : {}) }, context, zone)
      return { job, name: freeName(job, projectId, taken, context), draft }
    })
    if (!yes) return proposalAnswer(proposals, skipped)
    const added = context.state.transaction(() =>
      proposals.map(({ job, name, draft }) => ({
        job,
        check: addCheck(context.state, { ...draft, name, projectId }, context.now),
      })),
    )
    return addedAnswer(crontab, added, skipped, context)
  },
})

export const crontabCommands = [importCrontab]

/** The name of the job's program; numbered where the project or this crontab has it already. */
function freeName(job: CrontabJob, projectId: number, taken: Set<string>, { state }: Context): string {
  const base = nameOfJob(job.command)
  const isFree = (name: string) => !taken.has(name) && countChecks(state, { projectId, named: name }) === 0
  let name = base
  for (let number = 2; !isFree(name); number++) name = `${base}-${number}`
  taken.add(name)
  return name
}

function proposalAnswer(proposals: readonly Proposal[], skipped: readonly SkippedLine[]) {
  return {
    card: {
      title: `${plural(proposals.length, 'check')} can be added`,
      tone: 'info' as const,
      lines: [
        ...proposals
          .slice(0, MAX_LISTED)
          .map(
            ({ job, name, draft }): Text => [
              { bold: name },
              ` · ${job.expression} (${draft.timeZone}) · `,
              { code: truncate(job.command, MAX_SHOWN_COMMAND) },
            ],
          ),
        ...(proposals.length > MAX_LISTED ? [`… ${proposals.length - MAX_LISTED} more`] : []),
        ...skippedLines(skipped),
        ...(proposals.length > 0
          ? ['Nothing is added yet. The same command with --yes adds them and prints the new crontab lines.']
          : []),
      ],
    },
    result: {
      added: false,
      proposed: proposals.map(({ job, name, draft }) => ({
        name,
        line: job.line,
        cron: job.expression,
        tz: draft.timeZone,
        user: job.user,
        command: job.command,
      })),
      skipped: skipped.map(({ line, text, why }) => ({ line, text, why })),
    },
    asked: true,
  }
}

function addedAnswer(
  crontab: string,
  added: readonly { job: CrontabJob; check: Check }[],
  skipped: readonly SkippedLine[],
  context: Context,
) {
  const byLine = new Map(
    added.map(({ job, check }) => [job.line, pingingLine(job.text, `${context.publicUrl}/ping/${check.uuid}`)]),
  )
  const lines = crontab.split(/\r?\n/).map((text, i) => byLine.get(i + 1) ?? text)
  return {
    card: {
      title: `${plural(added.length, 'check')} added`,
      tone: 'good' as const,
      lines: [
        ...skippedLines(skipped),
        'Put these lines in place of the old ones. Each job reports its exit status when it ends; Vakt evaluates a check from its first beat on.',
      ],
      code: { text: lines.join('\n').trim(), language: 'sh' },
      file: { name: 'crontab.txt', content: Buffer.from(`${lines.join('\n').trim()}\n`) },
    },
    result: {
      added: true,
      checks: added.map(({ check }) => checkResult(context, check).check),
      crontab: `${lines.join('\n').trim()}\n`,
      skipped: skipped.map(({ line, text, why }) => ({ line, text, why })),
      at: isoTime(context.now),
    },
    audit: { count: added.length },
  }
}

function skippedLines(skipped: readonly SkippedLine[]): Text[] {
  return skipped
    .slice(0, MAX_LISTED)
    .map(
      ({ line, text, why }): Text => [
        `Line ${line}, `,
        { code: truncate(text, MAX_SHOWN_COMMAND) },
        `, stays as it is: ${why}`,
      ],
    )
}
