// Runs a command on a host and returns its output as bytes, which file positions are counted in.
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { createOutputBuffer, type Machine, type RunningCommand } from '../machine.ts'

const READ_TIMEOUT_MS = 30 * SECOND
const MAX_STDERR_BYTES = 64 * KIBIBYTE
/** The scripts print far less; a host that sends more did not run them. */
const MAX_STDOUT_BYTES = 8 * MEBIBYTE

/**
 * Rejects with `busy` after 30 s, with `conflict` for too much output, with `forbidden` when the forced command of the host
 * does not allow it, and as `Machine` does.
 */
export async function readBytes(
  machine: Machine,
  host: Host,
  argv: readonly string[],
  clock: Clock,
): Promise<{ stdout: Buffer; stderr: string }> {
  const chunks: Buffer[] = []
  const stderr = createOutputBuffer(MAX_STDERR_BYTES)
  let running: RunningCommand | null = null
  let isOver = false
  let bytes = 0
  let cancel = () => {}
  let abort = (_problem: Problem) => {}
  const limit = new Promise<never>((_, reject) => {
    abort = reject
    cancel = clock.at(clock.now() + READ_TIMEOUT_MS, () => {
      isOver = true
      running?.stop()
      reject(
        new Problem(
          'busy',
          `Reading the log on ${host.name} took longer than ${READ_TIMEOUT_MS / SECOND} s. Try again.`,
        ),
      )
    })
  })
  const collect = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_STDOUT_BYTES) chunks.push(chunk)
    else if (!isOver) {
      isOver = true
      running?.stop()
      abort(
        new Problem(
          'conflict',
          `${host.name} sent more than the script of Vakt prints, so nothing was read. Check the forced command of Vakt's key there.`,
        ),
      )
    }
  }
  const reading = (async () => {
    running = await machine.stream(argv, { stdout: collect, stderr: stderr.add })
    if (isOver) running.stop()
    const code = await running.ended
    if (code === 126 || /vakt: not allowed/.test(stderr.text()))
      throw new Problem(
        'forbidden',
        `The forced command of Vakt's key on ${host.name} does not allow reading logs. See docs/actions.md.`,
      )
    return { stdout: Buffer.concat(chunks), stderr: stderr.text() }
  })()
  reading.catch(() => {})
  try {
    return await Promise.race([reading, limit])
  } finally {
    cancel()
  }
}
