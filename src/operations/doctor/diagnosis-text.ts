// What "doctor" found, as text: what fails first, and the remedy below each.
import type { Diagnosis, DiagnosisState } from '../../diagnosis.ts'
import { plural } from '../../text.ts'

const SIGNS: { readonly [state in DiagnosisState]: string } = { failed: '🔴', warning: '🟡', skipped: '⚪', ok: '🟢' }
const ORDER: readonly DiagnosisState[] = ['failed', 'warning', 'skipped', 'ok']

/** The diagnoses, the worst first; among equals in their order. */
export function worstFirst(list: readonly Diagnosis[]): Diagnosis[] {
  return ORDER.flatMap(state => list.filter(diagnosis => diagnosis.state === state))
}

/** The line of a diagnosis, and its remedy. */
export function diagnosisLines({ part, state, text, remedy }: Diagnosis): string[] {
  return [`${SIGNS[state]} ${part}: ${text}`, ...(remedy === '' ? [] : [`   → ${remedy}`])]
}

/** One sentence about all of them. */
export function diagnosisSummary(list: readonly Diagnosis[]): string {
  const failed = list.filter(({ state }) => state === 'failed').length
  const warnings = list.filter(({ state }) => state === 'warning').length
  if (failed + warnings === 0) return 'Nothing is wrong.'
  const found = [failed > 0 && plural(failed, 'fault'), warnings > 0 && plural(warnings, 'warning')]
  return `Found ${found.filter(Boolean).join(' and ')}.`
}

/** All of them as text. */
export function diagnosisText(list: readonly Diagnosis[]): string {
  return [...worstFirst(list).flatMap(diagnosisLines), diagnosisSummary(list)].join('\n')
}
