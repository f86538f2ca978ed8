// Planted bugs of `planted-sample` that change nothing anybody could see, each with the reason; they do not count.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlantedBug } from './sample.ts'

const ROOT = join(import.meta.dirname, '../..')

/** `near` is a part of the line, where the same change makes a difference elsewhere in the file. */
type Equivalent = { file: string; from: string; to: string; near?: string; reason: string }

/** By the place and the change, so that an entry stays right when lines move. */
const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/logs/counters.ts',
    from: 'done >= cut',
    to: '(done) > (cut)',
    reason: 'saves time: what is downsampled already is looked at again',
  },
  {
    file: 'src/jobs/scheduler.ts',
    from: 'at >= wakeAt',
    to: '(at) > (wakeAt)',
    reason: 'saves time: a timer for the same instant takes the place of the one before',
  },
  {
    file: 'src/checks/on-calendar/next-elapse.ts',
    from: 'step < MAX_STEPS',
    to: '(step) <= (MAX_STEPS)',
    reason: 'one step more of a search that ends there only where nothing follows',
  },
  {
    file: 'src/notifications/delivery/outbox-cache.ts',
    from: 'this.#cached.set(kind, read)',
    to: '',
    reason: 'saves time: what is not in the cache is read again',
  },
  {
    file: 'src/analysis/evidence/unusual-metrics.ts',
    from: 'restarts !== null && first !== null',
    to: '(restarts !== null) || (first !== null)',
    reason: 'null is not more than a number, and without a first number nothing is returned',
  },
  {
    file: 'src/logs/intake/roles/record-shape.ts',
    from: 'name.length > MAX_NAME_LENGTH',
    to: '(name.length) >= (MAX_NAME_LENGTH)',
    reason: 'saves time: what is known of a record by its names is found out again',
  },
  {
    file: 'src/checks/checks.ts',
    from: 'state.memory<Check>(CACHE_NAME).set(uuid, check)',
    to: '',
    reason: 'saves time: a check that is not in the cache is read',
  },
  {
    file: 'src/notifications/delivery/outbox-cache.ts',
    from: 'place < 0',
    to: '(place) <= (0)',
    reason: 'at the place 0 the item is put there, and the last one is not used',
  },
  {
    file: 'src/forwards/forward-loop.ts',
    from: 'runners.size > 0',
    to: '(runners.size) >= (0)',
    reason: 'saves time: of no runners none is woken',
  },
  {
    file: 'src/hosts/actions/output-excerpt.ts',
    from: 'tail = [Buffer.concat(tail).subarray(-sideBytes)]',
    to: '',
    reason: 'saves memory: only the last bytes are read',
  },
  {
    file: 'src/logs/redact/personal.ts',
    from: "kind === 'email' && !text.includes('@')",
    to: 'false',
    reason: 'saves time: the expression finds no address in a text without @',
  },
  ...['false', '(cached) === (undefined)'].map(to => ({
    ...{ file: 'src/alerts/matcher.ts', from: 'cached !== undefined', to },
    reason: 'saves time: a matcher that is not found in the cache is read again',
  })),
  {
    file: 'src/alerts/matcher.ts',
    from: 'cache.set(text, matcher)',
    to: '',
    reason: 'saves time: a matcher that is not found in the cache is read again',
  },
  {
    file: 'src/alerts/suppression/suppression.ts',
    from: 'mutes.length === 0',
    to: 'false',
    reason: 'saves time: of no mutes none matches',
  },
  {
    file: 'src/checks/check.ts',
    from: 'check.downAt <= from',
    to: '(check.downAt) < (from)',
    reason: 'the deadline is at `earliest` either way, which is after the time that was lost',
  },
  {
    file: 'src/checks/check.ts',
    from: 'begun > to',
    to: '(begun) >= (to)',
    near: 'lostMs',
    reason: 'a run that begins as the time ends has lost nothing of it',
  },
  {
    file: 'src/checks/check.ts',
    from: 'check.lastStartAt! <= to',
    to: '(check.lastStartAt!) < (to)',
    reason: 'a run that begins as the time ends has lost nothing of it',
  },
  {
    file: 'src/checks/check.ts',
    from: 'at > now',
    to: '(at) >= (now)',
    reason: 'an instant that is now becomes now',
  },
  {
    file: 'src/checks/cron.ts',
    from: 'wall < first',
    to: '(wall) <= (first)',
    reason: 'a match at the first wall-clock time itself is looked for again, and found again',
  },
  {
    file: 'src/checks/cron.ts',
    from: 'false',
    to: 'true',
    reason: 'croner asks whether there was a run before only with an interval of its own, which is never set',
  },
  {
    file: 'src/checks/cron.ts',
    from: 'pattern.year = []',
    to: '',
    reason: 'saves memory: croner does not read the list when every year matches',
  },
  {
    file: 'src/alerts/suppression/inhibitions.ts',
    from: 'host === undefined || alert.role !== null',
    to: '(host === undefined) && (alert.role !== null)',
    reason: 'a host that is not named is found nowhere, and what has a role is not silent',
  },
  {
    file: 'src/logs/intake/stacks.ts',
    from: 'code >= 128',
    to: '(code) > (128)',
    reason: 'U+0080 is no space, so that no expression of a trace matches a line that begins with it',
  },
]

/** Whether a bug is known to change nothing. */
export function isEquivalent(bug: PlantedBug): boolean {
  return EQUIVALENT.some(({ file, from, to, near }) => {
    if (file !== bug.file || from !== bug.from || to !== bug.to) return false
    return near === undefined || readLine(bug).includes(near)
  })
}

function readLine({ file, line }: PlantedBug): string {
  return readFileSync(join(ROOT, file), 'utf8').split('\n')[line - 1] ?? ''
}
