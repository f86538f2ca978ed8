// Probes a TCP port: it answers when it accepts a connection.
import { connect } from 'node:net'
import { MINUTE } from '../../time.ts'
import type { ProbeResult } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import { guardedLookup, refuseLiteral } from './guarded-lookup.ts'
import { readHostPort, writeHostPort } from './host-port.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'

const EXAMPLE = 'tcp://db.example.org:5432'

const read = (text: string) => readHostPort(text, 'tcp', EXAMPLE)

export const tcp: ProbeKind = {
  name: 'tcp',
  example: EXAMPLE,
  everyMs: MINUTE,
  takes: [],
  read(text) {
    const target = read(text)
    return target && `tcp://${writeHostPort(target.host, target.port)}`
  },
  hostOf: target => read(target)!.host,
  run: request => run(request, read(request.target)!),
}

function run({ rules, timeoutMs, signal }: ProbeRequest, { host, port }: { host: string; port: number }) {
  const begun = performance.now()
  const place = writeHostPort(host, port)
  return new Promise<ProbeResult>(resolve => {
    try {
      refuseLiteral(host, rules)
    } catch (error) {
      return resolve(failed(describeFailure(error, place, timeoutMs)))
    }
    const socket = connect({
      host,
      port,
      lookup: guardedLookup(rules),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    socket.once('connect', () => {
      const address = socket.remoteAddress ?? null
      socket.destroy()
      resolve({
        ok: true,
        message: 'connected',
        durationMs: performance.now() - begun,
        address,
        certificateEndsAt: null,
      })
    })
    socket.once('error', error => {
      socket.destroy()
      resolve(failed(describeFailure(error, isName(error) ? host : place, timeoutMs)))
    })
  })
}

function isName(error: Error & { code?: string }): boolean {
  return error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'
}
