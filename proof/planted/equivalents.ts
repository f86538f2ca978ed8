// Planted bugs of `planted-sample` that change nothing anybody could see, each with the reason; they do not count.
import type { PlantedBug } from './sample.ts'

/** By the place and the change, so that an entry stays right when lines move. */
export const EQUIVALENT: readonly { file: string; from: string; to: string; reason: string }[] = []

/** Whether a bug is known to change nothing. */
export function isEquivalent(bug: PlantedBug): boolean {
  return EQUIVALENT.some(({ file, from, to }) => file === bug.file && from === bug.from && to === bug.to)
}
