// The settings of a rule as flags, and the row that they make.
import { z } from 'zod'
import { aliased, completes, kebab } from '../../src/command/command.ts'
import type { Rule, RuleDraft } from '../../src/detectors/rules/rule.ts'
import { type RuleKind, type RuleKinds, SETTING_NAMES, type SettingName } from '../../src/detectors/rules/rule-kind.ts'
import { validateRule } from '../../src/detectors/rules/rule-settings.ts'
import { METRICS } from '../../src/hosts/metrics/metrics.ts'
import { expandSavedSearch, searchScope } from '../../src/logs/searches.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { SEVERITIES } from '../../src/severity.ts'
import type { State } from '../../src/state/database.ts'
import { SECOND } from '../../src/time.ts'
import { duration, readable } from '../context.ts'
import { readLabelNames } from '../notifications/recipient-arguments.ts'

const NONE = 'none'
const NO_TIME = '0s'
const MAX_VALUE = 1e12
const MAX_MINIMUM = 1e9
const MAX_FACTOR = 1_000
const MAX_MATCHER_LENGTH = 500
const MAX_OWNER_LENGTH = 100
const MAX_TITLE_LENGTH = 200
const MAX_NOTE_LENGTH = 500

const text = (max: number) => z.string().trim().min(1).max(max).optional()

/** The flags for the settings of the kinds; each names the kinds that have it, unless all of them do. */
export function settingFlags(kinds: RuleKinds) {
  const describe = (name: SettingName, summary: string) => {
    const having = kinds.all.filter(({ settings }) => settings.some(setting => setting.name === name))
    const isCommon = having.length === kinds.all.length
    return isCommon ? summary : `${summary}; only ${having.map(kind => kind.name).join(', ')}`
  }
  return {
    threshold: z
      .number()
      .min(0)
      .max(MAX_VALUE)
      .optional()
      .describe('Value that is too much: lines, percent, or the unit of the metric'),
    operator: z
      .enum(['>', '>=', '<', '<='])
      .optional()
      .describe(describe('operator', 'Comparison with the threshold (default: >=)')),
    metric: z
      .enum([...METRICS, NONE])
      .optional()
      .describe(describe('metric', 'Metric to compare; without one lines are counted')),
    per: z
      .enum(['everywhere', 'source', 'host', 'container'])
      .optional()
      .describe(describe('per', 'What to evaluate separately')),
    window: duration(SECOND).optional().describe('Time window, such as 60s or 5m'),
    for: aliased(
      z
        .union([z.literal(NO_TIME), duration(SECOND)])
        .optional()
        .describe(
          'How long the condition must be true before the alert fires; "rules show" shows what it means for a kind',
        ),
      'hold',
    ),
    keepFiring: aliased(
      duration(SECOND).optional().describe('How long the condition must be false before the alert is resolved'),
      'quiet',
    ),
    minimum: z
      .number()
      .int()
      .min(1)
      .max(MAX_MINIMUM)
      .optional()
      .describe(describe('minimum', 'Minimum number of errors')),
    baseline: z.boolean().optional().describe('Allow more where that is usual; --baseline=off turns it off'),
    factor: aliased(
      z.number().min(1).max(MAX_FACTOR).optional().describe('How many times the baseline is allowed, such as 2 or 1.5'),
      'times',
    ),
  }
}

/** The flags that decide what a rule detects: it can be tested with others than its own. */
export function detectionFlags(kinds: RuleKinds) {
  return {
    ...settingFlags(kinds),
    matcher: completes(text(MAX_MATCHER_LENGTH), 'log query').describe(
      'Lines, hosts or containers to cover, in the search language; none is all',
    ),
  }
}

function readGroupBy(text: string): string[] | null {
  return text === NONE ? null : readLabelNames(text)
}

/** The flags that `rules add` and `rules edit` share. */
export function ruleFlags(kinds: RuleKinds) {
  return {
    ...detectionFlags(kinds),
    severity: z.enum(SEVERITIES).optional().describe('Severity of the alerts'),
    owner: text(MAX_OWNER_LENGTH).describe('Who is responsible; none removes the owner'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How often to remind until somebody acknowledges (default: as in the project)'),
    title: text(MAX_TITLE_LENGTH).describe(
      'Title of the alerts, with {where}, {value} and {what} (the message of an error); none restores the default',
    ),
    note: text(MAX_NOTE_LENGTH).describe('Note for the card: what to do, where the runbook is; none removes it'),
    groupBy: readable(readGroupBy, 300)
      .optional()
      .describe(
        'Labels by which its alerts share one card: host, or source,host; all is one card; none is a card each',
      ),
    project: completes(z.string().max(64), 'project').optional().describe('Only this project; none is every project'),
  }
}

type Flags = Partial<z.output<z.ZodObject<ReturnType<typeof ruleFlags>>>>

/** The row of a new rule. Throws `invalid` for settings that make no sense. */
export function draftRule(state: State, kind: RuleKind, name: string, flags: Flags): RuleDraft {
  const isOfMetric = flags.metric !== undefined && flags.metric !== NONE
  const draft: RuleDraft = {
    ...kind.defaults,
    // A metric is always that of a host or a container.
    per: isOfMetric ? 'host' : kind.defaults.per,
    kind: kind.name,
    name,
    matcher: '',
    projectId: null,
    owner: null,
    remindEvery: null,
    title: null,
    note: null,
    groupBy: null,
    paused: false,
    ...readFlags(state, kind, flags),
  }
  validate(state, kind, draft)
  return draft
}

/** The changes that flags make to a rule. Throws `invalid` for settings that make no sense. */
export function editedRule(state: State, kind: RuleKind, rule: Rule, flags: Flags): Partial<Rule> {
  const changes = readFlags(state, kind, flags)
  validate(state, kind, { ...rule, ...changes })
  return changes
}

/** A saved search must exist and be valid; its query is read again at each evaluation. */
function validate(state: State, kind: RuleKind, rule: RuleDraft): void {
  const isSearch = kind.evaluation.trigger === 'search'
  validateRule(kind, {
    ...rule,
    matcher: isSearch ? expandSavedSearch(state, rule.matcher, searchScope(rule)) : rule.matcher,
  })
}

function readFlags(state: State, kind: RuleKind, flags: Flags): Partial<Rule> {
  const { project, remind, matcher, owner, title, note, severity, ...settings } = flags
  const known = kind.settings.map(setting => setting.name)
  for (const name of SETTING_NAMES) {
    if (settings[name] === undefined || known.includes(name)) continue
    throw invalid(
      kebab(name),
      `Rules of the kind ${kind.name} have no --${kebab(name)}. Their settings are: ${known.map(setting => `--${kebab(setting)}`).join(', ')}.`,
    )
  }
  return withoutUndefined({
    ...settings,
    metric: settings.metric === NONE ? null : settings.metric,
    for: settings.for === NO_TIME ? 0 : settings.for,
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

function withoutUndefined(changes: { [name: string]: unknown }): Partial<Rule> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}
