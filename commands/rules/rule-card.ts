// A rule as people and scripts see it: every setting with its default.
import type { Card, Row, Span, Text } from '../../src/card.ts'
import { kebab } from '../../src/command/command.ts'
import type { Rule } from '../../src/detectors/rules/rule.ts'
import type { RuleKind, RuleKinds } from '../../src/detectors/rules/rule-kind.ts'
import { formatSetting } from '../../src/detectors/rules/rule-settings.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

/** The card of a rule with all its settings. */
export function ruleCard(
  kinds: RuleKinds,
  rule: Rule,
  { state }: Context,
  title = `Rule ${rule.name}`,
): Card & { lines: Text[] } {
  const kind = kinds.find(rule.kind)
  const project = rule.projectId === null ? null : (readProjectById(state, rule.projectId)?.name ?? 'none')
  const remind = rule.remindEvery === null ? null : rule.remindEvery === 0 ? 'never' : formatDuration(rule.remindEvery)
  return {
    title: rule.paused ? `${title} (paused)` : title,
    tone: rule.paused ? 'muted' : 'plain',
    lines: [
      ...(kind ? kindLines(kind, rule) : [unknownKind(rule)]),
      flagLine('matcher', rule.matcher === '' ? null : { code: rule.matcher }, 'everything'),
      severityLine(rule, kind),
      flagLine('owner', rule.owner, 'none'),
      flagLine('remind', remind, 'as in the project'),
      flagLine('project', project, 'every project'),
      flagLine('title', rule.title, kind?.title ?? 'none'),
      flagLine('note', rule.note, 'none'),
      flagLine('group-by', rule.groupBy === null ? null : rule.groupBy.join(',') || 'all', 'none'),
    ],
    buttons: [
      { label: 'Test', line: `rules test ${rule.name}` },
      rule.paused
        ? { label: 'Resume', line: `rules resume ${rule.name}` }
        : { label: 'Pause', line: `rules pause ${rule.name}` },
    ],
    footer: `Created by ${rule.createdBy}`,
  }
}

/** What a rule detects, and the settings of its kind. */
function kindLines(kind: RuleKind, rule: Rule): Text[] {
  const settings = kind.settings.map((setting): Text => {
    const { name, meaning } = setting
    const [value, standard] = [formatSetting(setting, rule), formatSetting(setting, kind.defaults)]
    const isDefault = value === standard
    // A flag without a value of its own is written with =.
    const flag = `--${kebab(name)}${name === 'baseline' ? '=' : ' '}`
    return [flag, { bold: value }, ` · ${meaning} (${isDefault ? 'default' : `default: ${standard}`})`]
  })
  return [`${kind.summary}.`, ...settings]
}

/** A setting that every rule has; null is its default. */
function flagLine(flag: string, value: string | Exclude<Span, string> | null, standard: string): Text {
  if (value === null) return [`--${flag} `, { bold: standard }, ' (default)']
  return [`--${flag} `, typeof value === 'string' ? { bold: value } : value, ` (default: ${standard})`]
}

function severityLine(rule: Rule, kind: RuleKind | undefined): Text {
  const standard = kind?.defaults.severity ?? 'warning'
  return flagLine('severity', rule.severity === standard ? null : rule.severity, standard)
}

/** A rule in a list. */
export function ruleRow(kinds: RuleKinds, rule: Rule): Row {
  const pause = rule.paused
    ? { label: 'Resume', line: `rules resume ${rule.name}` }
    : { label: 'Pause', line: `rules pause ${rule.name}` }
  return {
    name: rule.name,
    text: ruleLine(kinds, rule),
    action: { label: 'Show', line: `rules show ${rule.name}` },
    more: [{ label: 'Test', line: `rules test ${rule.name}` }, pause],
  }
}

/** A rule in one line. */
export function ruleLine(kinds: RuleKinds, rule: Rule): Text {
  const kind = kinds.find(rule.kind)
  if (!kind) return [{ bold: rule.name }, ` · ${unknownKind(rule)}`]
  const settings = kind.settings
    .filter(({ name }) => name !== 'keepFiring' && rule[name] !== null)
    .map(setting => `${kebab(setting.name)} ${formatSetting(setting, rule)}`)
  const matcher = rule.matcher === '' ? '' : ` · ${rule.matcher}`
  const state = rule.paused ? ' · paused' : ''
  return [{ bold: rule.name }, ` · ${rule.kind} · ${settings.join(', ')} · ${rule.severity}${matcher}${state}`]
}

/** A rule that another version of Vakt added. */
function unknownKind({ kind }: Rule): string {
  return `This version of Vakt has no rule kind "${kind}"; the rule is not evaluated.`
}

/** A rule in the machine-readable form; `hold`, `quiet` and `times` are the former names of three settings. */
export function ruleResult({ state }: Context, rule: Rule) {
  return {
    name: rule.name,
    kind: rule.kind,
    project: rule.projectId === null ? null : (readProjectById(state, rule.projectId)?.name ?? null),
    matcher: rule.matcher === '' ? null : rule.matcher,
    threshold: rule.threshold,
    operator: rule.operator,
    metric: rule.metric,
    per: rule.per,
    window: rule.window,
    for: rule.for,
    hold: rule.for,
    keep_firing: rule.keepFiring,
    quiet: rule.keepFiring,
    minimum: rule.minimum,
    baseline: rule.baseline,
    factor: rule.factor,
    times: rule.factor,
    severity: rule.severity,
    owner: rule.owner,
    remind: rule.remindEvery,
    title: rule.title,
    note: rule.note,
    group_by: rule.groupBy,
    paused: rule.paused,
    created_at: isoTime(rule.createdAt),
    created_by: rule.createdBy,
  }
}
