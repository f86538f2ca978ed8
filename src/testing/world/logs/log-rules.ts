// The rules over log lines that people set in a world, and the programs that they watch: one that bursts, and one that falls silent.
import { HOUR, MINUTE, SECOND } from '../../../time.ts'
import { BLOCK_MS } from '../jobs.ts'
import type { SilenceRule } from '../model/silence-rule.ts'
import type { ThresholdRule } from '../model/threshold-rule.ts'
import type { Random } from '../random.ts'
import type { Step } from '../steps/step.ts'
import { LOG_FORMATS, STILL_MS } from './log-traffic.ts'

export const BURST: ThresholdRule = {
  name: 'burst',
  source: 'gate',
  threshold: 12,
  windowMs: 20 * MINUTE,
  keepFiringMs: 15 * MINUTE,
}
export const QUIET: SilenceRule = { name: 'quiet', source: 'till', windowMs: 45 * MINUTE }

/** What a person types to have these rules. */
export const LOG_RULE_LINES: readonly string[] = [
  `rules add ${BURST.name} --kind threshold --matcher source:${BURST.source} --operator ">" --threshold ${BURST.threshold} --window ${BURST.windowMs / MINUTE}m --keep-firing ${BURST.keepFiringMs / MINUTE}m`,
  `rules add ${QUIET.name} --kind silence --matcher source:${QUIET.source} --window ${QUIET.windowMs / MINUTE}m --for 1s --baseline=off`,
]

/** The lines of other programs have lower numbers. */
const FIRST_LINE = 1_000_000

/** The steps of both programs for `lengthMs`. */
export function watchedTraffic(random: Random, lengthMs: number): Step[] {
  let line = FIRST_LINE
  const batch = (at: number, source: string, count: number): Step => {
    const first = line
    line += count
    const details = { format: random.pick(LOG_FORMATS), hasKey: random.chance(0.8), isRepeated: random.chance(0.1) }
    return { at, kind: 'log batch', source, first, count, word: null, ...details }
  }
  const steps: Step[] = []
  for (let at = random.whole(1, 10) * MINUTE; at < lengthMs; at += pauseOf(random))
    steps.push(batch(at, QUIET.source, random.whole(1, 2)))
  for (let at = random.whole(10, 200) * MINUTE; at < lengthMs; at += random.whole(100, 500) * MINUTE) {
    // Just too few to be reported, just enough, or many.
    const count = BURST.threshold + random.pick([0, 1, 1, BURST.threshold])
    const [first, second] = [random.whole(1, count / 2), random.whole(1, count / 3)]
    for (const [i, part] of [first, second, count - first - second].entries())
      steps.push(batch(at + i * random.whole(MINUTE, 4 * MINUTE), BURST.source, part))
  }
  return steps.filter(({ at }) => at % BLOCK_MS <= BLOCK_MS - STILL_MS && at < lengthMs - HOUR)
}

/** Until the next lines: now and then longer than the rule allows. */
function pauseOf(random: Random): number {
  const minutes = random.chance(0.04) ? random.whole(50, 240) : random.whole(20, 38)
  return minutes * MINUTE + random.whole(0, 59) * SECOND
}
