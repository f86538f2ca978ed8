// What a kind of detection rule is: its settings, how its rules are evaluated and tested on the past. One object per kind.

import type { Text } from '../../card.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import type { Query } from '../../logs/query/tree.ts'
import type { Source } from '../../logs/sources.ts'
import type { WindowCounter } from '../../logs/window-counts.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import type { Bucket, Episode, Period } from './backtest.ts'
import type { Decision } from './decision.ts'
import type { Rule, RuleDraft } from './rule.ts'
import type { RuleState, SubjectTable } from './rule-states.ts'

/** The settings that a kind may have beside what every rule has (matcher, severity, title …); each is a column and a flag. */
export const SETTING_NAMES = [
  'threshold',
  'operator',
  'metric',
  'per',
  'window',
  'for',
  'keepFiring',
  'minimum',
  'baseline',
  'factor',
] as const satisfies (keyof Rule)[]
export type SettingName = (typeof SETTING_NAMES)[number]

/** A setting that a kind has. */
export type Setting = {
  name: SettingName
  /** What it means for this kind, for the card of a rule: a noun phrase. */
  meaning: string
  /** The unit of its number, such as `%`. */
  unit?: (rule: Pick<Rule, 'metric'>) => string
}

/** The settings of a rule of a kind without any flag. */
export type RuleDefaults = Pick<Rule, SettingName | 'severity'>

export type RuleKind = {
  /** What people type and what is stored with each rule: `error-spike`. */
  name: string
  /** What its rules detect, for their card: a sentence without its full stop. */
  summary: string
  defaults: RuleDefaults
  /** The settings of this kind in the order of the card; a rule of this kind has no others. */
  settings: readonly Setting[]
  /** The title of its alerts, with placeholders; `…` stands for what the rule and the moment add. */
  title: string
  /** The rule of this kind that Vakt starts with. */
  firstRule?: {
    name: string
    paused?: boolean
    /** A data folder of an earlier version does not get it: people decide whether they want one more kind of card. */
    onlyInNewFolders?: boolean
  }
  /** Throws `invalid`, with the setting at fault, for a rule that makes no sense. Only settings of the kind are set. */
  validate(rule: RuleDraft): void
  /** A value of its alerts as people read it: `42 lines`. */
  formatValue(rule: Rule, value: number): string
  /** How its rules are evaluated: by whom and when. */
  evaluation: ErrorEvaluation | IntervalEvaluation | SearchEvaluation
  /** What its rules would have alerted on in the past. */
  backtest: CounterBacktest | LogBacktest | NoBacktest
}

type Reevaluation = {
  /** What becomes of a rule state at its `evaluateAt`; by default it is deleted and its alert resolved. */
  reevaluate?(state: State, ruleState: RuleState, rule: Rule, now: number): Decision
  /** Whether the rule, which was edited, still covers what this state is about; by default it does. */
  covers?(state: State, rule: Rule, ruleState: RuleState): boolean
}

/** An error with the lines that it has just had. */
export type ErrorActivity = {
  error: KnownError
  /** Whether it was never seen before these lines. */
  isNew: boolean
  /** The own time of the newest line, epoch ms. */
  latest: number
  /** When the new lines happened, epoch ms, where that is not when the error was last seen. */
  instants?: readonly number[]
}

/** What a rule detects of an error that has no alert yet. */
export type ErrorDetection = {
  value: number
  /** When the condition began, epoch ms. */
  since: number
  /** How many lines it consists of. */
  occurrences: number
  /** The first sentence of the card. */
  line: Text
}

/** Evaluated at intake, before log lines are answered: once for each error among them. An error has at most one alert. */
export type ErrorEvaluation = {
  trigger: 'error'
  detect(state: State, rule: Rule, activity: ErrorActivity, now: number): ErrorDetection | null
  /** The title of an alert after its place: what happened, and how often. */
  headline(rule: Rule, count: number, message: string): string
  /** The sentence about the worst `count`, while further lines come. */
  measure?(state: State, rule: Rule, error: KnownError, count: number, now: number): Text
  /** Whether it takes over the open alert of an error from a rule of a kind that does not, or of lower severity. */
  takesOver?: boolean
}

/** What all rules of one evaluation share. */
export type Tick = {
  now: number
  /** The end of the last minute that is counted completely, epoch ms. */
  countedUntil: number
  countWindow: WindowCounter
}

/** Evaluated every 15 s. */
export type IntervalEvaluation = Reevaluation & {
  trigger: 'interval'
  /** Taken step by step, each of at most some ms; a step that has not decided anything yet gives undefined. */
  evaluate(state: State, rule: Rule, tick: Tick): Generator<Decision | undefined>
  /** Decides about a source that has just sent lines after a pause; `before` is the source as it was until then. */
  sourceReturned?(state: State, before: Source, now: number): Decision
  /** Whether its alerts inhibit those of other rules, so that its rules are evaluated before them. */
  inhibitsOthers?: boolean
  /** The table of what a rule is about: while it is empty, there is nothing to evaluate. By default it is always evaluated. */
  subjects?(rule: Rule): SubjectTable | null
}

/** How many lines a search found; of a search that was not finished in time there are at least that many. */
export type SearchCount = { total: number; isLowerBound: boolean }

/** Evaluated every 15 s by a search in the log store. */
export type SearchEvaluation = Reevaluation & {
  trigger: 'search'
  /** What to count at `now`. */
  query(state: State, rule: Rule, now: number, timeZone: string): Query
  /** Whether a count breaches the rule, so that some of the lines are wanted. */
  isBreached(rule: Rule, count: SearchCount): boolean
  evaluate(state: State, rule: Rule, count: SearchCount, samples: readonly string[], now: number): Decision
}

/** Reads the stored counters, a part at a time. */
export type CounterBacktest = {
  from: 'counters'
  episodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]>
}

/** Reads a histogram of the stored log lines. */
export type LogBacktest = {
  from: 'logs'
  query(state: State, rule: Rule, now: number, timeZone: string): Query
  /** How wide the buckets of the histogram should be, ms. */
  bucketMs(rule: Rule): number
  episodes(rule: Rule, buckets: readonly Bucket[], bucketMs: number): readonly Episode[]
}

export type NoBacktest = { from: 'nothing'; reason: string }

/** The kinds of an app, looked up by name. */
export type RuleKinds = {
  all: readonly RuleKind[]
  /** The kind of a name, or undefined: another version of Vakt may have stored rules of other kinds. */
  find(name: string): RuleKind | undefined
  /** The kind of a name; throws `not_found`. */
  get(name: string): RuleKind
}

/** A lookup over a list of kinds. */
export function createRuleKinds(all: readonly RuleKind[]): RuleKinds {
  const byName = new Map(all.map(kind => [kind.name, kind]))
  const find = (name: string) => byName.get(name)
  return {
    all,
    find,
    get(name) {
      const kind = find(name)
      if (kind) return kind
      throw new Problem('not_found', `This version of Vakt has no rule kind "${name}". Remove its rules, or upgrade.`)
    },
  }
}
