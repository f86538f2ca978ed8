// Probes a host with an ICMP echo, where this machine may send one.
import { PingUnavailable, ping } from '../../connectivity/ping.ts'
import { invalid } from '../../problem.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { ProbeResult } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import { resolveAllowed } from './guarded-lookup.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'

const EXAMPLE = 'icmp:router.example.org'

/** Reads `icmp:host`, with or without `//`; null for another scheme. Throws `invalid` on the field `probe`. */
function readHost(text: string): string | null {
  const rest = /^icmp:(?:\/\/)?(.*)$/is.exec(text)?.[1]
  if (rest === undefined) return null
  // A name that begins with a dash would be an option of ping.
  const host = /^\[?([\w.:][\w.:-]*)\]?\/?$/.exec(rest)?.[1]
  if (host === undefined) throw invalid('probe', `"${text}" is no target of an icmp probe. Write ${EXAMPLE}.`)
  return host
}

export const icmp: ProbeKind = {
  name: 'icmp',
  example: EXAMPLE,
  everyMs: MINUTE,
  takes: [],
  read(text) {
    const host = readHost(text)
    return host && `icmp:${host}`
  },
  hostOf: target => readHost(target),
  run: request => run(request, readHost(request.target)!),
}

/** Rejects with `PingUnavailable` when this machine cannot send an echo, even to itself. */
export function canPing(): Promise<void> {
  return ping('127.0.0.1', 1).then(
    () => {},
    error => {
      // A machine that does not answer itself may still ask others.
      if (error instanceof PingUnavailable) throw error
    },
  )
}

async function run({ rules, timeoutMs }: ProbeRequest, host: string): Promise<ProbeResult> {
  try {
    // The address is given to the program, so that it cannot look up another one.
    const address = await resolveAllowed(host, rules)
    const begun = performance.now()
    try {
      const roundTripMs = await ping(address, Math.max(1, Math.ceil(timeoutMs / SECOND)))
      const durationMs = roundTripMs ?? performance.now() - begun
      return { ok: true, message: 'answered', durationMs, address, certificateEndsAt: null }
    } catch (error) {
      return failed(describeFailure(error, host, timeoutMs), { address, isUnknown: error instanceof PingUnavailable })
    }
  } catch (error) {
    return failed(describeFailure(error, host, timeoutMs))
  }
}
