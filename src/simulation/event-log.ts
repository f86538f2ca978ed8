// What a simulation sends, event by event: as a line for people (`--debug`), and as NDJSON in a file (`--log-file`).
import { closeSync, openSync, writeSync } from 'node:fs'
import { Problem } from '../problem.ts'
import { errorMessage } from '../text.ts'
import type { Beat, Lines } from './play.ts'
import type { PlayerEvent } from './player.ts'
import { faultLine, stamp } from './progress.ts'

const MAX_SHOWN_BODY_LENGTH = 200

/** A log file that events are added to; throws `invalid` when it cannot be written. */
export function openEventLog(file: string): { add(event: PlayerEvent, at: number, now: number): void; close(): void } {
  let descriptor: number
  try {
    descriptor = openSync(file, 'a')
  } catch (error) {
    throw new Problem('invalid', `The log file ${file} cannot be written: ${errorMessage(error)}.`)
  }
  return {
    add(event, at, now) {
      writeSync(
        descriptor,
        `${JSON.stringify({ time: new Date(now).toISOString(), after_ms: Math.round(at), ...fieldsOf(event) })}\n`,
      )
    },
    close: () => closeSync(descriptor),
  }
}

function fieldsOf(event: PlayerEvent): object {
  if (event.kind === 'fault') {
    const { fault, phase } = event.step
    return { event: `fault ${phase}`, fault: fault.name, kind: fault.kind }
  }
  const { step } = event
  const what =
    step.kind === 'lines'
      ? { lines: step.lines, levels: step.levels, bytes: Buffer.byteLength(step.body) }
      : { beat: step.signal }
  if (event.kind === 'sent') return { event: 'sent', source: step.source, ...what, rejected: event.rejected }
  const retry = event.kind === 'again' ? { retry_ms: event.afterMs } : {}
  return {
    event: event.kind === 'again' ? 'retry' : 'lost',
    source: step.source,
    ...what,
    reason: event.reason,
    ...retry,
  }
}

/** An event as a line for people, with the start of what was sent. */
export function debugLine(event: PlayerEvent, at: number): string {
  if (event.kind === 'fault') return `${stamp(at)}  debug  ${faultLine(event.step)}`
  const answer =
    event.kind === 'sent'
      ? event.rejected > 0
        ? `accepted, ${event.rejected} rejected`
        : 'accepted'
      : `${event.reason}${event.kind === 'again' ? `, again in ${event.afterMs} ms` : ', given up'}`
  return `${stamp(at)}  debug  ${describeStep(event.step)} -> ${answer}`
}

function describeStep(step: Lines | Beat): string {
  if (step.kind === 'beat') return `${step.source}: beat ${step.signal}`
  const body = step.body.slice(0, MAX_SHOWN_BODY_LENGTH).replaceAll('\n', '⏎')
  return `${step.source}: ${step.lines} lines, ${step.contentType}: ${body}${step.body.length > MAX_SHOWN_BODY_LENGTH ? '…' : ''}`
}
