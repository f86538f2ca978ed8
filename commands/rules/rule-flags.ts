// The settings of a rule as flags, and what they make of its row.
import { z } from 'zod'
import { completes } from '../../src/command/command.ts'
import { SEVERITIES } from '../../src/detectors/finding.ts'
import { DEFAULTS, type Rule, type RuleKind } from '../../src/detectors/rules/rule.ts'
import { refuseNonsense, SETTINGS, type SettingName } from '../../src/detectors/rules/rule-settings.ts'
import { METRICS } from '../../src/hosts/metrics/metrics.ts'
import { expandSavedSearch } from '../../src/logs/searches.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import type { State } from '../../src/state/database.ts'
import { SECOND } from '../../src/time.ts'
import { duration } from '../context.ts'

const NONE = 'none'
const text = (max: number) => z.string().trim().min(1).max(max).optional()

/** The flags that `rules add` and `rules edit` share. */
export function ruleFlags() {
  return {
    threshold: z
      .number()
      .min(0)
      .max(1e12)
      .optional()
      .describe('How much is too much: lines, percent, or the metric’s unit'),
    window: duration(SECOND).optional().describe('Over which time, such as 60s or 5m'),
    hold: z
      .union([z.literal('0s'), duration(SECOND)])
      .optional()
      .describe('How long it must last; see "rules show" for what it means'),
    quiet: duration(SECOND).optional().describe('The alert ends after so long without it'),
    minimum: z
      .number()
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('Errors there must be at the least (error-rate)'),
    baseline: z.boolean().optional().describe('Allow more of what is usual; --baseline=off does not'),
    times: z
      .number()
      .min(1)
      .max(1000)
      .optional()
      .describe('How often as much as usual is allowed (with --baseline), such as 2 or 1.5'),
    metric: z
      .enum([...METRICS, NONE])
      .optional()
      .describe('What to compare (threshold); lines are counted without one'),
    operator: z.enum(['>', '>=', '<', '<=']).optional().describe('How to compare (threshold, search), >= unless said'),
    per: z.enum(['everywhere', 'source', 'host', 'container']).optional().describe('What to judge apart (threshold)'),
    matcher: completes(text(500), 'log query').describe(
      'Which lines, hosts or containers, in the search language; none is all',
    ),
    severity: z.enum(SEVERITIES).optional().describe('How bad it is'),
    owner: text(100).describe('Who looks after it; none takes it away'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How often to tell again until acknowledged; as the project unless said'),
    title: text(200).describe(
      'A title of your own; {where}, {value} and {what} stand for what there is. none takes it away',
    ),
    note: text(500).describe('Words for the card: what to do, where the runbook is; none takes them away'),
    project: completes(z.string().max(64), 'project').optional().describe('Only this project; none is every project'),
  }
}

/** The flags that decide what a rule finds: it can be tried with others than its own. */
export function trialFlags() {
  const { threshold, window, hold, quiet, minimum, baseline, times, metric, operator, per, matcher } = ruleFlags()
  return { threshold, window, hold, quiet, minimum, baseline, times, metric, operator, per, matcher }
}

type Flags = Partial<z.output<z.ZodObject<ReturnType<typeof ruleFlags>>>>

/** The row of a new rule. Throws `invalid` for what makes no sense. */
export function draftRule(state: State, kind: RuleKind, name: string, flags: Flags) {
  const compared = kind === 'threshold' || kind === 'search'
  const metric = flags.metric !== undefined && flags.metric !== NONE
  const blank = {
    ...DEFAULTS[kind],
    ...{
      kind,
      name,
      matcher: '',
      projectId: null,
      owner: null,
      remindEvery: null,
      title: null,
      note: null,
      paused: false,
    },
    ...{
      metric: null,
      operator: compared ? ('>=' as const) : null,
      per: metric ? ('host' as const) : ('everywhere' as const),
    },
  }
  const draft = { ...blank, ...readFlags(state, kind, flags) }
  refuseNonsense({ ...draft, matcher: searched(state, kind, draft.matcher) })
  return draft
}

/** The changes that flags make to a rule. Throws `invalid` for what makes no sense. */
export function editedRule(state: State, rule: Rule, flags: Flags): Partial<Rule> {
  const changes = readFlags(state, rule.kind, flags)
  const edited = { ...rule, ...changes }
  refuseNonsense({ ...edited, matcher: searched(state, rule.kind, edited.matcher) })
  return changes
}

/** A saved search must be there, and be one; what it says is read anew each time it is asked. */
function searched(state: State, kind: RuleKind, matcher: string): string {
  return kind === 'search' ? expandSavedSearch(state, matcher) : matcher
}

function readFlags(state: State, kind: RuleKind, flags: Flags): Partial<Rule> {
  const { project, remind, matcher, owner, title, note, metric, severity, hold, ...settings } = flags
  const known = SETTINGS[kind].map(({ name }) => name)
  const given = { ...settings, ...(metric === undefined ? {} : { metric }), ...(hold === undefined ? {} : { hold }) }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name as SettingName)) continue
    throw invalid(
      name,
      `A rule of the kind ${kind} has no --${name}. It has ${known.map(one => `--${one}`).join(', ')}.`,
    )
  }
  return defined({
    ...settings,
    metric: metric === NONE ? null : metric,
    hold: hold === '0s' ? 0 : hold,
    severity,
    matcher: matcher === NONE ? '' : matcher,
    owner: orNull(owner),
    title: orNull(title),
    note: orNull(note),
    remindEvery: remind === NONE ? 0 : remind,
    projectId: project === undefined ? undefined : project === NONE ? null : findProject(state, project).id,
  })
}

function orNull(text: string | undefined): string | null | undefined {
  return text === NONE ? null : text
}

/** Without what was not said. */
function defined(changes: { [name: string]: unknown }): Partial<Rule> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}
