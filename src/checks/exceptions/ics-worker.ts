// The program of the thread that reads a calendar, so that one that repeats without an end stops nothing else.
import { parentPort, workerData } from 'node:worker_threads'
import { Problem } from '../../problem.ts'
import type { Exceptions } from '../../state/schema/index.ts'
import { errorMessage } from '../../text.ts'
import { readIcs } from './ics.ts'

/** What it answers with, once. */
export type IcsAnswer = { ok: true; exceptions: Exceptions } | { ok: false; message: string }

const { text, now } = workerData as { text: string; now: number }
parentPort!.postMessage(answer())

function answer(): IcsAnswer {
  try {
    return { ok: true, exceptions: readIcs(text, now) }
  } catch (error) {
    const message = error instanceof Problem ? error.message : `The calendar cannot be read (${errorMessage(error)}).`
    return { ok: false, message }
  }
}
