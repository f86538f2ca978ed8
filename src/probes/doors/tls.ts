// Probes a certificate: it is valid for the host, and does not end soon.

import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { invalid } from '../../problem.ts'
import { plural } from '../../text.ts'
import { HOUR } from '../../time.ts'
import { daysUntil, type ProbeResult } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import { guardedLookup, refuseLiteral } from './guarded-lookup.ts'
import { readHostPort, writeHostPort } from './host-port.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'

const EXAMPLE = 'tls:shop.example.org'
const HTTPS_PORT = 443

function read(text: string) {
  const target = readHostPort(text, 'tls', `${EXAMPLE}, tls:mail.example.org:993 or ${EXAMPLE}?days=30`, HTTPS_PORT)
  const days = target?.query.get('days') ?? null
  if (days !== null && !/^\d{1,4}$/.test(days)) throw invalid('probe', `"days=${days}" must be a whole number of days.`)
  return target && { ...target, days: days === null ? null : Number(days) }
}

export const tls: ProbeKind = {
  name: 'tls',
  example: EXAMPLE,
  everyMs: HOUR,
  takes: ['insecure', 'cert-days'],
  read(text) {
    const target = read(text)
    if (!target) return null
    const { host, port, days } = target
    const place = port === HTTPS_PORT && !host.includes(':') ? host : writeHostPort(host, port)
    return `tls:${place}${days === null ? '' : `?days=${days}`}`
  },
  hostOf: target => read(target)!.host,
  run: request => run(request, read(request.target)!),
}

/** The end of the certificate that a server showed, epoch ms; null when it showed none. */
export function certificateEnd(socket: TLSSocket): number | null {
  const end = Date.parse(socket.getPeerCertificate().valid_to ?? '')
  return Number.isNaN(end) ? null : end
}

function run(request: ProbeRequest, { host, port, days }: { host: string; port: number; days: number | null }) {
  const { rules, timeoutMs, insecure, signal } = request
  const begun = performance.now()
  return new Promise<ProbeResult>(resolve => {
    try {
      refuseLiteral(host, rules)
    } catch (error) {
      return resolve(failed(describeFailure(error, host, timeoutMs)))
    }
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      lookup: guardedLookup(rules),
      // Checked below, so that the end of a certificate is known also when it is not valid.
      rejectUnauthorized: false,
    })
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const abort = () => socket.destroy(limit.reason as Error)
    limit.addEventListener('abort', abort, { once: true })
    const finish = (result: ProbeResult) => {
      limit.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }
    socket.once('secureConnect', () => {
      const ends = certificateEnd(socket)
      const known = {
        durationMs: performance.now() - begun,
        address: socket.remoteAddress ?? null,
        certificateEndsAt: ends,
      }
      if (!socket.authorized && !insecure)
        return finish(
          failed(describeFailure(Object.assign(new Error(), { code: codeOf(socket) }), host, timeoutMs), known),
        )
      finish({ ...known, ...verdict(ends, days ?? request.certDays) })
    })
    socket.once('error', error => finish(failed(describeFailure(error, writeHostPort(host, port), timeoutMs))))
  })
}

function codeOf(socket: TLSSocket): string {
  // The types say Error, but it is the code: https://nodejs.org/api/tls.html#tlssocketauthorizationerror
  const reason: unknown = socket.authorizationError
  return typeof reason === 'string' ? reason : ((reason as Error & { code?: string }).code ?? String(reason))
}

function verdict(ends: number | null, days: number): Pick<ProbeResult, 'ok' | 'message'> {
  if (ends === null) return { ok: false, message: 'the server showed no certificate' }
  const left = daysUntil(ends, Date.now())
  const message = left < 0 ? 'the certificate has expired' : `the certificate ends in ${plural(left, 'day')}`
  return { ok: left >= days, message }
}
