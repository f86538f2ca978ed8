// The evidence as a card: the whole answer where no model is asked, and the report it falls back to.
import type { Button, Card, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { Level } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import { DAY } from '../../time.ts'
import { defused } from '../model/sanitize.ts'
import {
  type Change,
  coverageText,
  isEmpty,
  isError,
  isUnheard,
  type Pack,
  type PackLine,
  type PackPattern,
  troubles,
} from './pack.ts'

const SHOWN_PATTERNS = 6
const SHOWN_BEFORE = 4
const SHOWN_HAPPENINGS = 8
const SHOWN_SILENT = 3
const LINE_BUTTONS = 4
const TEXT = 180

/** The report of a pack. `why` says in a sentence why no model read it; null where none was to. */
export function packCard(pack: Pack, why: string | null, more: readonly Button[] = []): Card {
  const trouble = troubles(pack)
  const silent = pack.patterns.filter(one => one.change === 'silent').slice(0, SHOWN_SILENT)
  const shown = trouble.slice(0, SHOWN_PATTERNS)
  const before = linesBefore(pack)
  const lines: Text[] = [...(why === null ? [] : [why])]
  if (isEmpty(pack))
    lines.push('There is not one log line and nothing else on record in that time. Ask about a longer one.')
  else if (isUnheard(pack)) lines.push('There is not one log line in that time, so nothing is known of how it went.')
  if (isUnheard(pack) && asksByName(pack.where)) lines.push(NAMES)
  if (comparesWithNothing(pack)) lines.push(ALL_NEW)
  for (const pattern of shown) lines.push(patternLine(pattern))
  if (trouble.length > shown.length) lines.push(`… ${trouble.length - shown.length} more of these`)
  if (before.length > 0) lines.push([{ bold: 'Unusual, right before it began' }], ...before.map(evidenceLine))
  if (silent.length > 0) lines.push([{ bold: 'Not heard any more' }], ...silent.map(one => patternLine(one)))
  const beside = [...pack.happenings.slice(0, SHOWN_HAPPENINGS), ...pack.measured.slice(0, SHOWN_HAPPENINGS)]
  if (beside.length > 0)
    lines.push(
      [{ bold: 'Beside the logs' }],
      ...beside.map((one): Text => [{ time: one.at, style: 'clock' }, ` ${cut(one.text)}`]),
    )
  return {
    title: `${reportHeadline(pack)} — ${defused(pack.subject)}`,
    tone: trouble.some(one => isError(one.level)) ? 'warning' : 'info',
    lines,
    buttons: [...lineButtons(firstLines(pack, shown, before)), ...more],
    footer: windowFooter(pack),
  }
}

/** Said where the period before has no lines: a new service, or retention that ends there. */
export const ALL_NEW = 'Nothing was logged in as long before, so everything counts as new.'

const NAMES =
  'Is the name right? "logs top host --last 1d" and "logs top source --last 1d" show those that lines carry.'

function asksByName(where: QueryNode | null): boolean {
  if (where === null) return false
  if (where.kind === 'and' || where.kind === 'or') return where.parts.some(asksByName)
  return where.kind === 'field' && (where.field === 'host' || where.field === 'source')
}

/** Whether there are lines in the window and none in the period before. */
export function comparesWithNothing({ coverage }: Pack): boolean {
  return coverage.lines > 0 && coverage.linesBefore === 0
}

/** `2 new errors, 1 surge`, or that nothing stands out. */
export function reportHeadline(pack: Pack): string {
  if (isEmpty(pack)) return 'Nothing on record'
  if (isUnheard(pack)) return 'Not one log line'
  const trouble = troubles(pack)
  const of = (change: Change, severe: boolean) =>
    trouble.filter(one => one.change === change && isError(one.level) === severe).length
  const parts = [
    counted(of('new', true), 'new error'),
    counted(of('surging', true), 'surging error'),
    counted(of('rare', true), 'rare error'),
    counted(of('new', false), 'new warning'),
    counted(of('surging', false), 'surging warning'),
    counted(pack.patterns.filter(one => one.change === 'silent').length, 'pattern gone silent', 'patterns gone silent'),
  ].filter(part => part !== '')
  return parts.length === 0 ? 'Nothing stands out' : parts.slice(0, 3).join(', ')
}

/** A cited line: when, from where, what it said. */
export function evidenceLine(line: Pick<PackLine, 'id' | 'at' | 'level' | 'from' | 'message'>): Text {
  const from = line.from === '' ? '' : ` ${defused(line.from)}`
  const message = cut(line.message.replaceAll(/\s*\n\s*/g, ' ⏎ '))
  return [{ code: line.id }, ' ', { time: line.at, style: 'clock' }, ` ${ICONS[line.level]}${from}: ${message}`]
}

/** Buttons that open lines in full, `most` of them. */
export function lineButtons(lines: readonly { id: string; line: string }[], most = LINE_BUTTONS): Button[] {
  return lines.slice(0, most).map(({ id, line }) => ({ label: `Line ${id}`, line: `logs show ${line}` }))
}

/** From when to when, and how much of it was looked at. */
export function windowFooter(pack: Pack): Text {
  const { from, until, coverage } = pack
  return [
    { time: from, style: 'moment' },
    ' to ',
    { time: until, style: until - from > DAY / 2 ? 'moment' : 'clock' },
    `, against as long before · ${coverageText(coverage)}`,
  ]
}

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }
const SAYS: Record<Change, string> = {
  new: 'new',
  surging: 'surging',
  rare: 'rare',
  silent: 'silent',
  steady: 'as before',
}

/**
 * A pattern in one paragraph: how it changed, how often, what it says, whence and since when; with the id it is cited by
 * unless nothing cites it, and with the date of its first line where a time of the day does not tell it.
 */
export function patternLine(pattern: PackPattern, { cited = true, dated = false } = {}): Text {
  const { id, level, change, count, before, estimated, first, from, over, template, known } = pattern
  const about = estimated ? 'about ' : ''
  const times = `${about}${count.toLocaleString('en')}×, before ${before.toLocaleString('en')}×`
  const again = known && change === 'new' ? ' (seen in the day before)' : ''
  const bars = count > 2 ? ` ${sparkline(over)}` : ''
  return [
    `${ICONS[level]} `,
    { bold: SAYS[change] },
    `${again} · ${times} · ${cut(template)}`,
    ...(cited ? [' ', { code: id }] : []),
    ...(from.length > 0 ? [` · ${defused(from.join(', '))}`] : []),
    ...(first === null ? [] : [' · first ', { time: first, style: dated ? ('moment' as const) : ('clock' as const) }]),
    bars,
  ]
}

/** Quiet lines that are new shortly before the first trouble: what a person would look at first. */
function linesBefore(pack: Pack): PackLine[] {
  if (comparesWithNothing(pack)) return []
  const onset = Math.min(...troubles(pack).map(one => one.first ?? Number.POSITIVE_INFINITY))
  if (!Number.isFinite(onset)) return []
  const unusual = new Set(pack.patterns.filter(one => one.change === 'new' && !isError(one.level)).map(one => one.id))
  return pack.lines
    .filter(line => line.at <= onset && line.pattern !== null && unusual.has(line.pattern) && !isError(line.level))
    .slice(-SHOWN_BEFORE)
}

function firstLines(pack: Pack, patterns: readonly PackPattern[], before: readonly PackLine[]): PackLine[] {
  const firsts = patterns
    .map(one => pack.lines.find(line => line.pattern === one.id))
    .filter(line => line !== undefined)
  return [...firsts.slice(0, 3), ...before.slice(-1)]
}

function counted(n: number, one: string, many = `${one}s`): string {
  return n === 0 ? '' : `${n} ${n === 1 ? one : many}`
}

function cut(text: string): string {
  const points = Array.from(defused(text))
  return points.length <= TEXT ? points.join('') : `${points.slice(0, TEXT).join('')}…`
}
