// Detection rules: shown, added, edited, paused and removed; every threshold of detection is a flag here.
import { z } from 'zod'
import { endAlert } from '../../src/alerts/lifecycle.ts'
import { completes, positional } from '../../src/command/command.ts'
import { RULE_KINDS } from '../../src/detectors/rules/rule.ts'
import {
  deleteRuleState,
  type RuleState,
  reevaluateRuleStates,
  ruleStatesOf,
} from '../../src/detectors/rules/rule-states.ts'
import { addRule, editRule, findRule, listRules, removeRule } from '../../src/detectors/rules/rules.ts'
import { statesOutsideRule } from '../../src/detectors/rules/unfit-watches.ts'
import { lastAggregatedAt, MAX_SERIES, MAX_SERIES_PER_MINUTE } from '../../src/logs/counters.ts'
import { invalid } from '../../src/problem.ts'
import { findProject, listProjects } from '../../src/projects/projects.ts'
import { HOUR } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, projectName, yes } from '../context.ts'
import { ruleCard, ruleLine, ruleResult } from './rule-card.ts'
import { draftRule, editedRule, ruleFlags } from './rule-flags.ts'

const ruleName = () => completes(positional(z.string().min(1).max(64)), 'rule').describe('Name of the rule')
const newName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be up to 64 lowercase letters, digits, - and _')

const list = command({
  name: 'rules list',
  summary: 'Show the detection rules',
  examples: ['rules list'],
  role: 'viewer',
  args: { project: projectName().optional().describe('Only those that hold in this project') },
  run({ project }, context) {
    const projectId = project === undefined ? undefined : findProject(context.state, project).id
    const found = listRules(context.state).filter(
      rule => projectId === undefined || rule.projectId === null || rule.projectId === projectId,
    )
    return {
      card: {
        title: counted(found.length, 'rule'),
        tone: 'plain',
        lines:
          found.length === 0
            ? ['There are none: only checks and hosts alert. Add one: rules add error-spikes --kind error-spike']
            : [...found.map(ruleLine), ...foldedLines(context)],
        buttons: found.slice(0, 5).map(rule => ({ label: rule.name, line: `rules show ${rule.name}` })),
      },
      result: { rules: found.map(rule => ruleResult(context, rule)) },
    }
  },
})

const show = command({
  name: 'rules show',
  summary: 'Show a rule: every threshold, window and text, with its default',
  examples: ['rules show error-spikes'],
  role: 'viewer',
  args: { name: ruleName() },
  run({ name }, context) {
    const rule = findRule(context.state, name)
    return { card: ruleCard(rule, context), result: { rule: ruleResult(context, rule) } }
  },
})

const add = command({
  name: 'rules add',
  summary: 'Add a detection rule',
  details:
    'Kinds: error-spike (one error again and again), error-rate, new-error, regression, silence (a source stops), threshold (lines or a metric), search (a log search finds too much).',
  examples: [
    'rules add logins --kind threshold --matcher "source:auth level>=warn" --threshold 100 --window 5m --per host',
    'rules add busy --kind threshold --metric cpu --operator ">" --threshold 90 --hold 5m --severity critical',
    'rules add declined --kind search --matcher "card declined" --threshold 10 --window 10m',
  ],
  role: 'admin',
  args: {
    name: positional(newName()).describe('A name for the rule'),
    kind: z.enum(RULE_KINDS).describe('What it looks for'),
    ...ruleFlags(),
  },
  run({ name, kind, ...flags }, context) {
    const { state, now, by } = context
    const rule = addRule(state, { ...draftRule(state, kind, name, flags), createdAt: now, createdBy: by.name })
    return {
      card: { ...ruleCard(rule, context, `The rule ${rule.name} holds from now on`), tone: 'good' },
      result: { rule: ruleResult(context, rule) },
    }
  },
})

const edit = command({
  name: 'rules edit',
  summary: 'Change a detection rule; it holds at once',
  examples: ['rules edit error-spikes --threshold 10 --window 2m', 'rules edit error-spikes --matcher "-source:batch"'],
  role: 'admin',
  args: { name: ruleName(), ...ruleFlags(), rename: newName().optional().describe('A new name') },
  run({ name, rename, ...flags }, context) {
    const { state, now } = context
    const rule = findRule(state, name)
    const changes = editedRule(state, rule, flags)
    if (Object.keys(changes).length === 0 && rename === undefined)
      throw invalid('settings', 'Say what to change, such as --threshold 10.')
    const { edited, ended } = state.transaction(() => {
      reevaluateRuleStates(state, rule.id, now)
      const edited = editRule(state, rule, { ...changes, ...(rename === undefined ? {} : { name: rename }) })
      return { edited, ended: endAlertsOf(context, statesOutsideRule(state, edited)) }
    })
    const footer = ended === 0 ? {} : { footer: `${counted(ended, 'open alert')} ended that it is not about any more` }
    return { card: { ...ruleCard(edited, context), ...footer }, result: { rule: ruleResult(context, edited) } }
  },
})

const pause = command({
  name: 'rules pause',
  summary: 'Stop a rule for now; its open alerts end',
  examples: ['rules pause error-rates'],
  role: 'admin',
  args: { name: ruleName() },
  run({ name }, context) {
    const rule = findRule(context.state, name)
    const ended = endAlertsOf(context, ruleStatesOf(context.state, rule.id))
    const paused = editRule(context.state, rule, { paused: true })
    return {
      card: { ...ruleCard(paused, context), footer: `${counted(ended, 'open alert')} ended with it` },
      result: { rule: ruleResult(context, paused) },
    }
  },
})

const resume = command({
  name: 'rules resume',
  summary: 'Let a paused rule hold again',
  examples: ['rules resume new-errors'],
  role: 'admin',
  args: { name: ruleName() },
  run({ name }, context) {
    const resumed = editRule(context.state, findRule(context.state, name), { paused: false })
    return { card: ruleCard(resumed, context), result: { rule: ruleResult(context, resumed) } }
  },
})

const remove = command({
  name: 'rules remove',
  summary: 'Remove a rule; its open alerts end',
  examples: ['rules remove logins'],
  role: 'admin',
  args: { name: ruleName(), yes: yes() },
  run({ name, yes }, context) {
    const { state } = context
    const rule = findRule(state, name)
    const result = { rule: ruleResult(context, rule) }
    if (context.interactive && !yes)
      return confirmation(
        `Remove the rule ${rule.name}?`,
        [
          ruleLine(rule),
          `${counted(ruleStatesOf(state, rule.id).length, 'open alert')} would end with it; "rules pause" keeps the rule.`,
        ],
        { line: `rules remove ${rule.name}` },
        [{ label: 'Pause it instead', line: `rules pause ${rule.name}` }],
      )
    endAlertsOf(context, ruleStatesOf(state, rule.id))
    removeRule(state, rule)
    return {
      card: {
        title: `The rule ${rule.name} is removed`,
        tone: 'muted',
        lines: ['"rules list" shows what still holds.'],
      },
      result,
    }
  },
})

/** Says so where lines were of too many kinds to be told apart. */
function foldedLines({ state, now }: Context): string[] {
  return listProjects(state)
    .filter(({ id }) => now - (lastAggregatedAt(state, id) ?? 0) < HOUR)
    .map(
      ({ name }) =>
        `Lines of ${name} came from more sources, hosts, groups and errors than are counted apart (${MAX_SERIES_PER_MINUTE} a minute, ${MAX_SERIES} in all); the rest is counted together and not judged one by one.`,
    )
}

export const ruleCommands = [list, show, add, edit, pause, resume, remove]

/** Ends what a rule has told of some watches; returns how many alerts that were. */
function endAlertsOf({ state, by, now }: Context, watches: readonly RuleState[]): number {
  return state.transaction(() => {
    const ended = watches.filter(({ key }) => {
      deleteRuleState(state, key)
      return endAlert(state, key, by.name, now) !== undefined
    })
    return ended.length
  })
}
