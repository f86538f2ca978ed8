// The detection rules: what is looked for, with every threshold; some are there from the start.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { rules } from '../../state/schema/index.ts'
import { DEFAULTS, FIRST_RULES, RULE_KINDS, type Rule, type RuleKind } from './rule.ts'

export type RuleDraft = typeof rules.$inferInsert
export type RuleChanges = Partial<Omit<Rule, 'id' | 'createdAt' | 'createdBy'>>

/** Adds the rules that every Vakt begins with, each once: one that was renamed or removed stays so. */
export function addFirstRules(state: State, now: number): void {
  const offered = (readValue(state, 'first rules') ?? '').split(' ').filter(Boolean)
  const missing = FIRST_RULES.filter(({ name }) => !offered.includes(name))
  if (missing.length === 0) return
  state.transaction(() => {
    const taken = new Set(listRules(state).map(({ name }) => name))
    for (const { name, kind, paused = false } of missing)
      if (!taken.has(name)) addRule(state, { ...DEFAULTS[kind], name, kind, paused, createdAt: now, createdBy: 'Vakt' })
    writeValue(state, 'first rules', [...offered, ...missing.map(({ name }) => name)].join(' '))
  })
}

/** The rules of a kind that are not paused, the most severe first; kept in memory because every request asks. */
export function activeRules(state: State, kind: RuleKind): readonly Rule[] {
  const kept = state.memory<readonly Rule[]>('rules')
  const found = kept.get(kind)
  if (found) return found
  const ranks = ['critical', 'warning', 'info']
  const all = listRules(state).filter(rule => !rule.paused)
  for (const each of RULE_KINDS) {
    const ofKind = all.filter(rule => rule.kind === each)
    kept.set(
      each,
      ofKind.sort((a, b) => ranks.indexOf(a.severity) - ranks.indexOf(b.severity)),
    )
  }
  return kept.get(kind)!
}

/** All rules by name. */
export function listRules(state: State): Rule[] {
  return state.db.select().from(rules).orderBy(asc(rules.name)).all()
}

/** Throws `not_found`, naming those there are. */
export function findRule(state: State, name: string): Rule {
  const found = state.db.select().from(rules).where(eq(rules.name, name)).get()
  if (found) return found
  const names = listRules(state).map(rule => rule.name)
  const hint = names.length > 0 ? `There is ${names.slice(0, 20).join(', ')}.` : '"rules add" makes one.'
  throw new Problem('not_found', `There is no rule "${name}". ${hint}`, { fields: { name: 'no such rule' } })
}

/** The rule of a number, or undefined; prepared, because every error with an alert asks. */
export function readRule(state: State, id: number): Rule | undefined {
  const byId = eq(rules.id, sql.placeholder('id'))
  return state.prepared('rule by id', db => db.select().from(rules).where(byId).prepare()).get({ id })
}

/** Adds a rule, which holds at once; throws `conflict` when its name is taken. */
export function addRule(state: State, draft: RuleDraft): Rule {
  refuseTaken(state, draft.name)
  return state.transaction(() => {
    state.forget('rules')
    return state.db.insert(rules).values(draft).returning().get()
  })
}

/** Changes a rule, which holds at once; throws `conflict` when its new name is taken. */
export function editRule(state: State, rule: Rule, changes: RuleChanges): Rule {
  if (changes.name !== undefined && changes.name !== rule.name) refuseTaken(state, changes.name)
  if (Object.keys(changes).length === 0) return rule
  return state.transaction(() => {
    state.forget('rules')
    return state.db.update(rules).set(changes).where(eq(rules.id, rule.id)).returning().get()!
  })
}

/** Removes a rule with what it watches. */
export function removeRule(state: State, rule: Rule): void {
  state.transaction(() => {
    state.forget('rules')
    state.db.delete(rules).where(eq(rules.id, rule.id)).run()
  })
}

function refuseTaken(state: State, name: string): void {
  if (state.db.select().from(rules).where(eq(rules.name, name)).get())
    throw new Problem('conflict', `There is a rule "${name}" already.`, { fields: { name: 'is taken' } })
}
