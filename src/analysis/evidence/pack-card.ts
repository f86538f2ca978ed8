// The card of an evidence pack: the answer when no model answers.
import type { Button, Card, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { Level } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import { plural, truncate } from '../../text.ts'
import { DAY } from '../../time.ts'
import { disarmLinks } from '../model/sanitize.ts'
import {
  hasNoData,
  isEmpty,
  isError,
  listSeverePatterns,
  type Pack,
  type PackLine,
  type PackPattern,
  type PatternChange,
  writeCoverage,
} from './pack.ts'

const MAX_PATTERNS = 6
const MAX_LINES_BEFORE = 4
const MAX_TIMELINE_EVENTS = 8
const MAX_SILENT_PATTERNS = 3
const MAX_LINE_BUTTONS = 4
const MAX_TEXT_LENGTH = 180

/** The card of a pack. `noModelReason` is a sentence why no model answered, null when none was to be asked. */
export function packCard(pack: Pack, noModelReason: string | null, more: readonly Button[] = []): Card {
  const severe = listSeverePatterns(pack)
  const silent = pack.patterns.filter(({ change }) => change === 'silent').slice(0, MAX_SILENT_PATTERNS)
  const shown = severe.slice(0, MAX_PATTERNS)
  const before = selectLinesBefore(pack)
  const lines: Text[] = [...(noModelReason === null ? [] : [noModelReason])]
  if (isEmpty(pack)) lines.push('There are no log lines and no other events in this period. Choose a longer one.')
  else if (hasNoData(pack)) lines.push('There are no log lines in this period, so its state is unknown.')
  if (hasNoData(pack) && filtersByName(pack.where)) lines.push(CHECK_NAME_TEXT)
  if (hasNoBaseline(pack)) lines.push(ALL_NEW_TEXT)
  for (const pattern of shown) lines.push(patternLine(pattern))
  if (severe.length > shown.length) lines.push(`… ${severe.length - shown.length} more`)
  if (before.length > 0) lines.push([{ bold: 'Unusual right before the start' }], ...before.map(evidenceLine))
  if (silent.length > 0) lines.push([{ bold: 'No longer logged' }], ...silent.map(pattern => patternLine(pattern)))
  const beside = [...pack.timeline.slice(0, MAX_TIMELINE_EVENTS), ...pack.measurements.slice(0, MAX_TIMELINE_EVENTS)]
  if (beside.length > 0)
    lines.push(
      [{ bold: 'Other events' }],
      ...beside.map((event): Text => [{ time: event.at, style: 'clock' }, ` ${shorten(event.text)}`]),
    )
  return {
    title: `${writeHeadline(pack)} — ${disarmLinks(pack.subject)}`,
    tone: severe.some(({ level }) => isError(level)) ? 'warning' : 'info',
    lines,
    buttons: [...lineButtons(selectFirstLines(pack, shown, before)), ...more],
    footer: windowFooter(pack),
  }
}

/** For a period before without lines: a new service, or the end of the retention. */
export const ALL_NEW_TEXT = 'The period before has no log lines, so everything counts as new.'

const CHECK_NAME_TEXT =
  'Check the name: "logs top --by host --last 1d" and "logs top --by source --last 1d" show the names in log lines.'

function filtersByName(where: QueryNode | null): boolean {
  if (where === null) return false
  if (where.kind === 'and' || where.kind === 'or') return where.parts.some(filtersByName)
  return where.kind === 'field' && (where.field === 'host' || where.field === 'source')
}

/** Whether there are lines in the window and none in the period before. */
export function hasNoBaseline({ coverage }: Pack): boolean {
  return coverage.lines > 0 && coverage.linesBefore === 0
}

/** `2 new errors, 1 surging warning`, or that nothing stands out. */
export function writeHeadline(pack: Pack): string {
  if (isEmpty(pack)) return 'No data'
  if (hasNoData(pack)) return 'No log lines'
  const severe = listSeverePatterns(pack)
  const count = (change: PatternChange, isErrors: boolean) =>
    severe.filter(pattern => pattern.change === change && isError(pattern.level) === isErrors).length
  const parts = [
    countUnlessZero(count('new', true), 'new error'),
    countUnlessZero(count('surging', true), 'surging error'),
    countUnlessZero(count('rare', true), 'rare error'),
    countUnlessZero(count('new', false), 'new warning'),
    countUnlessZero(count('surging', false), 'surging warning'),
    countUnlessZero(
      pack.patterns.filter(({ change }) => change === 'silent').length,
      'pattern gone silent',
      'patterns gone silent',
    ),
  ].filter(part => part !== '')
  return parts.length === 0 ? 'Nothing stands out' : parts.slice(0, 3).join(', ')
}

/** A line with its id, time, level, origin and message. */
export function evidenceLine(line: Pick<PackLine, 'id' | 'at' | 'level' | 'from' | 'message'>): Text {
  const from = line.from === '' ? '' : ` ${disarmLinks(line.from)}`
  const message = shorten(line.message.replaceAll(/\s*\n\s*/g, ' ⏎ '))
  return [{ code: line.id }, ' ', { time: line.at, style: 'clock' }, ` ${ICONS[line.level]}${from}: ${message}`]
}

/** Buttons that open lines in full, at most `limit`. */
export function lineButtons(lines: readonly { id: string; line: string }[], limit = MAX_LINE_BUTTONS): Button[] {
  return lines.slice(0, limit).map(({ id, line }) => ({ label: `Line ${id}`, line: `logs show ${line}` }))
}

/** The window and the coverage of a pack. */
export function windowFooter(pack: Pack): Text {
  const { from, until, coverage } = pack
  return [
    { time: from, style: 'moment' },
    ' to ',
    { time: until, style: until - from > DAY / 2 ? 'moment' : 'clock' },
    `, compared with the period before · ${writeCoverage(coverage)}`,
  ]
}

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }
const CHANGE_NAMES: Record<PatternChange, string> = {
  new: 'new',
  surging: 'surging',
  rare: 'rare',
  silent: 'silent',
  steady: 'as before',
}

/**
 * A pattern as one line: change, counts, template, origins and first time. `cited` adds the id that citations use, `dated`
 * the date of the first time.
 */
export function patternLine(pattern: PackPattern, { cited = true, dated = false } = {}): Text {
  const { id, level, change, count, before, estimated, first, from, over, template, known } = pattern
  const about = estimated ? 'about ' : ''
  const counts = `${about}${count.toLocaleString('en')}×, before ${before.toLocaleString('en')}×`
  const knownText = known && change === 'new' ? ' (also seen the day before)' : ''
  const bars = count > 2 ? ` ${sparkline(over)}` : ''
  return [
    `${ICONS[level]} `,
    { bold: CHANGE_NAMES[change] },
    `${knownText} · ${counts} · ${shorten(template)}`,
    ...(cited ? [' ', { code: id }] : []),
    ...(from.length > 0 ? [` · ${disarmLinks(from.join(', '))}`] : []),
    ...(first === null ? [] : [' · first ', { time: first, style: dated ? ('moment' as const) : ('clock' as const) }]),
    bars,
  ]
}

/** New lines below error level shortly before the first severe pattern: what a person would look at first. */
function selectLinesBefore(pack: Pack): PackLine[] {
  if (hasNoBaseline(pack)) return []
  const onset = Math.min(...listSeverePatterns(pack).map(({ first }) => first ?? Number.POSITIVE_INFINITY))
  if (!Number.isFinite(onset)) return []
  const unusual = new Set(
    pack.patterns.filter(({ change, level }) => change === 'new' && !isError(level)).map(({ id }) => id),
  )
  return pack.lines
    .filter(line => line.at <= onset && line.pattern !== null && unusual.has(line.pattern) && !isError(line.level))
    .slice(-MAX_LINES_BEFORE)
}

function selectFirstLines(pack: Pack, patterns: readonly PackPattern[], before: readonly PackLine[]): PackLine[] {
  const firsts = patterns
    .map(({ id }) => pack.lines.find(line => line.pattern === id))
    .filter(line => line !== undefined)
  return [...firsts.slice(0, 3), ...before.slice(-1)]
}

function countUnlessZero(count: number, noun: string, nouns?: string): string {
  return count === 0 ? '' : plural(count, noun, nouns)
}

function shorten(text: string): string {
  return truncate(disarmLinks(text), MAX_TEXT_LENGTH)
}
