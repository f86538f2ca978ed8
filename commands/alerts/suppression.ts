// Commands for the thresholds of suppression: inhibition, flapping and storms.
import { z } from 'zod'
import {
  readThresholds,
  resetThresholds,
  setThresholds,
  THRESHOLDS,
  type ThresholdName,
  type Thresholds,
} from '../../src/alerts/suppression/settings.ts'
import { aliased, kebab } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { formatDuration, parseDuration } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'

const inProject = () => projectName().optional().describe('Only for this project')

const show = command({
  name: 'suppression show',
  aliases: ['holds show'],
  summary: 'Show the thresholds for inhibition, flapping and alert storms',
  details:
    'Silences, maintenance and quiet hours suppress alerts too: "silence list", "maintenance list", "quiet-hours show".',
  examples: ['suppression show', 'suppression show --project shop'],
  role: 'viewer',
  args: { project: inProject() },
  run: ({ project }, context) => answer(context, project),
})

const set = command({
  name: 'suppression set',
  aliases: ['holds set'],
  summary: 'Change the thresholds for inhibition, flapping and alert storms',
  examples: [
    'suppression set --storm-rate 50',
    'suppression set --project shop --inhibition-delay 1m --flap-changes 4',
  ],
  role: 'admin',
  args: {
    inhibitionDelay: aliased(duration('inhibitionDelay'), 'hold-off'),
    recoveryGrace: aliased(duration('recoveryGrace'), 'settle'),
    flapChanges: count('flapChanges'),
    flapWindow: aliased(duration('flapWindow'), 'flap-within'),
    flapStableFor: aliased(duration('flapStableFor'), 'flap-good'),
    stormRate: count('stormRate'),
    stormMaxRemaining: aliased(count('stormMaxRemaining'), 'storm-post'),
    reset: z.boolean().optional().describe('Discard all values set before, here'),
    project: inProject(),
  },
  run({ project, reset, ...thresholds }, context) {
    const values = Object.entries(thresholds).filter(([, value]) => value !== undefined)
    if (values.length === 0 && !reset)
      throw invalid('inhibition-delay', 'Nothing to change. Name a threshold, such as --storm-rate 50.')
    const projectId = project === undefined ? null : findProject(context.state, project).id
    if (reset) resetThresholds(context.state, projectId)
    setThresholds(context.state, projectId, Object.fromEntries(values) as Partial<Record<ThresholdName, number>>)
    return answer(context, project)
  },
})

export const suppressionCommands = [show, set]

function count(name: ThresholdName) {
  const { min, max } = THRESHOLDS[name]
  return z.number().int().min(min).max(max).optional().describe(description(name))
}

function duration(name: ThresholdName) {
  const { min, max } = THRESHOLDS[name]
  return z
    .string()
    .transform((text, issues) => {
      const ms = parseDuration(text)
      if (ms !== null && ms >= min && ms <= max) return ms
      issues.addIssue(`must be a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 30s or 10m`)
      return z.NEVER
    })
    .optional()
    .describe(description(name))
}

function description(name: ThresholdName): string {
  const { summary, default: value } = THRESHOLDS[name]
  return `${summary} (default: ${valueText(name, value)})`
}

function answer(context: Context, project: string | undefined) {
  const projectId = project === undefined ? null : findProject(context.state, project).id
  const values = readThresholds(context.state, projectId)
  const general = readThresholds(context.state, null)
  return {
    card: {
      title: `Suppression thresholds${project === undefined ? '' : ` of ${project}`}`,
      tone: 'plain' as const,
      lines: (Object.keys(THRESHOLDS) as ThresholdName[]).map(name => [
        { code: `--${kebab(name)}` },
        ' ',
        { bold: valueText(name, values[name]) },
        `${values[name] === general[name] ? '' : ' (this project only)'}: ${THRESHOLDS[name].summary}`,
      ]),
    },
    result: {
      project: project ?? null,
      ...thresholdResult(values),
    },
  }
}

/** The thresholds in results; the last four repeat values under their older names. */
function thresholdResult(values: Thresholds) {
  return {
    inhibition_delay_ms: values.inhibitionDelay,
    recovery_grace_ms: values.recoveryGrace,
    flap_changes: values.flapChanges,
    flap_window_ms: values.flapWindow,
    flap_stable_for_ms: values.flapStableFor,
    storm_rate: values.stormRate,
    storm_max_remaining: values.stormMaxRemaining,
    hold_off_ms: values.inhibitionDelay,
    settle_ms: values.recoveryGrace,
    flap_within_ms: values.flapWindow,
    flap_good_ms: values.flapStableFor,
    storm_post: values.stormMaxRemaining,
  }
}

function valueText(name: ThresholdName, value: number): string {
  return THRESHOLDS[name].kind === 'duration' ? formatDuration(value) : String(value)
}
