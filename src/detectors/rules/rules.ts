// The stored detection rules; some are there from the start.
import { Problem } from '../../problem.ts'
import { compareSeverity } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { freshId, readValue, writeValue } from '../../state/key-value.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { rules } from '../../state/schema/index.ts'
import type { Rule } from './rule.ts'
import type { RuleKinds } from './rule-kind.ts'

export type NewRule = typeof rules.$inferInsert
export type RuleChanges = Partial<Omit<Rule, 'id' | 'createdAt' | 'createdBy'>>

const FIRST_RULES_KEY = 'first rules'
const MAX_NAMED_RULES = 20

/** Adds the first rule of each kind, each once: one that was renamed or removed is not added again. */
export function addFirstRules(state: State, kinds: RuleKinds, now: number): void {
  const offered = (readValue(state, FIRST_RULES_KEY) ?? '').split(' ').filter(Boolean)
  const missing = kinds.all.flatMap(({ name: kind, defaults, firstRule }) =>
    firstRule && !offered.includes(firstRule.name) ? [{ paused: false, ...firstRule, kind, defaults }] : [],
  )
  if (missing.length === 0) return
  state.transaction(() => {
    const taken = new Set(listRules(state).map(({ name }) => name))
    const first = missing
      .filter(({ name, onlyInNewFolders }) => !taken.has(name) && !(onlyInNewFolders && offered.length > 0))
      .map(({ name, kind, paused, defaults }) => ({
        ...defaults,
        name,
        kind,
        paused,
        createdAt: now,
        createdBy: 'Vakt',
      }))
    if (first.length > 0) state.db.insert(rules).values(first).run()
    state.forget('rules')
    writeValue(state, FIRST_RULES_KEY, [...offered, ...missing.map(({ name }) => name)].join(' '))
  })
}

/** The rules of a kind that are not paused, the most severe first; kept in memory, because every log request asks. */
export function activeRules(state: State, kind: string): readonly Rule[] {
  const byKind = state.memory<readonly Rule[]>('rules')
  if (byKind.size === 0) {
    const active = listRules(state).filter(rule => !rule.paused)
    active.sort((a, b) => compareSeverity(b.severity, a.severity))
    for (const [name, ofKind] of Map.groupBy(active, rule => rule.kind)) byKind.set(name, ofKind)
  }
  const found = byKind.get(kind) ?? []
  byKind.set(kind, found)
  return found
}

/** All rules by name. */
export function listRules(state: State): Rule[] {
  return state.prepared('rules', db => db.select().from(rules).orderBy(asc(rules.name)).prepare()).all()
}

/** Throws `not_found`, naming the rules there are. */
export function findRule(state: State, name: string): Rule {
  const rule = state.db.select().from(rules).where(eq(rules.name, name)).get()
  if (rule) return rule
  const names = listRules(state).map(known => known.name)
  const hint =
    names.length > 0 ? `The rules are: ${names.slice(0, MAX_NAMED_RULES).join(', ')}.` : '"rules add" adds one.'
  throw new Problem('not_found', `There is no rule "${name}". ${hint}`, { fields: { name: 'no such rule' } })
}

/** The rule of an id, or undefined; prepared, because every error with an alert asks. */
export function readRule(state: State, id: number): Rule | undefined {
  const byId = eq(rules.id, sql.placeholder('id'))
  return state.prepared('rule by id', db => db.select().from(rules).where(byId).prepare()).get({ id })
}

/** Adds a rule, which is active immediately; throws `conflict` when its name is taken. */
export function addRule(state: State, rule: NewRule): Rule {
  refuseTaken(state, rule.name)
  return state.transaction(() => {
    state.forget('rules')
    return state.db
      .insert(rules)
      .values({ ...rule, id: freshId(state, 'rules') })
      .returning()
      .get()
  })
}

/** Changes a rule immediately; throws `conflict` when its new name is taken. */
export function editRule(state: State, rule: Rule, changes: RuleChanges): Rule {
  if (changes.name !== undefined && changes.name !== rule.name) refuseTaken(state, changes.name)
  if (Object.keys(changes).length === 0) return rule
  return state.transaction(() => {
    state.forget('rules')
    return state.db.update(rules).set(changes).where(eq(rules.id, rule.id)).returning().get()!
  })
}

/** Removes a rule and its states. */
export function removeRule(state: State, rule: Rule): void {
  state.transaction(() => {
    state.forget('rules')
    state.db.delete(rules).where(eq(rules.id, rule.id)).run()
  })
}

function refuseTaken(state: State, name: string): void {
  if (state.db.select().from(rules).where(eq(rules.name, name)).get())
    throw new Problem('conflict', `There is already a rule "${name}".`, { fields: { name: 'is taken' } })
}
