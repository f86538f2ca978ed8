// An answer as a card: what held, each claim with the lines that show it, and how it was checked.
import type { Button, Card, Span, Text, Tone } from '../card.ts'
import type { Analysis } from './analyses.ts'
import type { Answered } from './analyst.ts'
import { coverageText, type Pack } from './evidence/pack.ts'
import { lineButtons, packCard, patternLine, reportHeadline, windowFooter } from './evidence/pack-card.ts'
import { formatDollars } from './model/price.ts'
import { type Pseudonymizer, pseudonymizerFor } from './model/pseudonymize.ts'
import { defused } from './model/sanitize.ts'
import type { Citation, Claim, Verdict } from './model/verdict.ts'

const TITLES: Record<Verdict['status'], string> = {
  cause_found: 'Cause found',
  likely: 'Likely cause',
  inconclusive: 'Inconclusive',
  healthy: 'Nothing wrong found',
}
const TONES: Record<Verdict['status'], Tone> = {
  cause_found: 'info',
  likely: 'info',
  inconclusive: 'muted',
  healthy: 'good',
}
const LEFT_OPEN = 3
/** With those that ask more they are three rows of buttons at the most. */
const MOST_CITED = 12

/** The card of an answer; `again` is the command line that asks a stronger model the same, when there is one. */
export function answerCard({ analysis, pack, sameAs }: Answered, again: string | null = null): Card {
  const { verdict } = analysis
  if (verdict === null) return packCard(pack, analysis.why)
  const shown = restored(verdict, pseudonymizerFor(pack))
  const same: Text[] =
    sameAs === null ? [] : [['The same was asked and answered ', { time: sameAs, style: 'relative' }, '.']]
  return {
    title: `${TITLES[shown.status]}: ${shown.headline} — ${defused(analysis.subject)}`,
    tone: TONES[shown.status],
    lines: [
      ...same,
      ...(analysis.question === null ? [] : [`Asked: ${defused(analysis.question)}`]),
      ...causeLines(shown),
      ...shown.findings.map(findingLine),
      ...leftOpen(shown, pack),
      ...listed(
        'Ruled out',
        shown.ruledOut.map(one => `${one.claim} — ${one.why}`),
      ),
      ...listed('Next', shown.nextSteps),
      ...listed('Not known', shown.missing),
      ...(shown.suspicious.length > 0
        ? [`Lines that try to give orders to whoever reads them: ${shown.suspicious.join(', ')}`]
        : []),
    ],
    buttons: [...citedButtons(shown, pack), ...moreButtons(analysis, again)],
    footer: footer(analysis, pack),
  }
}

/** An earlier answer whose evidence is forgotten: what was said, without the lines. */
export function oldAnswerCard(analysis: Analysis): Card {
  const { verdict, why } = analysis
  const lines: Text[] = ['Its evidence is kept for a day; "analyze" looks anew.']
  if (verdict === null)
    return {
      title: `${analysis.headline} — ${defused(analysis.subject)}`,
      tone: 'muted',
      lines: why ? [why, ...lines] : lines,
    }
  return {
    title: `${TITLES[verdict.status]}: ${verdict.headline} — ${defused(analysis.subject)}`,
    tone: TONES[verdict.status],
    lines: [
      ...causeLines(verdict),
      ...verdict.findings.map(findingLine),
      ...listed('Next', verdict.nextSteps),
      ...lines,
    ],
    buttons: lineButtons(citedLines(verdict), MOST_CITED),
    footer: `Analysis ${analysis.id} · ${analysis.model} · ${formatDollars(analysis.cost)}`,
  }
}

/** The people of a pack put in again wherever the model named their pseudonyms. */
export function restored(verdict: Verdict, veil: Pseudonymizer): Verdict {
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return veil.restore(value)
    if (Array.isArray(value)) return value.map(deep)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, deep(one)]))
  }
  return deep(verdict) as Verdict
}

function causeLines({ cause }: Verdict): Text[] {
  if (cause === null) return []
  return [
    [{ bold: 'Cause' }, ` (${cause.confidence} confidence): ${cause.claim}`],
    ...cause.cause.map(citationLine),
    [{ bold: 'which led to' }],
    ...cause.symptoms.map(citationLine),
    ...(cause.why === '' ? [] : [`Why it is not just a symptom: ${cause.why}`]),
  ]
}

function findingLine({ claim, kind, confidence, evidence }: Claim): Text {
  const ids: Span[] = evidence.flatMap(({ id }, at) => [...(at > 0 ? [' '] : []), { code: id }])
  return [`• ${claim} (${kind === 'observed' ? 'observed' : `inference, ${confidence} confidence`}) `, ...ids]
}

/** When and where are told by the evidence, only the quote by the model, and that was found there. */
function citationLine({ id, at, from, level, quote }: Citation): Text {
  const when: Span[] = at === null ? [] : [' ', { time: at, style: 'clock' }]
  const who = [level?.toUpperCase(), from].filter(Boolean).join(' ')
  return ['   ', { code: id }, ...when, `${who ? ` ${defused(who)}` : ''} “${defused(quote)}”`]
}

/** What an honest answer would not leave out: errors that nothing mentions, and what stands out when no cause was found. */
function leftOpen({ status, unmentioned }: Verdict, pack: Pack): Text[] {
  const of = (ids: readonly string[]) => pack.patterns.filter(one => ids.includes(one.id)).map(one => patternLine(one))
  if (unmentioned.length > 0) return [[{ bold: 'Not mentioned above' }], ...of(unmentioned)]
  if (status !== 'inconclusive') return []
  const first = pack.patterns.slice(0, LEFT_OPEN).map(one => one.id)
  return first.length === 0 ? [] : [[{ bold: reportHeadline(pack) }], ...of(first)]
}

function listed(title: string, texts: readonly string[]): Text[] {
  if (texts.length === 0) return []
  if (texts.length === 1) return [[{ bold: title }, `: ${texts[0]}`]]
  return [[{ bold: title }], ...texts.map((text, at) => `${at + 1}. ${text}`)]
}

/** A button for each thing cited: a line itself, the first line of a pattern, the alert or check of something that happened. */
function citedButtons(verdict: Verdict, pack: Pack): Button[] {
  const buttons = new Map<string, Button>()
  for (const { id, line } of cited(verdict)) {
    const first = line ?? pack.lines.find(one => one.pattern === id)?.line
    const happened = pack.happenings.find(one => one.id === id)
    if (first) buttons.set(id, { label: `Line ${id}`, line: `logs show ${first}` })
    else if (happened?.command) buttons.set(id, { label: `Show ${id}`, line: happened.command })
  }
  return [...buttons.values()].slice(0, MOST_CITED)
}

function citedLines(verdict: Verdict): { id: string; line: string }[] {
  const lines = new Map(cited(verdict).flatMap(({ id, line }) => (line === null ? [] : [[id, line] as const])))
  return [...lines].map(([id, line]) => ({ id, line }))
}

function cited({ cause, findings }: Verdict): Citation[] {
  return [...(cause ? [...cause.cause, ...cause.symptoms] : []), ...findings.flatMap(one => one.evidence)]
}

function moreButtons({ id }: Analysis, again: string | null): Button[] {
  return [
    { label: 'Ask more', line: `analyze ask --analysis ${id}`, ask: ['question'], tone: 'primary' },
    { label: 'Evidence', line: `analyze history --show ${id} --evidence` },
    ...(again === null ? [] : [{ label: 'Ask a stronger model', line: again }]),
  ]
}

function footer({ id, verdict, model, cost }: Analysis, pack: Pack): Text {
  const { verified, given } = verdict!.citations
  const dropped = given - verified
  const checked =
    given === 0
      ? 'It cites nothing'
      : `✓ ${verified}/${given} citations verified${dropped > 0 ? `, what rested on the other ${dropped} was dropped` : ''}`
  const window = windowFooter(pack)
  return [
    `${checked} · ${model} · ${formatDollars(cost)} · analysis ${id} · `,
    ...(typeof window === 'string' ? [window] : window),
  ]
}

/** The short word of what was looked at, for scripts. */
export function coverageOf(pack: Pack): string {
  return coverageText(pack.coverage)
}
