// The thresholds of holding back: how long to wait for a cause, what is flapping, what is a storm.
import { z } from 'zod'
import { readThresholds, resetThresholds, setThresholds } from '../../src/alerts/suppression/settings.ts'
import { THRESHOLDS, type ThresholdName, type Thresholds } from '../../src/alerts/suppression/threshold.ts'
import { kebab } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { formatDuration, parseDuration } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'

const inProject = () => projectName().optional().describe('Only for this project')

const show = command({
  name: 'holds show',
  summary: 'Show when alerts wait for their cause, flap or are a storm',
  details:
    'Silences, maintenance and quiet hours hold alerts back too: "silence list", "maintenance list", "quiet show".',
  examples: ['holds show', 'holds show --project shop'],
  role: 'viewer',
  args: { project: inProject() },
  run: ({ project }, context) => answer(context, project),
})

const set = command({
  name: 'holds set',
  summary: 'Change when alerts wait for their cause, flap or are a storm',
  examples: ['holds set --storm-rate 50', 'holds set --project shop --hold-off 1m --flap-changes 4'],
  role: 'admin',
  args: {
    holdOff: text('holdOff'),
    settle: text('settle'),
    flapChanges: number('flapChanges'),
    flapWithin: text('flapWithin'),
    flapGood: text('flapGood'),
    stormRate: number('stormRate'),
    stormPost: number('stormPost'),
    reset: z.boolean().optional().describe('Take back what was set before, here'),
    project: inProject(),
  },
  run({ project, reset, ...given }, context) {
    const values = Object.entries(given).filter(([, value]) => value !== undefined)
    if (values.length === 0 && !reset) throw invalid('hold-off', 'Say what to change, such as --storm-rate 50.')
    const projectId = project === undefined ? null : findProject(context.state, project).id
    if (reset) resetThresholds(context.state, projectId)
    setThresholds(context.state, projectId, Object.fromEntries(values) as Partial<Record<ThresholdName, number>>)
    return answer(context, project)
  },
})

export const suppressionCommands = [show, set]

function number(name: ThresholdName) {
  const { min, max, says } = THRESHOLDS[name]
  return z.number().int().min(min).max(max).optional().describe(says)
}

function text(name: ThresholdName) {
  const { min, max, says } = THRESHOLDS[name]
  return z
    .string()
    .transform((written, issues) => {
      const ms = parseDuration(written)
      if (ms !== null && ms >= min && ms <= max) return ms
      issues.addIssue(`must be a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 30s or 10m`)
      return z.NEVER
    })
    .optional()
    .describe(says)
}

function answer(context: Context, project: string | undefined) {
  const projectId = project === undefined ? null : findProject(context.state, project).id
  const now = readThresholds(context.state, projectId)
  const usual = readThresholds(context.state, null)
  return {
    card: {
      title: `When alerts are held back${project === undefined ? '' : ` in ${project}`}`,
      tone: 'plain' as const,
      lines: (Object.keys(THRESHOLDS) as ThresholdName[]).map(name => [
        { code: `--${kebab(name)}` },
        ' ',
        { bold: written(name, now) },
        `${now[name] === usual[name] ? '' : ' (here only)'}: ${THRESHOLDS[name].says}`,
      ]),
    },
    result: {
      project: project ?? null,
      hold_off_ms: now.holdOff,
      settle_ms: now.settle,
      flap_changes: now.flapChanges,
      flap_within_ms: now.flapWithin,
      flap_good_ms: now.flapGood,
      storm_rate: now.stormRate,
      storm_post: now.stormPost,
    },
  }
}

function written(name: ThresholdName, values: Thresholds): string {
  return THRESHOLDS[name].kind === 'duration' ? formatDuration(values[name]) : String(values[name])
}
