// What tests of the kinds of rules share: a state with two projects, rules with few words, and what one tick finds.
import { plainText, type Text } from '../../../card.ts'
import { addProject } from '../../../projects/projects.ts'
import { memoryState, type State } from '../../../state/database.ts'
import type { Finding } from '../../finding.ts'
import { evaluateRules } from '../evaluate-rules.ts'
import type { Rule } from '../rule.ts'
import type { RuleKinds } from '../rule-kind.ts'
import { addRule } from '../rules.ts'

/** A state with the projects default and shop. */
export function stateWithProjects(): State {
  const state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  return state
}

/** Adds a rule of a kind that fires at once, but for what `more` says. */
export function addRuleOf(state: State, kinds: RuleKinds, kind: string, more: Partial<Rule> & { name: string }): Rule {
  return addRule(state, { ...kinds.get(kind).defaults, kind, createdAt: 0, createdBy: 'Ann', for: 0, ...more })
}

/** What the rules find at a tick. */
export function findingsAt(state: State, kinds: RuleKinds, now: number): Finding[] {
  return [...evaluateRules(state, kinds, now)]
    .flatMap(({ steps }) => [...(steps as Generator<{ results: { kind: string; finding: Finding }[] } | undefined>)])
    .flatMap(decision => decision?.results ?? [])
    .filter(({ kind }) => kind === 'firing')
    .map(({ finding }) => finding)
}

/** The lines of a finding as plain text. */
export function linesOf({ observation }: Finding): string[] {
  return observation.lines.map(line => plainText(line as Text, String))
}
