// What "doctor" finds out about one part of Vakt, with a remedy where something is wrong.

/** `warning` is for what works now and may fail later, `skipped` for what could not be examined. */
export type DiagnosisState = 'ok' | 'warning' | 'failed' | 'skipped'

/** `text` is a sentence about the part; `remedy` is what a person does about it, empty when there is nothing to do. */
export type Diagnosis = { part: string; state: DiagnosisState; text: string; remedy: string }

/** A diagnosis of a part that is as it should be. */
export function isWell(part: string, text: string): Diagnosis {
  return { part, state: 'ok', text, remedy: '' }
}

/** A diagnosis of a part that fails. */
export function fails(part: string, text: string, remedy: string): Diagnosis {
  return { part, state: 'failed', text, remedy }
}

/** A diagnosis of a part that may fail later. */
export function warns(part: string, text: string, remedy: string): Diagnosis {
  return { part, state: 'warning', text, remedy }
}

/** A diagnosis of a part that was not examined. */
export function skips(part: string, text: string): Diagnosis {
  return { part, state: 'skipped', text, remedy: '' }
}
