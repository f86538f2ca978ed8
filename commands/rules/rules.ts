// The commands about detection rules: list, show, add, edit, pause, resume, remove.
import { z } from 'zod'
import { endAlert } from '../../src/alerts/lifecycle.ts'
import { type Command, completes, positional } from '../../src/command/command.ts'
import { statesOutsideRule } from '../../src/detectors/rules/reevaluate-rule-states.ts'
import type { RuleKinds } from '../../src/detectors/rules/rule-kind.ts'
import {
  deleteRuleState,
  type RuleState,
  reevaluateErrorStates,
  ruleStatesOf,
} from '../../src/detectors/rules/rule-states.ts'
import { addRule, editRule, findRule, listRules, removeRule } from '../../src/detectors/rules/rules.ts'
import { lastAggregatedAt, MAX_SERIES, MAX_SERIES_PER_MINUTE } from '../../src/logs/counters.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, listProjects } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { HOUR } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, projectName, yes } from '../context.ts'
import { ruleCard, ruleLine, ruleResult, ruleRow } from './rule-card.ts'
import { draftRule, editedRule, ruleFlags } from './rule-flags.ts'

const ruleName = () => completes(positional(z.string().min(1).max(64)), 'rule').describe('Name of the rule')
const newName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be up to 64 lowercase letters, digits, - and _')

/** The commands, for the rule kinds of an app. */
export function createRuleCommands(kinds: RuleKinds): Command<Context>[] {
  return [list(kinds), show(kinds), add(kinds), edit(kinds), pause(kinds), resume(kinds), remove(kinds)]
}

const list = (kinds: RuleKinds) =>
  command({
    name: 'rules list',
    summary: 'Show the detection rules',
    examples: ['rules list'],
    role: 'viewer',
    args: { project: projectName().optional().describe('Only rules that cover this project') },
    run({ project }, context) {
      const projectId = project === undefined ? undefined : findProject(context.state, project).id
      const rules = listRules(context.state).filter(
        rule => projectId === undefined || rule.projectId === null || rule.projectId === projectId,
      )
      return {
        card: {
          title: plural(rules.length, 'rule'),
          tone: 'plain',
          lines:
            rules.length === 0
              ? ['No rules: only checks and hosts alert. To add one: rules add error-spikes --kind error-spike']
              : foldedLines(context),
          rows: rules.map(rule => ruleRow(kinds, rule)),
        },
        result: { rules: rules.map(rule => ruleResult(context, rule)) },
      }
    },
  })

const show = (kinds: RuleKinds) =>
  command({
    name: 'rules show',
    summary: 'Show a rule with all its settings and their defaults',
    examples: ['rules show error-spikes'],
    role: 'viewer',
    args: { name: ruleName() },
    run({ name }, context) {
      const rule = findRule(context.state, name)
      return { card: ruleCard(kinds, rule, context), result: { rule: ruleResult(context, rule) } }
    },
  })

const add = (kinds: RuleKinds) =>
  command({
    name: 'rules add',
    summary: 'Add a detection rule',
    details: `Kinds: ${kinds.all.map(({ name, summary }) => `${name} (${summary.charAt(0).toLowerCase()}${summary.slice(1)})`).join(', ')}.`,
    examples: [
      'rules add logins --kind threshold --matcher "source:auth level>=warn" --threshold 100 --window 5m --per host',
      'rules add busy --kind threshold --metric cpu --operator ">" --threshold 90 --for 5m --severity critical',
      'rules add declined --kind search --matcher "card declined" --threshold 10 --window 10m',
    ],
    role: 'admin',
    args: {
      name: positional(newName()).describe('Name of the new rule'),
      kind: z.enum(kinds.all.map(({ name }) => name)).describe('What it detects'),
      ...ruleFlags(kinds),
    },
    run({ name, kind, ...flags }, context) {
      const { state, now, by } = context
      const draft = draftRule(state, kinds.get(kind), name, flags)
      if (by.project !== undefined && draft.metric !== null)
        throw new Problem(
          'forbidden',
          `This key is limited to the project ${by.project}, and metrics are those of hosts, which belong to all projects. Use the admin key.`,
        )
      const rule = addRule(state, { ...draft, createdAt: now, createdBy: by.name })
      return {
        card: { ...ruleCard(kinds, rule, context, `Rule ${rule.name} is active`), tone: 'good' },
        result: { rule: ruleResult(context, rule) },
      }
    },
  })

const edit = (kinds: RuleKinds) =>
  command({
    name: 'rules edit',
    summary: 'Change a detection rule; this takes effect immediately',
    examples: [
      'rules edit error-spikes --threshold 10 --window 2m',
      'rules edit error-spikes --matcher "-source:batch"',
    ],
    role: 'admin',
    args: { name: ruleName(), ...ruleFlags(kinds), rename: newName().optional().describe('New name') },
    run({ name, rename, ...flags }, context) {
      const { state, now } = context
      const rule = findRule(state, name)
      const changes = editedRule(state, kinds.get(rule.kind), rule, flags)
      if (Object.keys(changes).length === 0 && rename === undefined)
        throw invalid('settings', 'Nothing to change. Use a flag such as --threshold 10.')
      const { edited, resolved } = state.transaction(() => {
        reevaluateErrorStates(state, rule.id, now)
        const edited = editRule(state, rule, { ...changes, ...(rename === undefined ? {} : { name: rename }) })
        return { edited, resolved: resolveAlerts(context, statesOutsideRule(state, kinds, edited)) }
      })
      const footer =
        resolved === 0
          ? {}
          : { footer: `${plural(resolved, 'open alert')} resolved, because the rule no longer covers it` }
      return { card: { ...ruleCard(kinds, edited, context), ...footer }, result: { rule: ruleResult(context, edited) } }
    },
  })

const pause = (kinds: RuleKinds) =>
  command({
    name: 'rules pause',
    summary: 'Pause a rule and resolve its open alerts',
    examples: ['rules pause error-rates'],
    role: 'admin',
    args: { name: ruleName() },
    run({ name }, context) {
      const rule = findRule(context.state, name)
      const resolved = resolveAlerts(context, ruleStatesOf(context.state, rule.id))
      const paused = editRule(context.state, rule, { paused: true })
      return {
        card: { ...ruleCard(kinds, paused, context), footer: `${plural(resolved, 'open alert')} resolved` },
        result: { rule: ruleResult(context, paused) },
      }
    },
  })

const resume = (kinds: RuleKinds) =>
  command({
    name: 'rules resume',
    summary: 'Resume a paused rule',
    examples: ['rules resume new-errors'],
    role: 'admin',
    args: { name: ruleName() },
    run({ name }, context) {
      const resumed = editRule(context.state, findRule(context.state, name), { paused: false })
      return { card: ruleCard(kinds, resumed, context), result: { rule: ruleResult(context, resumed) } }
    },
  })

const remove = (kinds: RuleKinds) =>
  command({
    name: 'rules remove',
    summary: 'Remove a rule and resolve its open alerts',
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
            ruleLine(kinds, rule),
            `This resolves ${plural(ruleStatesOf(state, rule.id).length, 'open alert')}. "rules pause" keeps the rule.`,
          ],
          { line: `rules remove ${rule.name}` },
          [{ label: 'Pause it instead', line: `rules pause ${rule.name}` }],
        )
      resolveAlerts(context, ruleStatesOf(state, rule.id))
      removeRule(state, rule)
      return {
        card: {
          title: `The rule ${rule.name} is removed`,
          tone: 'muted',
          lines: ['"rules list" shows the remaining rules.'],
        },
        result,
      }
    },
  })

/** A line for each project whose lines were of too many kinds to be counted separately. */
function foldedLines({ state, now }: Context): string[] {
  return listProjects(state)
    .filter(({ id }) => now - (lastAggregatedAt(state, id) ?? 0) < HOUR)
    .map(
      ({ name }) =>
        `Lines of ${name} came from more sources, hosts, groups and errors than are counted separately (${MAX_SERIES_PER_MINUTE} a minute, ${MAX_SERIES} in all). The rest is counted together; what repeats among it is still counted and evaluated separately.`,
    )
}

/** Deletes rule states and resolves their alerts; returns how many alerts that were. */
function resolveAlerts({ state, by, now }: Context, ruleStates: readonly RuleState[]): number {
  return state.transaction(() => {
    const resolved = ruleStates.filter(({ key }) => {
      deleteRuleState(state, key)
      return endAlert(state, key, by.name, now) !== undefined
    })
    return resolved.length
  })
}
