// The messages that ring at Pushover until somebody acknowledges them, remembered across restarts.
import type { Clock } from '../../clock.ts'
import type { PlatformMemory } from '../platform-definition.ts'

/** A message that rings until `until` (epoch ms) for a user; acknowledging it runs `line`. */
export type Receipt = { receipt: string; line: string; user: string; until: number }

const NAME = 'pushover receipts'
/** More messages than that ring for nobody. */
const MAX_RECEIPTS = 100

export function createReceipts(memory: PlatformMemory, clock: Clock) {
  const read = (): Receipt[] => {
    try {
      const stored: unknown = JSON.parse(memory.read(NAME) ?? '[]')
      return Array.isArray(stored) ? (stored as Receipt[]) : []
    } catch {
      return []
    }
  }
  const write = (receipts: readonly Receipt[]) => memory.write(NAME, JSON.stringify(receipts.slice(-MAX_RECEIPTS)))

  return {
    /** The messages that still ring. */
    list: () => read().filter(({ until }) => until > clock.now()),
    add: (receipt: Receipt) => write([...read().filter(({ until }) => until > clock.now()), receipt]),
    /** Forgets a message; whether it was there. */
    remove(receipt: string): boolean {
      const before = read()
      const after = before.filter(other => other.receipt !== receipt)
      if (after.length === before.length) return false
      write(after)
      return true
    },
  }
}
