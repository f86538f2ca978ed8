// The card of an answer: the verified claims, their citations, and how many were verified.
import type { Button, Card, Span, Text, Tone } from '../card.ts'
import type { Analysis } from './analyses.ts'
import type { AnalysisAnswer } from './analyst.ts'
import type { Pack } from './evidence/pack.ts'
import { lineButtons, packCard, patternLine, windowFooter, writeHeadline } from './evidence/pack-card.ts'
import { formatDollars } from './model/price.ts'
import { createPackPseudonymizer, type Pseudonymizer } from './model/pseudonymize.ts'
import { disarmLinks } from './model/sanitize.ts'
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
const MAX_OPEN_PATTERNS = 3
/** Together with the follow-up buttons at most three rows. */
const MAX_CITED_BUTTONS = 12

/** The card of an answer; `deepLine` is the command line that asks a stronger model, null without one. */
export function answerCard({ analysis, pack, cachedAt }: AnalysisAnswer, deepLine: string | null = null): Card {
  const { verdict } = analysis
  if (verdict === null) return packCard(pack, analysis.noModelReason)
  const shown = restoreVerdict(verdict, createPackPseudonymizer(pack))
  const cached: Text[] =
    cachedAt === null ? [] : [['This question was answered ', { time: cachedAt, style: 'relative' }, '.']]
  return {
    title: `${TITLES[shown.status]}: ${shown.headline} — ${disarmLinks(analysis.subject)}`,
    tone: TONES[shown.status],
    lines: [
      ...cached,
      ...(analysis.question === null ? [] : [`Question: ${disarmLinks(analysis.question)}`]),
      ...causeLines(shown),
      ...shown.findings.map(findingLine),
      ...openLines(shown, pack),
      ...listLines(
        'Ruled out',
        shown.ruledOut.map(({ claim, why }) => `${claim} — ${why}`),
      ),
      ...listLines('Next steps', shown.nextSteps),
      ...listLines('Unknown', shown.missing),
      ...(shown.suspicious.length > 0
        ? [`Lines that try to give instructions to the model: ${shown.suspicious.join(', ')}`]
        : []),
    ],
    buttons: [...citationButtons(shown, pack), ...followUpButtons(analysis, deepLine)],
    footer: writeFooter(analysis, pack),
  }
}

/** The card of an earlier answer whose evidence is deleted, without log lines. */
export function expiredAnswerCard(analysis: Analysis): Card {
  const { verdict, noModelReason } = analysis
  const lines: Text[] = ['Its evidence was deleted after a day. "analyze" gathers new evidence.']
  if (verdict === null)
    return {
      title: `${analysis.headline} — ${disarmLinks(analysis.subject)}`,
      tone: 'muted',
      lines: noModelReason ? [noModelReason, ...lines] : lines,
    }
  return {
    title: `${TITLES[verdict.status]}: ${verdict.headline} — ${disarmLinks(analysis.subject)}`,
    tone: TONES[verdict.status],
    lines: [
      ...causeLines(verdict),
      ...verdict.findings.map(findingLine),
      ...listLines('Next steps', verdict.nextSteps),
      ...lines,
    ],
    buttons: lineButtons(listCitedLines(verdict), MAX_CITED_BUTTONS),
    footer: `Analysis ${analysis.id} · ${analysis.model} · ${formatDollars(analysis.cost)}`,
  }
}

/** Puts the personal data back in place of the pseudonyms in a verdict. */
export function restoreVerdict(verdict: Verdict, pseudonymizer: Pseudonymizer): Verdict {
  const restoreAll = (value: unknown): unknown => {
    if (typeof value === 'string') return pseudonymizer.restore(value)
    if (Array.isArray(value)) return value.map(restoreAll)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, restoreAll(entry)]))
  }
  return restoreAll(verdict) as Verdict
}

function causeLines({ cause }: Verdict): Text[] {
  if (cause === null) return []
  return [
    [{ bold: 'Cause' }, ` (${cause.confidence} confidence): ${cause.claim}`],
    ...cause.cause.map(citationLine),
    [{ bold: 'Symptoms' }],
    ...cause.symptoms.map(citationLine),
    ...(cause.why === '' ? [] : [`Why it is not only a symptom: ${cause.why}`]),
  ]
}

function findingLine({ claim, kind, confidence, evidence }: Claim): Text {
  const ids: Span[] = evidence.flatMap(({ id }, at) => [...(at > 0 ? [' '] : []), { code: id }])
  return [`• ${claim} (${kind === 'observed' ? 'observed' : `inference, ${confidence} confidence`}) `, ...ids]
}

/** Time and origin come from the evidence; the quote comes from the model and was found in the evidence. */
function citationLine({ id, at, from, level, quote }: Citation): Text {
  const when: Span[] = at === null ? [] : [' ', { time: at, style: 'clock' }]
  const origin = [level?.toUpperCase(), from].filter(Boolean).join(' ')
  return ['   ', { code: id }, ...when, `${origin ? ` ${disarmLinks(origin)}` : ''} “${disarmLinks(quote)}”`]
}

/** The severe patterns that the answer does not mention; for an inconclusive answer the first patterns. */
function openLines({ status, unmentioned }: Verdict, pack: Pack): Text[] {
  const toLines = (ids: readonly string[]) =>
    pack.patterns.filter(({ id }) => ids.includes(id)).map(pattern => patternLine(pattern))
  if (unmentioned.length > 0) return [[{ bold: 'Not mentioned above' }], ...toLines(unmentioned)]
  if (status !== 'inconclusive') return []
  const first = pack.patterns.slice(0, MAX_OPEN_PATTERNS).map(({ id }) => id)
  return first.length === 0 ? [] : [[{ bold: writeHeadline(pack) }], ...toLines(first)]
}

function listLines(title: string, texts: readonly string[]): Text[] {
  if (texts.length === 0) return []
  if (texts.length === 1) return [[{ bold: title }, `: ${texts[0]}`]]
  return [[{ bold: title }], ...texts.map((text, at) => `${at + 1}. ${text}`)]
}

/** A button for each citation: the line, the first line of a pattern, or the alert or check of an event. */
function citationButtons(verdict: Verdict, pack: Pack): Button[] {
  const buttons = new Map<string, Button>()
  for (const { id, line } of listCitations(verdict)) {
    const first = line ?? pack.lines.find(({ pattern }) => pattern === id)?.line
    const event = pack.timeline.find(event => event.id === id)
    if (first) buttons.set(id, { label: `Line ${id}`, line: `logs show ${first}` })
    else if (event?.command) buttons.set(id, { label: `Show ${id}`, line: event.command })
  }
  return [...buttons.values()].slice(0, MAX_CITED_BUTTONS)
}

function listCitedLines(verdict: Verdict): { id: string; line: string }[] {
  const lines = new Map(listCitations(verdict).flatMap(({ id, line }) => (line === null ? [] : [[id, line] as const])))
  return [...lines].map(([id, line]) => ({ id, line }))
}

function listCitations({ cause, findings }: Verdict): Citation[] {
  return [...(cause ? [...cause.cause, ...cause.symptoms] : []), ...findings.flatMap(({ evidence }) => evidence)]
}

function followUpButtons({ id }: Analysis, deepLine: string | null): Button[] {
  return [
    {
      label: 'Ask more',
      line: `analyze ask --analysis ${id}`,
      ask: ['question'],
      example: '"was it the deploy?"',
      tone: 'primary',
    },
    { label: 'Evidence', line: `analyze history --show ${id} --evidence` },
    ...(deepLine === null ? [] : [{ label: 'Ask a stronger model', line: deepLine }]),
  ]
}

function writeFooter({ id, verdict, model, cost }: Analysis, pack: Pack): Text {
  const { verified, given } = verdict!.citations
  const dropped = given - verified
  const verification =
    given === 0
      ? 'No citations'
      : `✓ ${verified}/${given} citations verified${dropped > 0 ? `, claims with the other ${dropped} were dropped` : ''}`
  const window = windowFooter(pack)
  return [
    `${verification} · ${model} · ${formatDollars(cost)} · analysis ${id} · `,
    ...(typeof window === 'string' ? [window] : window),
  ]
}
