// Reads ICS calendars from files of this machine and URLs: when a check names one, and again once a day.
import { readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { Worker } from 'node:worker_threads'
import { formatBytes } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { invalid, Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import type { Exceptions } from '../../state/schema/index.ts'
import { errorMessage } from '../../text.ts'
import { formatDuration, SECOND } from '../../time.ts'
import { dueCalendars, failCalendar, saveCalendar } from './calendars.ts'
import type { IcsAnswer } from './ics-worker.ts'

const MAX_BYTES = 2_000_000
const TIMEOUT_MS = 15 * SECOND
/** What the thread that reads a calendar may take. */
const TIME_LIMIT_MS = 10 * SECOND
const MEMORY_LIMIT_MB = 128

/** Throws `invalid` for a source that is neither a URL nor an absolute path. */
export function checkCalendarSource(source: string): void {
  if (/^(https?|webcals?):\/\//i.test(source) && URL.canParse(source)) return
  if (isAbsolute(source)) return
  throw invalid(
    'except',
    `"${source}" is neither a day (2026-12-24), nor a URL (https://…), nor the full path of an ICS file on the machine that runs Vakt.`,
  )
}

/** The text of a calendar. Throws a `Problem` that says why it cannot be read. */
export async function readCalendarSource(source: string): Promise<string> {
  try {
    return isAbsolute(source) ? await readCalendarFile(source) : await fetchCalendar(source)
  } catch (error) {
    if (error instanceof Problem) throw error
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw unreadable(errorMessage(cause))
  }
}

async function readCalendarFile(path: string): Promise<string> {
  const { size } = await stat(path)
  if (size > MAX_BYTES) throw unreadable(`it has ${formatBytes(size)}, and ${formatBytes(MAX_BYTES)} are the most`)
  return readFile(path, 'utf8')
}

async function fetchCalendar(url: string): Promise<string> {
  const response = await fetch(url.replace(/^webcal/i, 'http'), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'text/calendar' },
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw unreadable(`the answer is HTTP ${response.status}`)
  }
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > MAX_BYTES) throw unreadable(`it is larger than ${formatBytes(MAX_BYTES)}`)
  }
  return text
}

function unreadable(why: string): Problem {
  return new Problem('invalid', `The calendar cannot be read: ${why}.`)
}

/**
 * The days and times of a calendar, as `readIcs`, read in a thread of its own: it may come from anybody, and its rules may never
 * end. Rejects with `invalid` for a text that is none, or that cannot be read in time.
 */
export function readCalendar(text: string, now: number, timeLimitMs = TIME_LIMIT_MS): Promise<Exceptions> {
  const tooMuch = `The calendar cannot be read within ${formatDuration(timeLimitMs)} and ${MEMORY_LIMIT_MB} MB: its events repeat too often, or never. Use a smaller one.`
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./ics-worker.ts', import.meta.url), {
      workerData: { text, now },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
    })
    const refuse = (message: string) => reject(new Problem('invalid', message))
    const limit = setTimeout(() => {
      refuse(tooMuch)
      void worker.terminate()
    }, timeLimitMs)
    worker.unref()
    worker.once('message', (answer: IcsAnswer) => (answer.ok ? resolve(answer.exceptions) : refuse(answer.message)))
    worker.once('error', () => refuse(tooMuch))
    worker.once('exit', () => {
      clearTimeout(limit)
      refuse(tooMuch)
    })
  })
}

/** A reader; `readDue` begins to read the calendars that are due at `now`, each once at a time. */
export function createCalendarReader(state: State, clock: Clock, logger: Logger) {
  const reading = new Set<string>()
  let isStopped = false

  const read = async (source: string) => {
    reading.add(source)
    try {
      const text = await readCalendarSource(source)
      const exceptions = await readCalendar(text, clock.now())
      if (!isStopped) saveCalendar(state, source, exceptions, clock.now())
    } catch (error) {
      if (isStopped) return
      logger.warn('a calendar of exceptions cannot be read; its last days stay in force, retrying in 1 h', { error })
      failCalendar(state, source, errorMessage(error), clock.now())
    } finally {
      reading.delete(source)
    }
  }

  return {
    readDue(now: number) {
      isStopped = false
      for (const source of dueCalendars(state, now)) if (!reading.has(source)) void read(source)
    },
    stop() {
      isStopped = true
    },
  }
}
