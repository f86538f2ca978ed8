// Reads every stored log line of a world, through the search of the store, and compares them with what was sent.
import type { LogStore } from '../../logs/store.ts'
import { DAY } from '../../time.ts'
import type { AlertRow } from './alert-row.ts'
import { settle } from './turns.ts'
import { Violation, type World } from './world.ts'

/** Lines are looked for in this time; those begun in its last hour are looked for once more than the others. */
const SEARCHED_MS = 4 * DAY
const MARGIN_MS = DAY
const PAGE_SIZE = 500
const TIMEOUT_MS = 60_000
/** A search of the world takes no more turns than this. */
const PATIENCE = 10_000

export function isAboutLogs({ detector }: Pick<AlertRow, 'detector'>): boolean {
  return detector === 'new-error'
}

/** Throws a `Violation` where a line or an alert is missing, or is there twice. */
export async function auditLogs(world: World): Promise<void> {
  const { logs, vakt } = world
  if (!logs || !vakt?.store) return
  const found = await pumped(countLines(vakt.store, world.clock.trueNow() - SEARCHED_MS))
  const titles = vakt.state
    .prepare<[], { title: string; detector: string }>('select title, detector from alerts')
    .all()
    .filter(isAboutLogs as never)
    .map(({ title }) => title)
  const wrong = logs.lines.findWrong(found, word => titles.filter(title => title.includes(word)).length)
  if (wrong !== null) throw new Violation(wrong)
  logs.lines.forgetBefore(world.clock.trueNow() - SEARCHED_MS + MARGIN_MS)
}

/** How often each number is stored. */
async function countLines(store: LogStore, from: number): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  let cursor: string | null = null
  do {
    const request = {
      query: { where: null, from, until: null },
      order: 'oldest' as const,
      limit: PAGE_SIZE,
      cursor,
    }
    const page = await store.search({ ...request, timeoutMs: TIMEOUT_MS })
    for (const { message } of page.lines) {
      const number = Number(/line-(\d+)/.exec(message)?.[1])
      found.set(number, (found.get(number) ?? 0) + 1)
    }
    cursor = page.next
  } while (cursor !== null)
  return found
}

async function pumped<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => {})
  for (let turn = 0; turn < PATIENCE && !isDone; turn++) await settle()
  return done
}
