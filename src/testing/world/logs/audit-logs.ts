// Reads every stored log line of a world, through the search of the store, and compares them with what was sent.
import { parsePartition } from '../../../logs/embedded/partitions/partition-name.ts'
import type { LogStore } from '../../../logs/store.ts'
import { examinePartitions } from '../../../operations/doctor/examine-partitions.ts'
import { DAY, isoTime } from '../../../time.ts'
import type { AlertRow } from '../alert-row.ts'
import { settle } from '../turns.ts'
import { Violation, type World } from '../world.ts'

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
  auditDamage(logs, found)
  logs.lines.forgetBefore(world.clock.trueNow() - SEARCHED_MS + MARGIN_MS)
}

/** What is lost with a damaged file is named, and nothing else is. */
function auditDamage({ lines, store }: NonNullable<World['logs']>, found: ReadonlyMap<number, number>): void {
  if (lines.damagedDays.size === 0 && store.named.size === 0) return
  const named = new Set([...store.named].map(name => parsePartition(name)!.day / DAY))
  for (const day of named)
    if (!lines.damagedDays.has(day))
      throw new Violation(`The whole log file of ${isoTime(day * DAY)} is called damaged.`)
  const doctor = store.setAside.size > 0 ? examinePartitions(store.folder) : []
  for (const name of store.setAside)
    if (!doctor.some(({ state, text }) => state === 'failed' && text.includes(name)))
      throw new Violation(`The doctor does not name the damaged log file ${name}.`)
  for (const day of lines.daysWithLosses(found))
    if (!named.has(day))
      throw new Violation(`Lines of ${isoTime(day * DAY)} are lost, and nothing names the damaged file.`)
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
