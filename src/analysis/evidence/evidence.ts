// Chooses what goes into an evidence pack: the telling patterns, lines around where it began, what happened beside. Pure.
import type { QueryNode } from '../../logs/query/tree.ts'
import { MINUTE } from '../../time.ts'
import { type Group, originsOf, samplesOf } from './mining.ts'
import { isSevere, type Measured, type Pack, type PackLine, type PackPattern, type TimelineEvent } from './pack.ts'
import { lineText, patternText, timelineEventText, tokensOf } from './pack-text.ts'
import { onsetOf, type Ranked } from './ranking.ts'
import { fromOf, type ReadLine } from './read-logs.ts'

export type Findings = {
  subject: string
  where: QueryNode | null
  from: number
  until: number
  comparedFrom: number
  ranked: readonly Ranked[]
  /** The lines of the source and host of the first errors, around them. */
  around: readonly ReadLine[]
  lines: { total: number; atLeast: boolean; read: number; before: number }
  happenings: readonly Omit<TimelineEvent, 'id'>[]
  measured: readonly Omit<Measured, 'id'>[]
}

/** What a pack may hold, tokens as `tokensOf` counts them. */
export const PACK_TOKENS = 15_000
const HEAD = 150
const PARTS = { troubles: 0.5, near: 0.2, beside: 0.15, rest: 0.15 }
const ANCHORS = 3
const NEAR = 5 * MINUTE
const NEAR_EACH = 8
const STEPS = 12
const MOST_OF_THE_REST = 40

/** The pack of `findings` within `tokens`. What one part leaves over the next may use; what finds no room is counted. */
export function choosePack(findings: Findings, tokens = PACK_TOKENS): Pack {
  const { ranked, from, until } = findings
  const lines = new Map<string, ReadLine>()
  const patterns: PackPattern[] = []
  const ids = new Map<string, string>()
  let left = -HEAD

  const add = (group: Ranked, samples: number): boolean => {
    const pattern = patternOf(group, `T${patterns.length + 1}`, from, until)
    const shown = samplesOf(group, samples).filter(line => !lines.has(line.id))
    const cost = tokensOf(patternText(pattern, same)) + shown.reduce((sum, line) => sum + costOf(line), 0)
    if (cost > left) return false
    left -= cost
    patterns.push(pattern)
    for (const line of group.lines) ids.set(line.id, pattern.id)
    for (const line of shown) lines.set(line.id, line)
    return true
  }

  left += tokens * PARTS.troubles
  const troubles = ranked.filter(({ level, change }) => isSevere(level) && change !== 'steady' && change !== 'silent')
  // A pattern that finds no room with all its samples may with one.
  for (const [rank, group] of troubles.entries()) add(group, rank < 5 ? 3 : rank < 12 ? 2 : 1) || add(group, 1)

  left += tokens * PARTS.near
  for (const line of nearLines(ranked, findings.around)) {
    const cost = costOf(line)
    if (lines.has(line.id) || cost > left) continue
    left -= cost
    lines.set(line.id, line)
  }

  left += tokens * PARTS.beside
  const happenings: TimelineEvent[] = []
  const measured: Measured[] = []
  for (const one of findings.happenings) place(happenings, { ...one, id: `E${happenings.length + 1}` })
  for (const one of findings.measured) place(measured, { ...one, id: `M${measured.length + 1}` })

  left += tokens * PARTS.rest
  const rest = ranked.filter(group => !troubles.includes(group) && (group.count > 0 || group.change === 'silent'))
  for (const group of rest.slice(0, MOST_OF_THE_REST)) add(group, 1)

  const packLines = numbered(lines, ids)
  const { total, atLeast, read, before } = findings.lines
  return {
    ...{ subject: findings.subject, where: findings.where, from, until, comparedFrom: findings.comparedFrom },
    ...{ patterns, lines: packLines, happenings, measured },
    coverage: {
      ...{ lines: total, atLeast, linesRead: read, linesShown: packLines.length, linesBefore: before },
      ...{ patterns: ranked.length, patternsShown: patterns.length },
    },
  }

  function place<T extends TimelineEvent | Measured>(list: T[], one: T): void {
    const cost = tokensOf(timelineEventText(one, same))
    if (cost > left) return
    left -= cost
    list.push(one)
  }
}

const same = (text: string) => text

function costOf(line: ReadLine): number {
  return tokensOf(lineText(packLine(line, 'L99', 'T99'), same)) + 1
}

function numbered(lines: ReadonlyMap<string, ReadLine>, patterns: ReadonlyMap<string, string>): PackLine[] {
  return [...lines.values()]
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    .map((line, at) => packLine(line, `L${at + 1}`, patterns.get(line.id) ?? null))
}

/** A line under the id it is cited by. */
export function packLine(line: ReadLine, id: string, pattern: string | null): PackLine {
  return { id, line: line.id, at: line.at, level: line.level, from: fromOf(line), message: line.message, pattern }
}

function patternOf(group: Ranked, id: string, from: number, until: number): PackPattern {
  const over = new Array<number>(STEPS).fill(0)
  const width = Math.max(1, (until - from) / STEPS)
  for (const line of group.lines) over[Math.min(STEPS - 1, Math.floor((line.at - from) / width))]! += line.weight
  return {
    id,
    ...{ change: group.change, level: group.level, template: group.template, known: group.known },
    ...{ count: Math.round(group.count), before: Math.round(group.before), estimated: group.estimated },
    first: group.lines[0]?.at ?? null,
    last: group.lines.at(-1)?.at ?? null,
    from: originsOf(group, 3),
    over: over.map(Math.round),
  }
}

/**
 * Lines shortly before the trouble began, the unusual first: whatever was new or rare right before it may be its cause,
 * wherever it was logged. Then the lines around it of the same source and host.
 */
function nearLines(ranked: readonly Ranked[], around: readonly ReadLine[]): ReadLine[] {
  const near: ReadLine[] = []
  for (const anchor of anchorsOf(ranked)) {
    const before = ranked
      .flatMap(group =>
        group.lines.filter(line => line.at <= anchor && line.at >= anchor - NEAR).map(line => ({ line, group })),
      )
      .sort((a, b) => unusual(b.group) - unusual(a.group) || b.line.at - a.line.at)
    const seen = new Map<Group, number>()
    for (const { line, group } of before) {
      const times = seen.get(group) ?? 0
      seen.set(group, times + 1)
      if (times < 2) near.push(line)
      if (near.length >= NEAR_EACH * ANCHORS) break
    }
  }
  return [...near, ...around]
}

/** The instants at which the worst troubles began, and the first of all. */
function anchorsOf(ranked: readonly Ranked[]): number[] {
  const onset = onsetOf(ranked)
  const worst = ranked
    .filter(({ level, change, lines }) => isSevere(level) && change !== 'steady' && lines.length > 0)
    .slice(0, ANCHORS)
    .map(group => group.lines[0]!.at)
  return [...new Set([...(onset === null ? [] : [onset]), ...worst])].slice(0, ANCHORS)
}

function unusual({ change, count }: Ranked): number {
  return (change === 'new' ? 10 : change === 'steady' ? 0 : 5) - Math.log2(1 + count)
}
