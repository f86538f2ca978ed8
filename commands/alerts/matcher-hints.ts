// What is odd about a matcher: labels and values that no alert has had, and conditions that cannot be true together.
import { type Matcher, readMatcher } from '../../src/alerts/matcher.ts'
import { listKnownValues, listSeenLabels } from '../../src/alerts/seen-labels.ts'
import { nearestOf } from '../../src/command/nearest.ts'
import type { State } from '../../src/state/database.ts'

/** What matchers compare on alerts whatever their labels, and the labels that Vakt itself gives. */
const BUILT_IN = ['owner', 'key', 'detector', 'group_key', 'container', 'group', 'tag', 'fingerprint']
/** What Vakt knows by name, so that a name which nothing has is a slip also before the first alert. */
const NAMED = ['check', 'host', 'source', 'project', 'rule']

type Condition = { name: string; value: string; isNegative: boolean }

/**
 * Sentences about a valid matcher that is probably not what was meant: a label that no alert has had, a value that nothing
 * has, and values that no single alert can have. None of them makes the matcher wrong: what it waits for may come.
 */
export function matcherHints(state: State, text: string): string[] {
  const matcher = readMatcher(text)
  const seen = listSeenLabels(state)
  const unseen = conditionsOf(matcher).flatMap(condition => unseenHint(state, condition, seen))
  return [...new Set([...contradictions(matcher), ...unseen])]
}

function unseenHint(state: State, { name: written, value, isNegative }: Condition, seen: readonly string[]): string[] {
  const name = [...seen, ...NAMED, ...BUILT_IN].find(other => other.toLowerCase() === written.toLowerCase())
  if (name === undefined) {
    // A new Vakt has seen no labels yet.
    if (seen.length === 0) return []
    const similar = similarTo(written, [...new Set([...seen, ...NAMED, ...BUILT_IN])])
    const hint = similar === undefined ? '"alerts show" shows the labels of an alert.' : `Did you mean ${similar}?`
    return [`No alert has had the label ${written} so far. ${hint}`]
  }
  if (isNegative || value === '' || value.includes('*') || !(NAMED.includes(name) || seen.includes(name))) return []
  const values = listKnownValues(state, name)
  if (values.some(other => other.toLowerCase() === value.toLowerCase())) return []
  const similar = similarTo(value, values)
  const what = NAMED.includes(name) ? `There is no ${name} ${value}` : `No alert has had ${name}:${value}`
  return [`${what} so far.${similar === undefined ? '' : ` Did you mean ${name}:${similar}?`}`]
}

/** The name that was probably meant: one with a letter or two wrong, or with the same letters in another order. */
function similarTo(typed: string, names: readonly string[]): string | undefined {
  const letters = (word: string) => [...word.toLowerCase()].toSorted().join('')
  return nearestOf(names, () => typed)[0] ?? names.find(name => letters(name) === letters(typed))
}

/** Every label that a matcher compares for equality. */
function conditionsOf(matcher: Matcher, isNegative = false): Condition[] {
  if (matcher === null) return []
  if (matcher.kind === 'and' || matcher.kind === 'or')
    return matcher.parts.flatMap(part => conditionsOf(part, isNegative))
  if (matcher.kind === 'not') return conditionsOf(matcher.part, !isNegative)
  const condition = conditionOf(matcher)
  return condition === null ? [] : [{ ...condition, isNegative }]
}

function conditionOf(node: NonNullable<Matcher>): { name: string; value: string } | null {
  if (node.kind === 'field') return { name: node.field, value: node.value }
  return node.kind === 'attribute' && node.comparison === '=' ? { name: node.path, value: node.value } : null
}

/** Conditions that must all be true and cannot: two values of one label, or a value and its opposite. */
function contradictions(matcher: Matcher): string[] {
  if (matcher === null || matcher.kind === 'not') return []
  if (matcher.kind === 'or') return matcher.parts.flatMap(contradictions)
  if (matcher.kind !== 'and') return []
  const all = flatten(matcher)
  const wanted = all.flatMap(node => conditionOf(node) ?? [])
  const excluded = all.flatMap(node => (node.kind === 'not' ? (conditionOf(node.part) ?? []) : []))
  const byName = Map.groupBy(
    wanted.filter(({ value }) => !value.includes('*') && value !== ''),
    // An alert may have several tags.
    ({ name }) => name.toLowerCase(),
  )
  byName.delete('tag')
  const several = [...byName].flatMap(([name, conditions]) => {
    const values = [...new Map(conditions.map(({ value }) => [value.toLowerCase(), value])).values()]
    if (values.length < 2) return []
    const either = values.map(value => `${name}:${value}`).join(' OR ')
    return [`No alert has two values of ${name}, so this matches nothing. For either of them: ${either}.`]
  })
  const opposite = wanted.filter(one => excluded.some(other => isSame(one, other)))
  return [
    ...several,
    ...opposite.map(({ name, value }) => `It asks for ${name}:${value} and excludes it, so it matches nothing.`),
    ...all.filter(node => node.kind === 'or').flatMap(contradictions),
  ]
}

function isSame(one: { name: string; value: string }, other: { name: string; value: string }): boolean {
  return one.name.toLowerCase() === other.name.toLowerCase() && one.value.toLowerCase() === other.value.toLowerCase()
}

function flatten(node: NonNullable<Matcher>): NonNullable<Matcher>[] {
  return node.kind === 'and' ? node.parts.flatMap(flatten) : [node]
}
