// A group of alerts that share one card: its state, its title and the labels that tell its members apart. Pure.
import { isWorse, type Severity } from '../../severity.ts'
import type { Labels } from '../../state/schema/index.ts'
import { plural } from '../../text.ts'
import type { Alert } from '../alert.ts'

/** What a card shows of a member of a group. */
export type Member = Pick<
  Alert,
  'id' | 'title' | 'labels' | 'severity' | 'state' | 'suppression' | 'suppressionReason' | 'since' | 'resolvedAt'
>

/** How many members a group has, each alert once, by state; `active` fire with nothing but the group in their way. */
export type MemberCounts = { total: number; open: number; active: number; acknowledged: number }

/** Labels that concern one alert only, never its group. */
const OWN_LABELS = ['role', 'depends_on', 'miss', 'run']
/** How many labels tell the members of a group apart on its card. */
const MAX_COLUMNS = 3

/** The labels that two alerts have in common. */
export function commonLabels(labels: Labels, others: Labels): Labels {
  const common = Object.entries(labels).filter(([name, value]) => others[name] === value && !OWN_LABELS.includes(name))
  return Object.fromEntries(common)
}

/** The worst of some severities; `info` of none. */
export function worstSeverity(severities: readonly Severity[]): Severity {
  return severities.reduce<Severity>((worst, severity) => (isWorse(severity, worst) ? severity : worst), 'info')
}

/**
 * The title of a group: what its alerts have in common, with how many there are and how many of them fire. `titles` are some
 * of the titles of its members, each once.
 */
export function groupTitle(titles: readonly string[], { total, open }: MemberCounts): string {
  const count =
    open === total || open === 0 ? plural(total, 'alert') : `${open.toLocaleString('en')} of ${plural(total, 'alert')}`
  return `${commonTitle(titles)}: ${count}`
}

/** Two columns of a table or more: what tells each of the `shown` members from all of the group, and its state. */
export function memberTable(
  shown: readonly Member[],
  all: readonly Member[] = shown,
): { names: string[]; cells: string[][] } {
  const labels = distinguishingLabels(all)
  const hasTitles = new Set(all.map(({ title }) => title)).size > 1
  const areAllDifferent = countDistinct(all, labels) === all.length
  const isTitled = labels.length === 0 || (hasTitles && !areAllDifferent)
  return {
    names: [...(isTitled ? ['alert'] : labels), 'state'],
    cells: shown.map(member => [
      ...(isTitled ? [member.title] : labels.map(name => member.labels[name] ?? '–')),
      memberState(member),
    ]),
  }
}

/** The state of a member in a word or two: `firing`, `acknowledged`, `silenced`, `resolved`. */
export function memberState({ state, suppression, suppressionReason }: Member): string {
  if (state === 'resolved') return 'resolved'
  if (state === 'acknowledged') return 'acknowledged'
  if (suppression === null || suppression === 'group') return 'firing'
  return suppression === 'silence' ? 'silenced' : (suppressionReason ?? suppression)
}

/**
 * The fewest labels, at most `MAX_COLUMNS`, that tell the members apart: those with the most different values first, the
 * shorter where there are several (a host rather than its address with a port).
 */
export function distinguishingLabels(members: readonly Pick<Member, 'labels'>[]): string[] {
  const names = [...new Set(members.flatMap(({ labels }) => Object.keys(labels)))].filter(
    name => !OWN_LABELS.includes(name),
  )
  const varying = names
    .map(name => ({ name, values: members.map(({ labels }) => labels[name] ?? '') }))
    .map(({ name, values }) => ({ name, distinct: new Set(values).size, length: values.join('').length }))
    .filter(({ distinct }) => distinct > 1)
    .toSorted((a, b) => b.distinct - a.distinct || a.length - b.length || a.name.localeCompare(b.name))
  const chosen: string[] = []
  for (const { name } of varying) {
    if (chosen.length === MAX_COLUMNS) break
    if (countDistinct(members, [...chosen, name]) > countDistinct(members, chosen)) chosen.push(name)
  }
  return chosen
}

function countDistinct(members: readonly Pick<Member, 'labels'>[], names: readonly string[]): number {
  return new Set(members.map(({ labels }) => JSON.stringify(names.map(name => labels[name])))).size
}

/** The one title that all members have, or the words at the beginning and the end that all titles share. */
function commonTitle(titles: readonly string[]): string {
  const [first = 'alerts', ...others] = titles
  if (others.length === 0) return first
  const words = titles.map(title => title.split(' '))
  const shortest = Math.min(...words.map(({ length }) => length))
  const isShared = (place: number) => words.every(own => own.at(place) === words[0]!.at(place))
  let start = 0
  while (start < shortest && isShared(start)) start++
  let end = 0
  while (end < shortest - start && isShared(-1 - end)) end++
  // One word such as "The" says nothing.
  if (start + end < 2) return `${first} and others`
  const tail = end === 0 ? [] : words[0]!.slice(-end)
  return [...words[0]!.slice(0, start), '…', ...tail].join(' ')
}
