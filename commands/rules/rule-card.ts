// A rule as people and scripts see it: every setting with its default.
import type { Card, Span, Text } from '../../src/card.ts'
import { DEFAULTS, type Rule } from '../../src/detectors/rules/rule.ts'
import { defaultWords, SETTINGS, settingWords } from '../../src/detectors/rules/rule-settings.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

const KINDS: Record<Rule['kind'], string> = {
  'error-spike': 'One error that comes again and again',
  'error-rate': 'A source of whose lines too many are errors',
  'new-error': 'An error that nobody has seen before',
  regression: 'An error that somebody resolved and that is back',
  silence: 'A source that sent lines all the time and has stopped',
  threshold: 'A number of lines, or a metric, beyond a limit',
  search: 'A log search that finds too many lines',
}

/** The titles of alerts unless a rule has its own. */
const TITLES: Record<Rule['kind'], string> = {
  'error-spike': '{where}: {value} × {what} in …',
  'error-rate': '{where}: {value} of lines are errors',
  'new-error': '{where}: new error: {what}',
  regression: '{where}: {what} is back',
  silence: '{where} stopped sending logs',
  threshold: '{where}: {value} in …',
  search: '{where}: {value} in …',
}

/** The card of a rule with all its settings. */
export function ruleCard(rule: Rule, { state }: Context, title = `Rule ${rule.name}`): Card & { lines: Text[] } {
  const settings = SETTINGS[rule.kind].map(({ name, means }): Text => {
    const [value, usual] = [settingWords(rule, name), defaultWords(rule.kind, name)]
    // As it can be typed: a switch takes its value after =.
    return [
      `--${name}${name === 'baseline' ? '=' : ' '}`,
      { bold: value },
      ` · ${means}${value === usual ? ' (the default)' : ` (default ${usual})`}`,
    ]
  })
  const project = rule.projectId === null ? null : (readProjectById(state, rule.projectId)?.name ?? 'none')
  const usualSeverity = DEFAULTS[rule.kind].severity
  const remind = rule.remindEvery === null ? null : rule.remindEvery === 0 ? 'never' : formatDuration(rule.remindEvery)
  return {
    title: rule.paused ? `${title} (paused)` : title,
    tone: rule.paused ? 'muted' : 'plain',
    lines: [
      `${KINDS[rule.kind]}.`,
      ...settings,
      said('matcher', rule.matcher === '' ? null : { code: rule.matcher }, 'everything'),
      said('severity', rule.severity === usualSeverity ? null : rule.severity, usualSeverity),
      said('owner', rule.owner, 'none'),
      said('remind', remind, 'as the project says'),
      said('project', project, 'every project'),
      said('title', rule.title, TITLES[rule.kind]),
      said('note', rule.note, 'none'),
    ],
    buttons: [
      { label: 'Test', line: `rules test ${rule.name}` },
      rule.paused
        ? { label: 'Resume', line: `rules resume ${rule.name}` }
        : { label: 'Pause', line: `rules pause ${rule.name}` },
    ],
    footer: `Made by ${rule.createdBy}`,
  }
}

/** What every rule has: as it is set, or (null) its default. */
function said(flag: string, value: string | Exclude<Span, string> | null, usual: string): Text {
  if (value === null) return [`--${flag} `, { bold: usual }, ' (the default)']
  return [`--${flag} `, typeof value === 'string' ? { bold: value } : value, ` (default ${usual})`]
}

/** A rule in a list. */
export function ruleLine(rule: Rule): Text {
  const settings = SETTINGS[rule.kind]
    .filter(({ name }) => name !== 'quiet' && rule[name] !== null)
    .map(({ name }) => `${name} ${settingWords(rule, name)}`)
  const about = rule.matcher === '' ? '' : ` · ${rule.matcher}`
  return [
    { bold: rule.name },
    ` · ${rule.kind} · ${settings.join(', ')} · ${rule.severity}${about}${rule.paused ? ' · paused' : ''}`,
  ]
}

/** A rule in the machine-readable form. */
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
    hold: rule.hold,
    quiet: rule.quiet,
    minimum: rule.minimum,
    baseline: rule.baseline,
    times: rule.times,
    severity: rule.severity,
    owner: rule.owner,
    remind: rule.remindEvery,
    title: rule.title,
    note: rule.note,
    paused: rule.paused,
    created_at: isoTime(rule.createdAt),
    created_by: rule.createdBy,
  }
}
