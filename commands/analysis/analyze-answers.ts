// How analyses are answered: to the one who asked, or under the card of the alert for everybody.
import type { Analysis } from '../../src/analysis/analyses.ts'
import type { Answered, Question } from '../../src/analysis/analyst.ts'
import { answerCard, restored } from '../../src/analysis/answer-card.ts'
import { cardPlaces, cardRef } from '../../src/analysis/cards.ts'
import { coverageText, type Pack } from '../../src/analysis/evidence/pack.ts'
import { pseudonymizerFor } from '../../src/analysis/model/pseudonymize.ts'
import type { Citation } from '../../src/analysis/model/verdict.ts'
import type { Card } from '../../src/card.ts'
import type { Answer } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

/** The answer as the answer of the command; `line` asks the same again. */
export async function answered(question: Question, context: Context, line: string): Promise<Answer> {
  const { analyst } = context
  const answer = await analyst.analyse(question)
  return {
    card: spelledOut(answerCard(answer, stronger(answer, question, line, analyst.models())), context),
    result: analysisResult(answer),
  }
}

/** A card whose ids open where nothing can be pressed, as in the command line client: by lines to type. */
export function spelledOut(card: Card, { interactive }: Context): Card {
  const opening = (card.buttons ?? []).filter(one => /^(Line|Show) [A-Z]\d+$/.test(one.label))
  if (interactive || opening.length === 0) return card
  return { ...card, lines: [...(card.lines ?? []), ...opening.map(({ label, line }) => `${label}: ${line}`)] }
}

/**
 * The answer under the alert's card where the asker's chat has one, begun at once and filled as it comes; otherwise
 * as the answer of the command.
 */
export async function answeredUnder(
  alert: number,
  question: Question,
  context: Context,
  line: string,
): Promise<Answer> {
  const { analyst, threads } = context
  const { channel, ref } = placeUnder(alert, context)
  if (!channel?.capabilities.edits || ref === null) return answered(question, context, line)
  const isSaid = question.question === null || question.kind === 'question'
  const again = isSaid ? line : `${line} --question=${quoteWord(question.question!)}`
  const begun = await threads
    .answer(
      { channel, ref, key: JSON.stringify([question.question, question.deep]), again },
      `Analysis of alert ${alert}`,
      async tell => {
        const answer = await analyst.analyse(question, tell)
        return answerCard(answer, stronger(answer, question, line, analyst.models()))
      },
    )
    .catch(() => null)
  if (begun === null) return answered(question, context, line)
  return {
    card: { title: `The analysis of alert ${alert} comes under its card in ${channel.name}`, tone: 'info' },
    result: { alert, under_way: true },
    quiet: true,
  }
}

/** Where it was asked for everybody to see, or else the alert's card in the asker's chat. */
function placeUnder(alert: number, { place, parts, by, state }: Context) {
  if (place) return { channel: parts.channel(place.channel), ref: place.ref }
  const channel = parts.channelOf(by.platform)
  const ref = channel ? cardRef(state, alert, channel.id) : null
  if (ref !== null) return { channel, ref }
  const other = cardPlaces(state, alert).find(one => one.channel.startsWith(`${by.platform}:`))
  return { channel: other && parts.channel(other.channel), ref: other?.ref ?? null }
}

/** An analysis for scripts; `pack` null when its evidence is forgotten. */
export function analysisResult({
  analysis,
  pack,
  sameAs,
}: {
  analysis: Analysis
  pack: Pack | null
  sameAs: number | null
}) {
  const verdict = analysis.verdict && (pack ? restored(analysis.verdict, pseudonymizerFor(pack)) : analysis.verdict)
  return {
    analysis: {
      ...{ id: analysis.id, at: isoTime(analysis.at), kind: analysis.kind, subject: analysis.subject },
      ...{ question: analysis.question, outcome: analysis.outcome, headline: verdict?.headline ?? analysis.headline },
      ...{ model: analysis.model, cost_usd: analysis.cost / 1e6, why_no_model: analysis.why },
      ...{ same_as: isoTime(sameAs), alert: analysis.alertId, follows: analysis.parentId },
      coverage: pack && coverageText(pack.coverage),
      window: pack && {
        from: isoTime(pack.from),
        until: isoTime(pack.until),
        compared_since: isoTime(pack.comparedFrom),
      },
      verdict: verdict && {
        cause: verdict.cause && {
          ...{ claim: verdict.cause.claim, confidence: verdict.cause.confidence, why_not_symptom: verdict.cause.why },
          ...{ evidence: verdict.cause.cause.map(citation), symptoms: verdict.cause.symptoms.map(citation) },
        },
        findings: verdict.findings.map(one => ({ ...one, evidence: one.evidence.map(citation) })),
        ...{ ruled_out: verdict.ruledOut, next_steps: verdict.nextSteps, missing: verdict.missing },
        ...{ suspicious: verdict.suspicious, unmentioned: verdict.unmentioned, citations: verdict.citations },
      },
      patterns: (pack?.patterns ?? []).map(one => ({ ...one, first: isoTime(one.first), last: isoTime(one.last) })),
      lines: (pack?.lines ?? []).map(one => ({ ...one, at: isoTime(one.at) })),
      happenings: [...(pack?.happenings ?? []), ...(pack?.measured ?? [])].map(one => ({
        ...one,
        at: isoTime(one.at),
      })),
    },
  }
}

function citation({ id, quote, at, line }: Citation) {
  return { id, quote, at: isoTime(at), line }
}

/** The line that asks the stronger model, where the cheaper one answered. */
function stronger(
  { analysis }: Answered,
  { question, kind }: Question,
  line: string,
  models: { first: string; second: string } | null,
): string | null {
  if (models === null || models.first === models.second || analysis.model !== models.first) return null
  const asked = question === null || kind === 'question' ? '' : ` --question=${JSON.stringify(question)}`
  return `${line}${asked} --deep`
}
