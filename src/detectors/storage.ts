// The findings about Vakt's own storage: beats or log lines that cannot be stored, and a damaged state database. Pure.
import type { Text } from '../card.ts'
import type { StoredThing } from '../state/storage-health.ts'
import type { Finding } from './finding.ts'

/** The key of the alert that beats, or log lines, cannot be stored. */
export const STORAGE_KEYS: Record<StoredThing, string> = { beats: 'storage:beats', 'log lines': 'storage:log-lines' }
/** The key of the alert that the state database is damaged. */
export const DAMAGE_KEY = 'storage:damage'

const ABOUT = {
  detector: 'storage',
  labels: { role: 'storage' },
  projectId: null,
  owner: null,
  remindEvery: 0,
  occurrences: 0,
}

const EFFECTS: Record<StoredThing, string> = {
  beats: 'Every beat is answered 503. No check is evaluated meanwhile, and the deadlines are extended by that time.',
  'log lines': 'Every log line is answered 503. Rules over logs are not evaluated meanwhile.',
}

/** The finding while `thing` cannot be stored, since `since` (epoch ms); `message` says why and what to do. */
export function storageFinding(thing: StoredThing, since: number, message: string): Finding {
  const begin: Text = [`Vakt has been unable to store ${thing} since `, { time: since, style: 'moment' }, '.']
  return {
    ...ABOUT,
    key: STORAGE_KEYS[thing],
    severity: 'critical',
    title: `Vakt cannot store ${thing}`,
    since,
    observation: { lines: [begin, message, EFFECTS[thing]] },
  }
}

/** The finding that the state database is damaged, noticed at `now`; `damage` is what SQLite found. */
export function damageFinding(damage: string, now: number): Finding {
  return {
    ...ABOUT,
    key: DAMAGE_KEY,
    severity: 'critical',
    title: 'The state database is damaged',
    since: now,
    observation: {
      lines: [
        `SQLite found: ${damage}.`,
        'Vakt continues with what it can read; some beats, checks or alerts may be lost.',
        'Stop Vakt, keep a copy of vakt.db, and restore vakt.db from a backup. Without one, "sqlite3 vakt.db .recover" may save most of it.',
      ],
    },
  }
}
