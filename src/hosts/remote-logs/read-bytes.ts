// Runs words on a host and gives what they say as bytes, which positions in files are counted in.

import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { collected, type Machine, type Running } from '../machine.ts'

const PATIENCE = 30 * SECOND
const MOST_COMPLAINT = 64 * 1024
/** The scripts give far less; a host that sends more was not running them. */
const MOST = 8 * 1024 * 1024

/**
 * Rejects with `busy` when it takes longer than half a minute, with `conflict` when it says too much, and with what `Machine`
 * says of a host.
 */
export async function readBytes(
  machine: Machine,
  host: Host,
  words: readonly string[],
  clock: Clock,
): Promise<{ out: Buffer; err: string }> {
  const out: Buffer[] = []
  const err = collected(MOST_COMPLAINT)
  let running: Running | null = null
  let over = false
  let bytes = 0
  let cancel = () => {}
  let giveUp = (_problem: Problem) => {}
  const limit = new Promise<never>((_, reject) => {
    giveUp = reject
    cancel = clock.at(clock.now() + PATIENCE, () => {
      over = true
      running?.stop()
      reject(new Problem('busy', `${host.name} took longer than ${PATIENCE / SECOND} s to read its log. Try again.`))
    })
  })
  const take = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MOST) out.push(chunk)
    else if (!over) {
      over = true
      running?.stop()
      giveUp(new Problem('conflict', `${host.name} sent more than Vakt asked for, so nothing of it was read.`))
    }
  }
  const reading = (async () => {
    running = await machine.stream(words, { stdout: take, stderr: err.add })
    if (over) running.stop()
    const code = await running.ended
    if (code === 126 || /vakt: not allowed/.test(err.text()))
      throw new Problem(
        'forbidden',
        `The forced command of Vakt's key on ${host.name} does not allow reading logs. See docs/actions.md.`,
      )
    return { out: Buffer.concat(out), err: err.text() }
  })()
  reading.catch(() => {})
  try {
    return await Promise.race([reading, limit])
  } finally {
    cancel()
  }
}
