// What a process and its children use: processor time, memory, and bytes on disk, as Linux tells it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { SECOND } from '../../src/time.ts'

const TICKS_PER_SECOND = 100
const SAMPLE_MS = 2 * SECOND
/** A process is idle when it uses less than this part of one core in so many samples in a row. */
const IDLE_SHARE = 0.03
const IDLE_SAMPLES = 3

/** Processor seconds of a process with all its threads and children, the ended ones too. */
export function processorSeconds(pid: number): number {
  return treeOf(pid).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** The most memory a process has used so far, MB; of its children the most of each. */
export function peakMemory(pid: number): number {
  const peaks = treeOf(pid).map(({ pid: own }) => {
    const peak = /VmHWM:\s+(\d+)/.exec(read(`/proc/${own}/status`))
    return Number(peak?.[1] ?? 0) / 1024
  })
  return peaks.reduce((sum, peak) => sum + peak, 0)
}

/** The size of all files of a folder, bytes. */
export function diskBytes(folder: string): number {
  let sum = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false })
    if (stat?.isFile()) sum += stat.size
  }
  return sum
}

/**
 * Waits until a process is idle and `isSealed` says that nothing is left to do, at least `minMs` and at most `maxMs`.
 * Resolves with the processor seconds that it had used when it became idle.
 */
export async function untilIdle(
  pid: number,
  isSealed: () => Promise<boolean>,
  { minMs, maxMs }: { minMs: number; maxMs: number },
): Promise<{ seconds: number; isIdle: boolean }> {
  const begunAt = performance.now()
  let idleSince = processorSeconds(pid)
  let idleSamples = 0
  for (let before = idleSince; ; ) {
    await setTimeout(SAMPLE_MS)
    const now = processorSeconds(pid)
    const share = (now - before) / (SAMPLE_MS / SECOND)
    if (share > IDLE_SHARE) {
      idleSamples = 0
      idleSince = now
    } else idleSamples++
    before = now
    const waited = performance.now() - begunAt
    const isIdle = idleSamples >= IDLE_SAMPLES && (await isSealed())
    if ((isIdle && waited >= minMs) || waited >= maxMs) return { seconds: idleSince, isIdle }
  }
}

/** A process and all its descendants. */
function treeOf(root: number): { pid: number; seconds: number }[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      // After the command in brackets: state, parent, …; 11 to 14 are user, system, and those of ended children.
      const fields = read(`/proc/${name}/stat`).split(') ').at(-1)!.split(' ')
      if (fields.length < 15) return []
      const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
      return [{ pid: Number(name), parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }]
    })
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

/** The text of a file of /proc; empty when the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
