// Answers analyses: to the person who asked, or under the card of the alert for everybody.

import { listAlertMessages, readAlertMessageRef } from '../../src/analysis/alert-messages.ts'
import type { Analysis } from '../../src/analysis/analyses.ts'
import type { AnalysisAnswer, AnalysisQuestion } from '../../src/analysis/analyst.ts'
import { answerCard, restoreVerdict } from '../../src/analysis/answer-card.ts'
import { type Pack, writeCoverage } from '../../src/analysis/evidence/pack.ts'
import { createPackPseudonymizer } from '../../src/analysis/model/pseudonymize.ts'
import type { Citation } from '../../src/analysis/model/verdict.ts'
import type { Card } from '../../src/card.ts'
import type { Answer } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

/** Answers as the reply of the command; `line` is the command line of the question. */
export async function answerDirectly(question: AnalysisQuestion, context: Context, line: string): Promise<Answer> {
  const { analyst } = context
  const answer = await analyst.analyze(question)
  return {
    card: writeOutButtons(answerCard(answer, strongerModelLine(answer, question, line, analyst.models())), context),
    result: analysisResult(answer),
  }
}

/** Adds the buttons that open evidence as command lines, for clients without buttons. */
export function writeOutButtons(card: Card, { interactive }: Context): Card {
  const openers = (card.buttons ?? []).filter(({ label }) => /^(Line|Show) [A-Z]\d+$/.test(label))
  if (interactive || openers.length === 0) return card
  return { ...card, lines: [...(card.lines ?? []), ...openers.map(({ label, line }) => `${label}: ${line}`)] }
}

/**
 * Answers under the alert's card when the chat of the person has one: a message with the progress that becomes the answer.
 * Otherwise answers as the reply of the command.
 */
export async function answerUnderAlert(
  alert: number,
  question: AnalysisQuestion,
  context: Context,
  line: string,
): Promise<Answer> {
  const { analyst, threads } = context
  const { channel, ref } = findTarget(alert, context)
  if (!channel?.capabilities.edits || ref === null) return answerDirectly(question, context, line)
  const isInLine = question.question === null || question.kind === 'question'
  const retryLine = isInLine ? line : `${line} --question=${quoteWord(question.question!)}`
  const started = await threads
    .answer(
      { channel, ref, key: JSON.stringify([question.question, question.deep]), retryLine },
      `Analysis of alert ${alert}`,
      async onProgress => {
        const answer = await analyst.analyze(question, onProgress)
        return answerCard(answer, strongerModelLine(answer, question, line, analyst.models()))
      },
    )
    .catch(() => null)
  if (started === null) return answerDirectly(question, context, line)
  return {
    card: { title: `The analysis of alert ${alert} appears under its card in ${channel.name}`, tone: 'info' },
    result: { alert, under_way: true },
    quiet: true,
  }
}

/** The thread of the question, otherwise the alert's card in the chat of the person. */
function findTarget(alert: number, { place, parts, by, state }: Context) {
  if (place) return { channel: parts.channel(place.channel), ref: place.ref }
  const channel = parts.channelOf(by.platform)
  const ref = channel ? readAlertMessageRef(state, alert, channel.id) : null
  if (ref !== null) return { channel, ref }
  const other = listAlertMessages(state, alert).find(message => message.channel.startsWith(`${by.platform}:`))
  return { channel: other && parts.channel(other.channel), ref: other?.ref ?? null }
}

/** An analysis in the machine-readable form; `pack` is null when its evidence is deleted. */
export function analysisResult({
  analysis,
  pack,
  cachedAt,
}: {
  analysis: Analysis
  pack: Pack | null
  cachedAt: number | null
}) {
  const timeline = [...(pack?.timeline ?? []), ...(pack?.measurements ?? [])].map(event => ({
    ...event,
    at: isoTime(event.at),
  }))
  const verdict =
    analysis.verdict && (pack ? restoreVerdict(analysis.verdict, createPackPseudonymizer(pack)) : analysis.verdict)
  return {
    analysis: {
      ...{ id: analysis.id, at: isoTime(analysis.at), kind: analysis.kind, subject: analysis.subject },
      ...{ question: analysis.question, outcome: analysis.outcome, headline: verdict?.headline ?? analysis.headline },
      ...{ model: analysis.model, cost_usd: analysis.cost / 1e6, why_no_model: analysis.noModelReason },
      ...{
        same_as: isoTime(cachedAt),
        cached_at: isoTime(cachedAt),
        alert: analysis.alertId,
        follows: analysis.parentId,
      },
      coverage: pack && writeCoverage(pack.coverage),
      window: pack && {
        from: isoTime(pack.from),
        until: isoTime(pack.until),
        compared_since: isoTime(pack.comparedFrom),
      },
      verdict: verdict && {
        cause: verdict.cause && {
          ...{ claim: verdict.cause.claim, confidence: verdict.cause.confidence, why_not_symptom: verdict.cause.why },
          ...{
            evidence: verdict.cause.cause.map(citationResult),
            symptoms: verdict.cause.symptoms.map(citationResult),
          },
        },
        findings: verdict.findings.map(finding => ({ ...finding, evidence: finding.evidence.map(citationResult) })),
        ...{ ruled_out: verdict.ruledOut, next_steps: verdict.nextSteps, missing: verdict.missing },
        ...{ suspicious: verdict.suspicious, unmentioned: verdict.unmentioned, citations: verdict.citations },
      },
      patterns: (pack?.patterns ?? []).map(pattern => ({
        ...pattern,
        first: isoTime(pattern.first),
        last: isoTime(pattern.last),
      })),
      lines: (pack?.lines ?? []).map(line => ({ ...line, at: isoTime(line.at) })),
      timeline,
      // The former name of `timeline`.
      happenings: timeline,
    },
  }
}

function citationResult({ id, quote, at, line }: Citation) {
  return { id, quote, at: isoTime(at), line }
}

/** The command line that asks the stronger model; null when it has answered or does not exist. */
function strongerModelLine(
  { analysis }: AnalysisAnswer,
  { question, kind }: AnalysisQuestion,
  line: string,
  models: { first: string; second: string } | null,
): string | null {
  if (models === null || models.first === models.second || analysis.model !== models.first) return null
  const questionFlag = question === null || kind === 'question' ? '' : ` --question=${JSON.stringify(question)}`
  return `${line}${questionFlag} --deep`
}
