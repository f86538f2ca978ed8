// Probes by a command on a registered host: it succeeds with exit status 0, and its output is as expected.

import { truncate } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import type { ProbeResult } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'

const MAX_EXCERPT_LENGTH = 500
/** The exit status of timeout(1). */
const TIMED_OUT = 124

export const command: ProbeKind = {
  name: 'command',
  example: '--on web-1 --run "systemctl is-active nginx"',
  everyMs: MINUTE,
  takes: ['expect'],
  // It is chosen by --on and --run, not by a target.
  read: () => null,
  hostOf: () => null,
  run,
}

async function run({ target: host, command, expectations, timeoutMs, hosts }: ProbeRequest): Promise<ProbeResult> {
  const begun = performance.now()
  try {
    const { stdout, stderr, code } = await hosts.run(host, command!, timeoutMs)
    const known = { durationMs: performance.now() - begun, address: host, certificateEndsAt: null }
    const output = stdout.trim() === '' ? stderr.trim() : stdout.trim()
    const excerpt = truncate(output, MAX_EXCERPT_LENGTH)
    if (code === TIMED_OUT)
      return failed(describeFailure({ name: 'TimeoutError' }, `the command on ${host}`, timeoutMs), known)
    if (code !== 0)
      return { ok: false, ...known, message: code < 0 ? 'a signal ended the command' : `exit status ${code}`, excerpt }
    const reasons = expectations.map(expectation => expectation(stdout)).filter(reason => reason !== null)
    if (reasons.length > 0) return { ok: false, ...known, message: `exit status 0, but ${reasons.join('; ')}`, excerpt }
    return { ok: true, ...known, message: 'exit status 0' }
  } catch (error) {
    return failed(describeFailure(error, host, timeoutMs))
  }
}
